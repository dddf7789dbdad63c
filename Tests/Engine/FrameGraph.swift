import EmotionFormerCore
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// Builds small graphs over a clip (1, frames, 6) of which padding may or may not influence the outputs.
struct FrameGraph {
    static let features = 6
    static let width = 8
    let frames: Int
    /// What padding frames hold.
    var padding: Float = 0
    var clips = 1
    private(set) var nodes: [Node] = []
    private(set) var tensors: [String: StoredTensor] = [:]
    private var seed: UInt64
    private var count = 0

    init(frames: Int = 24, seed: UInt64 = 1) {
        self.frames = frames
        self.seed = seed
    }

    mutating func random() -> Double {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(seed >> 33) / Double(1 << 31)
    }

    mutating func choose(_ count: Int) -> Int { min(Int(random() * Double(count)), count - 1) }

    /// The name of a new value.
    mutating func name(_ stem: String) -> String {
        count += 1
        return "\(stem)\(count)"
    }

    @discardableResult
    mutating func node(
        _ operation: Operation, _ inputs: [String?], _ attributes: Attributes = [:], weights: [String: [Int]] = [:],
        outputs: Int = 1, name given: String? = nil
    ) -> String {
        let name = given ?? name(operation.rawValue)
        var names: [String: String] = [:]
        for (role, extents) in weights.sorted(by: { $0.key < $1.key }) {
            names[role] = tensor("\(name)/\(role)", extents)
        }
        nodes.append(
            Node(
                operation, name: name, inputs: inputs, outputs: [name] + (1..<max(outputs, 1)).map { "\(name):\($0)" },
                attributes: attributes, weights: names))
        return name
    }

    private mutating func tensor(_ name: String, _ extents: [Int]) -> String {
        let values = (0..<extents.reduce(1, *)).map { _ in Float(random() * 2 - 1) * 0.7 }
        tensors[name] = (try? Tensor(values, shape: Shape(extents))).map { StoredTensor($0) }
        return name
    }

    mutating func constant(_ tensor: Tensor) -> String {
        let name = name("constant")
        tensors[name] = StoredTensor(tensor)
        nodes.append(Node(.constant, name: name, outputs: [name], weights: ["value": name]))
        return name
    }

    mutating func table(_ extents: [Int]) -> String {
        let name = tensor(name("table"), extents)
        nodes.append(Node(.constant, name: name, outputs: [name], weights: ["value": name]))
        return name
    }

    mutating func number(_ value: Float) -> String { constant(Tensor(scalar: value)) }

    // MARK: Masks

    /// (1, frames): whether any feature differs from what padding holds.
    mutating func mask() -> String {
        switch choose(3) {
        case 0:
            let masking = node(.masking, ["clip"], ["maskValue": .number(Double(padding))], outputs: 2)
            return "\(masking):1"
        case 1:
            let differs = node(.notEqual, ["clip", number(padding)])
            return node(.reduceAny, [differs], ["axes": .integers([2])])
        default:
            let same = node(.equal, ["clip", number(padding)])
            let all = node(.reduceAll, [same], ["axes": .integers([-1])])
            return node(.logicalNot, [all])
        }
    }

    /// (1, frames, frames): a mask over queries and keys.
    mutating func pairs(_ mask: String) -> String {
        let queries = node(.expandDimensions, [mask], ["axis": .integer(-1)])
        let keys = node(.expandDimensions, [mask], ["axis": .integer(1)])
        return node(.logicalAnd, [queries, keys])
    }

    /// (1, frames, 1): 1 where a frame is kept.
    mutating func factors(_ mask: String) -> String {
        let numbers = node(.cast, [mask], ["to": .text("float32")])
        return node(.expandDimensions, [numbers], ["axis": .integer(-1)])
    }

    // MARK: Layers of (1, frames, 8)

    mutating func dense(
        _ input: String, _ outputs: Int = width, from inputs: Int = width, _ activation: String = "linear"
    ) -> String {
        node(
            .dense, [input], ["activation": .text(activation)],
            weights: ["kernel": [inputs, outputs], "bias": [outputs]])
    }

    mutating func norm(_ input: String) -> String {
        node(
            .layerNormalization, [input], ["epsilon": .number(1e-3)],
            weights: ["gamma": [FrameGraph.width], "beta": [FrameGraph.width]])
    }

    mutating func attention(_ input: String, mask: String?, query: String? = nil, causal: Bool = false) -> String {
        let heads = [FrameGraph.width, 2, 4]
        return node(
            .multiHeadAttention, [query ?? input, input, input] + (mask.map { [$0] } ?? []),
            [
                "headCount": .integer(2), "keyDimension": .integer(4), "valueDimension": .integer(4),
                "causal": .boolean(causal),
            ],
            weights: [
                "queryKernel": heads, "keyKernel": heads, "valueKernel": heads,
                "outputKernel": [2, 4, FrameGraph.width],
                "outputBias": [FrameGraph.width],
            ])
    }

    mutating func recurrent(
        _ operation: Operation, _ input: String, mask: String?, backward: Bool = false, all: Bool = true,
        units: Int = width, zeroes: Bool = false
    ) -> String {
        let gates = operation == .lstm ? 4 : 3
        return node(
            operation, [input] + (mask.map { [$0] } ?? []),
            [
                "units": .integer(units), "returnSequences": .boolean(all), "goBackwards": .boolean(backward),
                "zeroOutputForMask": .boolean(zeroes),
            ],
            weights: [
                "kernel": [FrameGraph.width, gates * units], "recurrentKernel": [units, gates * units],
                "bias": [gates * units],
            ])
    }

    mutating func bidirectional(_ input: String, mask: String?, zeroes: Bool = false) -> String {
        let units = FrameGraph.width / 2
        let forward = recurrent(.lstm, input, mask: mask, units: units, zeroes: zeroes)
        let backward = recurrent(.lstm, input, mask: mask, backward: true, units: units, zeroes: zeroes)
        let turned = node(.reverse, [backward], ["axes": .integers([1])])
        return node(.concatenate, [forward, turned], ["axis": .integer(-1)])
    }

    /// The sum of kept frames over their number, by tensor operations.
    mutating func maskedMean(_ input: String, _ mask: String) -> String {
        let factors = factors(mask)
        let sum = node(.reduceSum, [node(.multiply, [input, factors])], ["axes": .integers([1])])
        let count = node(.reduceSum, [factors], ["axes": .integers([1])])
        return node(.divide, [sum, count])
    }

    /// A weighted mean of frames, whose weights are a softmax of one score a frame; `lowered` by a summand.
    mutating func attentionPooling(_ input: String, _ mask: String, lowered: Float? = nil) -> String {
        let scores = dense(dense(input, 4, from: FrameGraph.width, "tanh"), 1, from: 4)
        let weights: String
        if let lowered {
            let dropped = node(.subtract, [number(1), factors(mask)])
            let summand = node(.multiply, [dropped, number(lowered)])
            weights = node(.softmax, [node(.add, [scores, summand])], ["axes": .integers([1])])
        } else {
            let kept = node(.expandDimensions, [mask], ["axis": .integer(-1)])
            weights = node(.softmax, [scores, kept], ["axes": .integers([1])])
        }
        let product = node(.matmul, [weights, input], ["transposeFirst": .boolean(true)])
        return node(.squeeze, [product], ["axes": .integers([1])])
    }

    // MARK: Proof and runs

    func typed(_ output: String, _ level: InstructionSet = .portable) throws -> TypedGraph {
        let graph = Graph(
            name: "main",
            inputs: [GraphInput(name: "clip", elementType: .float32, extents: [clips, frames, FrameGraph.features])],
            outputs: [output], nodes: nodes)
        return try Plan.graph(
            Program(graphs: [graph], tensors: tensors).validated(),
            inputShapes: [Shape([clips, frames, FrameGraph.features])], options: PlanOptions(instructionSet: level))
    }

    func proof(_ output: String, _ level: InstructionSet = .portable, byFrame: Bool = false) throws -> FrameProof {
        let graph = try typed(output, level)
        let values = [Float](repeating: padding, count: frames * FrameGraph.features)
        return try Plan.frameProof(
            graph, padding: Tensor(values, shape: Shape([1, frames, FrameGraph.features])),
            outputsByFrame: byFrame ? [0] : [], options: PlanOptions(instructionSet: level))
    }

    /// What stands in the way; nil if nothing does.
    func barrier(_ output: String) throws -> FrameBarrier? {
        do {
            _ = try proof(output)
            return nil
        } catch let barrier as FrameBarrier {
            return barrier
        }
    }

    static func run(_ plan: Plan, _ clip: [Float], padding: Float) throws -> [[UInt32]] {
        let session = Session(plan)
        let input = session.input(0).bindMemory(to: Float.self)
        for index in input.indices { input[index] = index < clip.count ? clip[index] : padding }
        try session.run()
        return plan.outputTypes.indices.map { index in
            let bytes = session.output(index)
            return plan.outputTypes[index].elementType == .bool
                ? bytes.map { UInt32($0) } : Array(bytes.bindMemory(to: UInt32.self))
        }
    }
}
