import EmotionFormerCore
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// A product whose transposition is computed at once: equal to the bit to both nodes one after the other.
@Suite struct TurnedProductTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var type = ElementType.int8
        var rule = "builtin"
        var transposesFirst = false
        var transposesSecond = false
        var permutation = [0, 1, 3, 2]
        /// Of the second operand's leading axes, which the first has as 2 × 3.
        var leading = [2, 3]
        var givesProduct = false

        var isJoined: Bool { permutation == [0, 1, 3, 2] && !givesProduct }
        var testDescription: String {
            "\(type) \(rule) \(transposesFirst) \(transposesSecond) \(permutation) \(leading) \(givesProduct)"
        }
    }

    static let examples: [Example] = {
        var examples: [Example] = []
        for rule in ["builtin", "xnnpack"] {
            for first in [false, true] {
                for second in [false, true] {
                    examples.append(Example(rule: rule, transposesFirst: first, transposesSecond: second))
                }
            }
        }
        for type in [ElementType.int8, .float32] {
            examples.append(Example(type: type))
            examples.append(Example(type: type, transposesFirst: true, transposesSecond: true))
            examples.append(Example(type: type, leading: [1, 3]))
            examples.append(Example(type: type, permutation: [1, 0, 3, 2]))
            examples.append(Example(type: type, permutation: [0, 3, 2, 1]))
            examples.append(Example(type: type, givesProduct: true))
        }
        return examples
    }()

    private static let (m, k, n) = (37, 16, 45)

    @Test(arguments: examples, InstructionSet.available)
    func equalsBothNodes(example: Example, level: InstructionSet) throws {
        let apart = try run(example, PlanOptions(instructionSet: level, stage: .imported))
        let joined = try run(example, PlanOptions(instructionSet: level, stage: .fused))
        // Portable products go through BLAS, whose order of additions is its own.
        if example.type == .float32, level == .portable {
            for (one, other) in zip(joined.outputs.joined(), apart.outputs.joined()) {
                #expect(abs(one - other) < 1e-4)
            }
        } else {
            #expect(joined.outputs == apart.outputs)
        }
        #expect(Set(apart.outputs[0]).count > 20)
        #expect(joined.hasTransposition == !example.isJoined && apart.hasTransposition)
    }

    private func run(
        _ example: Example, _ options: PlanOptions
    ) throws -> (outputs: [[Double]], hasTransposition: Bool) {
        let (m, k, n) = (Self.m, Self.k, Self.n)
        let first: [Int] = example.transposesFirst ? [k, m] : [m, k]
        let second: [Int] = example.transposesSecond ? [n, k] : [k, n]
        let extents: [[Int]] = [[2, 3] + first, example.leading + second]
        var attributes: Attributes = [
            "transposeFirst": .boolean(example.transposesFirst), "transposeSecond": .boolean(example.transposesSecond),
        ]
        let isInteger = example.type == .int8
        if isInteger { attributes["rule"] = .text(example.rule) }
        var graph = Graph(
            name: "main",
            inputs: zip(["a", "b"], extents).map { GraphInput(name: $0, elementType: example.type, extents: $1) },
            outputs: ["turned"] + (example.givesProduct ? ["product"] : []),
            nodes: [
                Node(
                    isInteger ? .integerMatmul : .matmul, name: "product", inputs: ["a", "b"], outputs: ["product"],
                    attributes: attributes),
                Node(
                    .transpose, name: "turned", inputs: ["product"], outputs: ["turned"],
                    attributes: ["permutation": .integers(example.permutation)]),
            ])
        if isInteger {
            let output = ValueQuantization(scale: 0.4, zeroPoint: 11)
            graph.quantizations = [
                "a": ValueQuantization(scale: 0.05, zeroPoint: 3), "b": ValueQuantization(scale: 0.03, zeroPoint: -40),
                "product": output, "turned": output,
            ]
        }
        let plan = try Plan(
            Program(graphs: [graph], tensors: [:]).validated(), inputShapes: extents.map { try Shape($0) },
            options: options)
        let session = Session(plan)
        for (index, extents) in extents.enumerated() {
            let count = extents.reduce(1, *)
            let numbers = (0..<count).map { place -> Int8 in
                let mixed: Int = place &* 71 &+ (place / 7) &* 13
                return Int8(truncatingIfNeeded: mixed &+ index &* 29)
            }
            let input = session.input(index)
            if isInteger {
                Tensor(numbers).withUnsafeBytes { input.copyMemory(from: $0) }
            } else {
                Tensor(numbers.map { Float($0) / 31 }).withUnsafeBytes { input.copyMemory(from: $0) }
            }
        }
        try session.run()
        let outputs = graph.outputs.indices.map { index in
            Tensor(plan.outputTypes[index].elementType, plan.outputTypes[index].shape) {
                $0.copyMemory(from: session.output(index))
            }.doubles
        }
        return (outputs, plan.steps.contains { $0.label.hasPrefix("transpose") })
    }
}
