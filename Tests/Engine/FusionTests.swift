import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine

/// Nodes that may be joined with what follows them, and those that only look as if they could: the joined plan gives what
/// each node alone gives.
@Suite("Fusion changes no result")
struct FusionTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var outputs = ["out"]
        var weights: [String: [Int]]
        let nodes: [Node]
    }

    private static let frames = 5
    private static let width = 6

    private static func dense(
        _ input: String, _ output: String, activation: String = "linear", kernel: String = "kernel"
    ) -> Node {
        Node(
            .dense, name: output, inputs: [input], outputs: [output], attributes: ["activation": .text(activation)],
            weights: ["kernel": kernel])
    }

    private static func constant(_ name: String) -> Node {
        Node(.constant, name: name, outputs: [name], weights: ["value": name])
    }

    private static func add(_ first: String, _ second: String, _ output: String = "out") -> Node {
        Node(.add, name: output, inputs: [first, second], outputs: [output])
    }

    private static func normalize(_ input: String, _ output: String = "out") -> Node {
        Node(
            .layerNormalization, name: output, inputs: [input], outputs: [output],
            attributes: ["epsilon": .number(1e-3)])
    }

    private static func lstm(_ input: String, _ output: String, isBackward: Bool, sequences: Bool = true) -> Node {
        Node(
            .lstm, name: output, inputs: [input], outputs: [output],
            attributes: [
                "units": .integer(3), "goBackwards": .boolean(isBackward), "returnSequences": .boolean(sequences),
            ], weights: ["kernel": "cell", "recurrentKernel": "recurrent"])
    }

    private static func reverse(_ input: String, _ output: String, axis: Int = 1) -> Node {
        Node(.reverse, name: output, inputs: [input], outputs: [output], attributes: ["axes": .integers([axis])])
    }

    private static func join(_ first: String, _ second: String) -> Node {
        Node(
            .concatenate, name: "out", inputs: [first, second], outputs: ["out"], attributes: ["axis": .integer(-1)])
    }

    private static let kernels = ["kernel": [6, 6]]
    private static let cells = ["cell": [6, 12], "recurrent": [3, 12]]

    static let examples: [Example] = [
        Example(
            testDescription: "a table and a residual behind a layer",
            weights: kernels.merging(["table": [1, 5, 6]], uniquingKeysWith: { $1 }),
            nodes: [constant("table"), dense("clip", "a"), add("a", "table", "b"), add("b", "clip")]),
        Example(
            testDescription: "a layer's result that is given out, too", outputs: ["out", "a"],
            weights: kernels, nodes: [dense("clip", "a"), add("a", "clip")]),
        Example(
            testDescription: "a sum that is given out and normalized", outputs: ["out", "a"], weights: kernels,
            nodes: [dense("clip", "h", activation: "relu"), add("h", "clip", "a"), normalize("a")]),
        Example(
            testDescription: "a table behind an activation",
            weights: kernels.merging(["table": [1, 5, 6]], uniquingKeysWith: { $1 }),
            nodes: [constant("table"), dense("clip", "a", activation: "tanh"), add("a", "table")]),
        Example(
            testDescription: "a number a frame",
            weights: kernels.merging(["table": [1, 5, 1]], uniquingKeysWith: { $1 }),
            nodes: [constant("table"), dense("clip", "a", activation: "tanh"), add("a", "table")]),
        Example(
            testDescription: "a number a frame behind a linear layer, then a residual",
            weights: kernels.merging(["table": [5, 1]], uniquingKeysWith: { $1 }),
            nodes: [constant("table"), dense("clip", "a"), add("a", "table", "b"), add("b", "clip")]),
        Example(
            testDescription: "a residual of one row a clip", weights: kernels,
            nodes: [
                Node(
                    .reduceMean, name: "row", inputs: ["clip"], outputs: ["row"],
                    attributes: ["axes": .integers([1]), "keepDimensions": .boolean(true)]),
                dense("clip", "a", activation: "tanh"), add("a", "row"),
            ]),
        Example(
            testDescription: "a normalized sum with one row a clip", weights: [:],
            nodes: [
                Node(
                    .reduceMean, name: "row", inputs: ["clip"], outputs: ["row"],
                    attributes: ["axes": .integers([1]), "keepDimensions": .boolean(true)]),
                add("clip", "row", "sum"), normalize("sum"),
            ]),
        Example(
            testDescription: "a layer that is added to itself", weights: kernels,
            nodes: [dense("clip", "a", activation: "tanh"), add("a", "a")]),
        Example(
            testDescription: "a layer that two others use",
            weights: kernels.merging(["other": [6, 6]], uniquingKeysWith: { $1 }),
            nodes: [
                dense("clip", "a", activation: "tanh"), dense("a", "b", activation: "tanh", kernel: "other"),
                add("a", "b"),
            ]),
        Example(
            testDescription: "both directions of one input", weights: cells,
            nodes: [
                lstm("clip", "f", isBackward: false), lstm("clip", "g", isBackward: true), reverse("g", "b"),
                join("f", "b"),
            ]),
        Example(
            testDescription: "two directions of two inputs", weights: cells.merging(kernels, uniquingKeysWith: { $1 }),
            nodes: [
                dense("clip", "other", activation: "tanh"), lstm("clip", "f", isBackward: false),
                lstm("other", "g", isBackward: true), reverse("g", "b"), join("f", "b"),
            ]),
        Example(
            testDescription: "two directions of two inputs, last steps",
            weights: cells.merging(kernels, uniquingKeysWith: { $1 }),
            nodes: [
                dense("clip", "other", activation: "tanh"), lstm("clip", "f", isBackward: false, sequences: false),
                lstm("other", "b", isBackward: true, sequences: false), join("f", "b"),
            ]),
        Example(
            testDescription: "a backward direction in the order of its work", weights: cells,
            nodes: [lstm("clip", "f", isBackward: false), lstm("clip", "b", isBackward: true), join("f", "b")]),
        Example(
            testDescription: "the backward direction first", weights: cells,
            nodes: [
                lstm("clip", "f", isBackward: false), lstm("clip", "g", isBackward: true), reverse("g", "b"),
                join("b", "f"),
            ]),
        Example(
            testDescription: "a backward direction whose units are reversed", weights: cells,
            nodes: [
                lstm("clip", "f", isBackward: false), lstm("clip", "g", isBackward: true), reverse("g", "b", axis: 2),
                join("f", "b"),
            ]),
    ]

    @Test(arguments: examples, [1, 2])
    func givesWhatEachNodeGives(example: Example, batches: Int) throws {
        let expected = try run(example, batches, PlanOptions(instructionSet: .portable, stage: .imported))
        let largest = expected.joined().map(abs).max() ?? 0
        #expect(largest > 0.1)
        for level in InstructionSet.available {
            for threads in [1, 2] {
                let found = try run(
                    example, batches, PlanOptions(instructionSet: level, threads: threads, stage: .fused))
                #expect(found.map(\.count) == expected.map(\.count))
                for (found, expected) in zip(found.joined(), expected.joined()) {
                    #expect(abs(found - expected) <= 1e-5 * largest, "\(level), \(threads) threads")
                }
            }
        }
    }

    static func plan(_ example: Example, _ batches: Int, _ options: PlanOptions) throws -> Plan {
        var tensors: [String: StoredTensor] = [:]
        for (name, extents) in example.weights {
            let count = extents.reduce(1, *)
            let values = (0..<count).map { Float(($0 * 37 + name.utf8.count * 11) % 19) / 16 - 0.5 }
            tensors[name] = StoredTensor(try Tensor(values, shape: Shape(extents)))
        }
        let extents = [batches, frames, width]
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: extents)],
            outputs: example.outputs, nodes: example.nodes)
        return try Plan(
            Program(graphs: [graph], tensors: tensors).validated(), inputShapes: [Shape(extents)], options: options)
    }

    private func run(_ example: Example, _ batches: Int, _ options: PlanOptions) throws -> [[Float]] {
        let session = Session(try Self.plan(example, batches, options))
        let input = session.input(0).bindMemory(to: Float.self)
        for index in input.indices { input[index] = Float(index * index % 23) / 7 - 1.5 }
        try session.run()
        try session.run()
        return example.outputs.indices.map { Array(session.output($0).bindMemory(to: Float.self)) }
    }
}
