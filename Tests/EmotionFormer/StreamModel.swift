import EmotionFormer
import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat

/// Small models of the kinds that a stream treats differently, with weights that are always the same.
enum StreamModel: String, CaseIterable {
    /// A dense layer, then a table of positions; per-frame work is the layer.
    case positions
    /// Elementwise constants, layer norm and a dense layer before positions.
    case stem
    /// Attention without positions: its projections are per-frame work, and the input's residual.
    case attention
    /// A convolution over time first: no per-frame work at all.
    case convolution
    /// Steps of zeros are masked in attention and pooling.
    case masked
    /// Recurrent layers in both directions: their products with the input are per-frame work.
    case recurrent
    /// A dynamic-range int8 dense layer before positions.
    case quantized

    static let features = 6
    static let width = 8
    static let classes = 3

    func package(
        frames: Int = 8, hasOpenTime: Bool = false, layout: LandmarkLayout = .raw,
        padding: InputDescription.Padding = .init(), truncation: InputDescription.Truncation = .end,
        missingFrame: InputDescription.MissingFrame = .drop,
        missingValue: InputDescription.MissingValue = .refuse,
        normalization: InputDescription.Normalization? = nil
    ) throws -> ModelPackage {
        var builder = GraphBuilder(frames: frames)
        let pooled = try nodes(&builder)
        builder.dense("logits", pooled, StreamModel.width, StreamModel.classes)
        builder.node(.softmax, "probabilities", ["logits"])
        let extents: [Int?] = [1, hasOpenTime ? nil : frames, StreamModel.features]
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: extents)],
            outputs: ["probabilities", "logits"], nodes: builder.nodes)
        return try ModelPackage(
            name: rawValue, producer: .init(tool: "tests", version: "1"),
            input: InputDescription(
                frames: frames, features: StreamModel.features, layout: layout, normalization: normalization,
                padding: padding, truncation: truncation, missingFrame: missingFrame, missingValue: missingValue),
            labels: ["Angry", "Happy", "Sad"], program: Program(graphs: [graph], tensors: builder.tensors),
            outputs: ModelPackage.Classes(probabilities: "probabilities", logits: "logits"))
    }

    private func nodes(_ builder: inout GraphBuilder) throws -> String {
        let width = StreamModel.width
        switch self {
        case .positions, .quantized:
            builder.dense("projection", "clip", StreamModel.features, width, isQuantized: self == .quantized)
            builder.positions("positions", "projection")
            builder.block("positions")
            builder.node(.globalPooling1D, "pool", ["block"])
        case .stem:
            builder.constant("scale", [1, 1, StreamModel.features])
            builder.node(.multiply, "scaled", ["clip", "scale"])
            builder.norm("stem/norm", "scaled", StreamModel.features)
            builder.dense("projection", "stem/norm", StreamModel.features, width, activation: "mish")
            builder.positions("positions", "projection")
            builder.block("positions")
            builder.node(.globalPooling1D, "pool", ["block"])
        case .attention:
            builder.dense("projection", "clip", StreamModel.features, width, activation: "relu")
            builder.block("projection")
            builder.node(.globalPooling1D, "pool", ["block"], ["kind": .text("maximum")])
        case .convolution:
            builder.weight("conv/kernel", [3, StreamModel.features, width])
            builder.node(
                .conv1D, "conv", ["clip"], ["padding": .text("same")], weights: ["kernel": "conv/kernel"])
            builder.positions("positions", "conv")
            builder.block("positions")
            builder.node(.globalPooling1D, "pool", ["block"])
        case .masked:
            builder.add(
                Node(
                    .masking, name: "masking", inputs: ["clip"], outputs: ["masking", "mask"],
                    attributes: ["maskValue": .number(0)]))
            builder.dense("projection", "masking", StreamModel.features, width)
            builder.positions("positions", "projection")
            builder.block("positions", mask: "mask")
            builder.node(.globalPooling1D, "pool", ["block", "mask"])
        case .recurrent:
            let units = width / 2
            for (name, isBackward) in [("forward", false), ("backward", true)] {
                builder.weight("\(name)/kernel", [StreamModel.features, 4 * units])
                builder.weight("\(name)/recurrent", [units, 4 * units])
                builder.node(
                    .lstm, name, ["clip"],
                    [
                        "units": .integer(units), "returnSequences": .boolean(true),
                        "goBackwards": .boolean(isBackward),
                    ], weights: ["kernel": "\(name)/kernel", "recurrentKernel": "\(name)/recurrent"])
            }
            builder.node(.reverse, "turned", ["backward"], ["axes": .integers([1])])
            builder.node(.concatenate, "both", ["forward", "turned"])
            builder.node(.globalPooling1D, "pool", ["both"])
        }
        return "pool"
    }
}

/// Nodes whose one output bears their name.
private struct GraphBuilder {
    let frames: Int
    private(set) var nodes: [Node] = []
    private(set) var tensors: [String: StoredTensor] = [:]
    private var random = SplitMix(state: 11)

    init(frames: Int) { self.frames = frames }

    mutating func add(_ node: Node) { nodes.append(node) }

    mutating func node(
        _ operation: Operation, _ name: String, _ inputs: [String], _ attributes: Attributes = [:],
        weights: [String: String] = [:]
    ) {
        nodes.append(
            Node(operation, name: name, inputs: inputs, outputs: [name], attributes: attributes, weights: weights))
    }

    mutating func weight(_ name: String, _ extents: [Int]) {
        let count = extents.reduce(1, *)
        let values = (0..<count).map { _ in random.next() }
        tensors[name] = (try? Tensor(values, shape: Shape(extents))).map { StoredTensor($0) }
    }

    mutating func constant(_ name: String, _ extents: [Int]) {
        weight(name, extents)
        nodes.append(Node(.constant, name: name, outputs: [name], weights: ["value": name]))
    }

    mutating func dense(
        _ name: String, _ input: String, _ inputs: Int, _ outputs: Int, activation: String = "linear",
        isQuantized: Bool = false
    ) {
        if isQuantized {
            let values = (0..<inputs * outputs).map { _ in Int8(random.next() * 127) }
            let scales = (0..<outputs).map { 0.01 + 0.001 * Float($0) }
            tensors["\(name)/kernel"] = (try? Tensor(values, shape: Shape([inputs, outputs]))).map {
                StoredTensor($0, quantization: Quantization(scales: scales, zeroPoints: outputs.zeros, axis: 1))
            }
        } else {
            weight("\(name)/kernel", [inputs, outputs])
        }
        weight("\(name)/bias", [outputs])
        node(
            .dense, name, [input], ["activation": .text(activation)],
            weights: ["kernel": "\(name)/kernel", "bias": "\(name)/bias"])
    }

    mutating func norm(_ name: String, _ input: String, _ width: Int) {
        weight("\(name)/gamma", [width])
        weight("\(name)/beta", [width])
        node(
            .layerNormalization, name, [input], ["epsilon": .number(1e-3)],
            weights: ["gamma": "\(name)/gamma", "beta": "\(name)/beta"])
    }

    mutating func positions(_ name: String, _ input: String) {
        constant("\(name)/table", [1, frames, StreamModel.width])
        node(.add, name, [input, "\(name)/table"])
    }

    /// Attention with a residual and a layer norm; its output is `block`.
    mutating func block(_ input: String, mask: String? = nil) {
        let width = StreamModel.width
        for role in ["query", "key", "value"] {
            weight("attention/\(role)", [width, 2, width / 2])
        }
        weight("attention/output", [2, width / 2, width])
        node(
            .multiHeadAttention, "attention", [input, input, input] + (mask.map { [$0] } ?? []),
            ["headCount": .integer(2), "keyDimension": .integer(width / 2), "valueDimension": .integer(width / 2)],
            weights: [
                "queryKernel": "attention/query", "keyKernel": "attention/key", "valueKernel": "attention/value",
                "outputKernel": "attention/output",
            ])
        node(.add, "sum", [input, "attention"])
        norm("block", "sum", width)
    }
}

extension Int {
    fileprivate var zeros: [Int] { [Int](repeating: 0, count: self) }
}

/// A small generator, so that every run tests the same numbers.
struct SplitMix {
    var state: UInt64

    /// A number in −1 ..< 1.
    mutating func next() -> Float {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Float(Int64(bitPattern: z ^ (z >> 31)) >> 40) * 0x1p-23
    }
}
