import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine

/// Convolutions of pictures with what may become part of their step, and with what only looks as if it could: the joined
/// plan gives what each node alone gives.
@Suite("Fusion of pictures' networks changes no result")
struct PictureFusionTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Steps of the joined plan.
        let steps: Int
        var outputs = ["out"]
        var constants: [String: [Int]] = [:]
        let nodes: [Node]
    }

    static let input = [8, 9, 8]

    private static func convolution(
        _ input: String, _ output: String, _ kernel: String, stride: Int = 1, bias: Bool = true
    ) -> Node {
        Node(
            .conv2D, name: output, inputs: bias ? [input, kernel, "\(kernel)Bias"] : [input, kernel], outputs: [output],
            attributes: ["padding": .text("same"), "strides": .integers([stride, stride])])
    }

    private static func depthwise(_ input: String, _ output: String, _ kernel: String, multiplier: Int = 1) -> Node {
        Node(
            .depthwiseConv2D, name: output, inputs: [input, kernel, "\(kernel)Bias"], outputs: [output],
            attributes: ["padding": .text("same"), "multiplier": .integer(multiplier)])
    }

    private static func add(_ first: String, _ second: String, _ output: String) -> Node {
        Node(.add, name: output, inputs: [first, second], outputs: [output])
    }

    private static func prelu(_ input: String, _ output: String, _ alpha: String) -> Node {
        Node(.prelu, name: output, inputs: [input, alpha], outputs: [output])
    }

    private static func activation(_ function: String, _ input: String, _ output: String) -> Node {
        Node(
            .activation, name: output, inputs: [input], outputs: [output], attributes: ["function": .text(function)])
    }

    private static func pad(_ input: String, _ output: String, _ paddings: [Int], value: Double = 0) -> Node {
        Node(
            .pad, name: output, inputs: [input], outputs: [output],
            attributes: ["paddings": .integers(paddings), "value": .number(value)])
    }

    /// Constants of convolutions: 8 channels to 8 or 12, and one weight a channel.
    private static let point = ["point": [8, 1, 1, 8], "pointBias": [8]]
    private static let square = ["square": [8, 3, 2, 8], "squareBias": [8]]
    private static let wide = ["wide": [12, 1, 1, 8], "wideBias": [12]]
    private static let wideSquare = ["wide": [12, 2, 2, 8], "wideBias": [12]]
    private static let each = ["each": [1, 3, 3, 8], "eachBias": [8]]

    private static func with(_ groups: [String: [Int]]...) -> [String: [Int]] {
        groups.reduce(into: [:]) { $0.merge($1) { $1 } }
    }

    static let examples: [Example] = [
        Example(
            testDescription: "a convolution, a shortcut and slopes behind it", steps: 1,
            constants: with(square, ["alpha": [1, 1, 8]]),
            nodes: [
                convolution("picture", "a", "square"), add("a", "picture", "b"), prelu("b", "out", "alpha"),
            ]),
        Example(
            testDescription: "the same of single places, the shortcut first", steps: 1,
            constants: with(point, ["alpha": [8]]),
            nodes: [convolution("picture", "a", "point"), add("picture", "a", "b"), prelu("b", "out", "alpha")]),
        Example(
            testDescription: "a block: places, windows of channels, places, a shortcut", steps: 3,
            constants: with(point, each, ["last": [8, 1, 1, 8], "lastBias": [8], "alpha": [1, 1, 8], "beta": [8]]),
            nodes: [
                convolution("picture", "a", "point"), prelu("a", "b", "alpha"), depthwise("b", "c", "each"),
                convolution("c", "d", "last"), add("d", "picture", "e"), prelu("e", "out", "beta"),
            ]),
        Example(
            testDescription: "a shortcut with fewer channels", steps: 1, constants: wide,
            nodes: [
                convolution("picture", "a", "wide"), pad("picture", "p", [0, 0, 0, 0, 0, 0, 0, 4]), add("a", "p", "b"),
                activation("relu", "b", "out"),
            ]),
        Example(
            testDescription: "a shortcut with fewer channels and no activation, windows of places", steps: 1,
            constants: wideSquare,
            nodes: [
                convolution("picture", "a", "wide", bias: false), pad("picture", "p", [0, 0, 0, 0, 0, 0, 0, 4]),
                add("p", "a", "out"),
            ]),
        Example(
            testDescription: "an activation, then a shortcut", steps: 1, constants: square,
            nodes: [
                convolution("picture", "a", "square"), activation("relu6", "a", "b"), add("b", "picture", "out"),
            ]),
        Example(
            testDescription: "an activation that kernels do not have, between two shortcuts", steps: 1,
            constants: square,
            nodes: [
                convolution("picture", "a", "square"), add("a", "picture", "b"), activation("hardSilu", "b", "c"),
                add("c", "picture", "out"),
            ]),
        Example(
            testDescription: "one slope for all channels", steps: 1, constants: with(each, ["alpha": [1, 1, 1]]),
            nodes: [depthwise("picture", "a", "each"), prelu("a", "out", "alpha")]),
        Example(
            testDescription: "an activation that kernels do not have behind windows of channels", steps: 1,
            constants: each, nodes: [depthwise("picture", "a", "each"), activation("mish", "a", "out")]),
        Example(
            testDescription: "windows of channels with a multiplier", steps: 1,
            constants: ["twice": [1, 3, 3, 16], "twiceBias": [16], "alpha": [16]],
            nodes: [depthwise("picture", "a", "twice", multiplier: 2), prelu("a", "out", "alpha")]),
        // From here on something stands alone.
        Example(
            testDescription: "slopes for each place", steps: 2, constants: with(square, ["alpha": [8, 9, 8]]),
            nodes: [convolution("picture", "a", "square"), prelu("a", "out", "alpha")]),
        Example(
            testDescription: "slopes for each line of places, as many as channels", steps: 2,
            constants: with(square, ["alpha": [8, 1, 1]]),
            nodes: [convolution("picture", "a", "square"), prelu("a", "out", "alpha")]),
        Example(
            testDescription: "slopes for each column of places", steps: 2, constants: with(square, ["alpha": [9, 1]]),
            nodes: [convolution("picture", "a", "square"), prelu("a", "out", "alpha")]),
        Example(
            testDescription: "slopes that the network computes", steps: 2, constants: square,
            nodes: [convolution("picture", "a", "square"), prelu("a", "out", "picture")]),
        Example(
            testDescription: "slopes times numbers of the convolution", steps: 2,
            constants: with(square, ["x": [1, 8, 9, 8]]),
            nodes: [convolution("picture", "a", "square"), prelu("picture", "out", "a")]),
        Example(
            testDescription: "two activations", steps: 2, constants: with(square, ["alpha": [8]]),
            nodes: [
                convolution("picture", "a", "square"), activation("relu6", "a", "b"), prelu("b", "out", "alpha"),
            ]),
        Example(
            testDescription: "a sum that is given out, too", steps: 2, outputs: ["out", "b"],
            constants: with(square, ["alpha": [8]]),
            nodes: [
                convolution("picture", "a", "square"), add("a", "picture", "b"), prelu("b", "out", "alpha"),
            ]),
        Example(
            testDescription: "a padding that is read twice", steps: 4, outputs: ["out", "q"], constants: wide,
            nodes: [
                convolution("picture", "a", "wide"), pad("picture", "p", [0, 0, 0, 0, 0, 0, 0, 4]),
                add("a", "p", "out"), activation("relu", "p", "q"),
            ]),
        Example(
            testDescription: "a padding in front, and one of ones", steps: 6, outputs: ["out", "other"],
            constants: with(wide, ["second": [12, 1, 1, 8], "secondBias": [12]]),
            nodes: [
                convolution("picture", "a", "wide"), pad("picture", "p", [0, 0, 0, 0, 0, 0, 4, 0]),
                add("a", "p", "out"), convolution("picture", "b", "second"),
                pad("picture", "q", [0, 0, 0, 0, 0, 0, 0, 4], value: 1), add("b", "q", "other"),
            ]),
        Example(
            testDescription: "windows of channels and a shortcut", steps: 2, constants: each,
            nodes: [depthwise("picture", "a", "each"), add("a", "picture", "out")]),
    ]

    static func plan(_ example: Example, _ batches: Int, _ options: PlanOptions) throws -> Plan {
        var tensors: [String: StoredTensor] = [:]
        var nodes: [Node] = []
        for (name, extents) in example.constants.sorted(by: { $0.key < $1.key }) {
            let count = extents.reduce(1, *)
            let values = (0..<count).map { Float(($0 * 37 + name.utf8.count * 11) % 19) / 16 - 0.5 }
            tensors[name] = StoredTensor(try Tensor(values, shape: Shape(extents)))
            nodes.append(Node(.constant, name: name, outputs: [name], weights: ["value": name]))
        }
        let extents = [batches] + input
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "picture", elementType: .float32, extents: extents)],
            outputs: example.outputs, nodes: nodes + example.nodes)
        return try Plan(
            Program(graphs: [graph], tensors: tensors).validated(), inputShapes: [Shape(extents)], options: options)
    }

    private func run(_ plan: Plan) throws -> [[Float]] {
        let session = Session(plan)
        let input = session.input(0).bindMemory(to: Float.self)
        for index in input.indices { input[index] = Float(index * index % 23) / 7 - 1.5 }
        try session.run()
        try session.run()
        return plan.outputTypes.indices.map { Array(session.output($0).bindMemory(to: Float.self)) }
    }

    @Test(arguments: examples, [1, 2])
    func givesWhatEachNodeGives(example: Example, batches: Int) throws {
        let imported = PlanOptions(instructionSet: .portable, stage: .imported)
        let expected = try run(Self.plan(example, batches, imported))
        let largest = expected.joined().map(abs).max() ?? 0
        #expect(largest > 0.1)
        for level in InstructionSet.available {
            var first: [[UInt32]]?
            for threads in [1, 2] {
                let plan = try Self.plan(
                    example, batches, PlanOptions(instructionSet: level, threads: threads, stage: .fused))
                #expect(plan.steps.count == example.steps, "\(plan.steps.map(\.label))")
                let found = try run(plan)
                #expect(found.map(\.count) == expected.map(\.count))
                for (found, expected) in zip(found.joined(), expected.joined()) {
                    #expect(abs(found - expected) <= 1e-5 * largest, "\(level), \(threads) threads")
                }
                let bits = found.map { $0.map(\.bitPattern) }
                #expect(first ?? bits == bits, "\(level): the bits depend on the threads")
                first = bits
            }
        }
    }
}
