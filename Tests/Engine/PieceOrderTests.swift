import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine

/// What threads do is a sequence of pieces: any division of each segment, in any order. Here one thread runs such
/// sequences, so that what would be seen seldom is seen each time.
@Suite("Results do not depend on the pieces that threads take") struct PieceOrderTests {
    @Test("goldens: every operation, whole and in pieces in some order", arguments: InstructionSet.available)
    func goldens(_ level: InstructionSet) throws {
        for golden in GoldenTests.goldens {
            for stage in [PlanOptions.Stage.imported, .fused] {
                if golden.operation == "multiHeadAttention", stage == .imported { continue }
                let (program, inputs) = try golden.program()
                let options = PlanOptions(instructionSet: level, threads: 3, stage: stage)
                let problem = try Shuffled(
                    try Plan(program, inputShapes: inputs.map(\.shape), options: options), inputs
                )
                .problem
                if let problem { Issue.record("\(golden), \(level), \(stage): \(problem)") }
            }
        }
    }

    /// Two frames are as many as directions, eight as many as heads: what follows has as many rows, and waits for all
    /// parts.
    @Test("as many rows behind parts that are not rows", arguments: InstructionSet.available)
    func parts(_ level: InstructionSet) throws {
        let normalize = Node(
            .layerNormalization, name: "out", inputs: ["joined"], outputs: ["out"],
            attributes: ["epsilon": .number(1e-3)])
        for operation in [EmotionFormerGraph.Operation.lstm, .gru, .simpleRNN] {
            func layer(_ output: String, isBackward: Bool) -> Node {
                Node(
                    operation, name: output, inputs: ["clip"], outputs: [output],
                    attributes: [
                        "units": .integer(3), "goBackwards": .boolean(isBackward), "returnSequences": .boolean(true),
                    ],
                    weights: ["kernel": "kernel", "recurrentKernel": "recurrent"])
            }
            let columns = operation == .lstm ? 12 : operation == .gru ? 9 : 3
            let nodes = [
                layer("f", isBackward: false), layer("g", isBackward: true),
                Node(.reverse, name: "b", inputs: ["g"], outputs: ["b"], attributes: ["axes": .integers([1])]),
                Node(
                    .concatenate, name: "joined", inputs: ["f", "b"], outputs: ["joined"],
                    attributes: ["axis": .integer(-1)]),
                normalize,
            ]
            try check(
                nodes, ["kernel": [6, columns], "recurrent": [3, columns]], inputs: ["clip": [1, 2, 6]], level)
        }
        for (clips, frames, heads) in [(1, 8, 8), (2, 4, 4), (1, 2, 2), (1, 16, 1), (3, 5, 5), (1, 300, 2), (1, 61, 3)]
        {
            let shape = [clips, frames, heads * 4]
            let attention = Node(
                .attention, name: "joined", inputs: ["query", "key", "value"], outputs: ["joined"],
                attributes: ["headCount": .integer(heads), "scale": .number(0.5)])
            try check([attention, normalize], [:], inputs: ["query": shape, "key": shape, "value": shape], level)
        }
    }

    private func check(
        _ nodes: [Node], _ weights: [String: [Int]], inputs: [String: [Int]], _ level: InstructionSet
    ) throws {
        func tensor(_ extents: [Int], _ seed: Int) throws -> Tensor {
            let shape = try Shape(extents)
            let steps = (0..<shape.elementCount).map { (index: Int) -> Int in (index * 37 + seed) % 23 - 11 }
            return try Tensor(steps.map { Float($0) / 12 }, shape: shape)
        }
        let names = inputs.keys.sorted()
        let graph = Graph(
            name: "main",
            inputs: names.map { GraphInput(name: $0, elementType: .float32, extents: inputs[$0] ?? []) },
            outputs: ["out"], nodes: nodes)
        let tensors = try weights.mapValues { StoredTensor(try tensor($0, 5)) }
        let program = try Program(graphs: [graph], tensors: tensors).validated()
        let given = try names.enumerated().map { try tensor(inputs[$1] ?? [], 3 * $0) }
        let plan = try Plan(
            program, inputShapes: given.map(\.shape), options: PlanOptions(instructionSet: level, threads: 3))
        #expect(try Shuffled(plan, given).problem == nil, "\(level), \(nodes[0].operation), \(inputs)")
        #expect(plan.steps.contains { $0.rows > 1 })
    }

    @Test("examples of fusion", arguments: InstructionSet.available)
    func examples(_ level: InstructionSet) throws {
        for example in FusionTests.examples {
            let plan = try FusionTests.plan(example, 2, PlanOptions(instructionSet: level, threads: 3))
            let input = plan.inputTypes[0].shape
            let steps = (0..<input.elementCount).map { (index: Int) -> Int in index * 29 % 31 - 15 }
            let clip = try Tensor(steps.map { Float($0) / 16 }, shape: input)
            #expect(try Shuffled(plan, [clip]).problem == nil, "\(level), \(example.testDescription)")
        }
    }
}

/// A plan's outputs, whole and in random pieces.
struct Shuffled {
    private let plan: Plan
    private let inputs: [Tensor]

    init(_ plan: Plan, _ inputs: [Tensor]) throws {
        self.plan = plan
        self.inputs = inputs
    }

    private func outputs(_ run: (Session) throws -> Void) throws -> [[UInt8]] {
        let session = Session(plan)
        for (index, tensor) in inputs.enumerated() {
            tensor.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        try run(session)
        return plan.outputTypes.indices.map { Array(session.output($0)) }
    }

    /// What is wrong, or nil.
    var problem: String? {
        get throws {
            let whole = try outputs { try $0.run(inPieces: { [($0.rows == 0 ? 0..<0 : 0..<$0.rows, 0)] }) }
            for seed in 1...4 {
                var random = SystemlessRandom(state: UInt64(seed))
                let divided = try outputs { try $0.run(inPieces: { pieces(of: $0, &random) }) }
                if divided != whole { return "pieces of seed \(seed) give other bytes" }
            }
            return nil
        }
    }

    /// Blocks, or half blocks, in pieces of random lengths and a random order.
    private func pieces(of segment: Segment, _ random: inout SystemlessRandom) -> [(rows: Range<Int>, thread: Int)] {
        guard segment.rows > 1 else { return [(0..<segment.rows, 0)] }
        let unit = segment.rowBlock % 2 == 0 ? segment.rowBlock / 2 : segment.rowBlock
        var pieces: [(rows: Range<Int>, thread: Int)] = []
        var first = 0
        while first < segment.rows {
            let end = min(segment.rows, first + unit * Int.random(in: 1...4, using: &random))
            pieces.append((first..<end, Int.random(in: 0..<3, using: &random)))
            first = end
        }
        return pieces.shuffled(using: &random)
    }
}

/// The same numbers each time.
struct SystemlessRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
