import EmotionFormerCore
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// Operations on quantized integers that give every integer back take no step; those that change a single one do.
@Suite struct IntegerIdentityTests {
    private static let everyInteger = Array(Int8.min...Int8.max)

    /// The steps of one operation on every integer, and what it gives.
    private func run(
        _ operation: EmotionFormerGraph.Operation, _ attributes: Attributes, constant: [Int8]?, zeroPoint: Int,
        _ level: InstructionSet
    ) throws -> (stepCount: Int, numbers: [Int]) {
        let quantization = ValueQuantization(scale: 0.05, zeroPoint: zeroPoint)
        var graph = Graph(name: "main", inputs: [], outputs: ["y"], nodes: [])
        graph.inputs = [GraphInput(name: "x", elementType: .int8, extents: [Self.everyInteger.count])]
        graph.quantizations = ["x": quantization, "y": quantization]
        var tensors: [String: StoredTensor] = [:]
        if let constant {
            let single = Quantization(scales: [0.05], zeroPoints: [0], axis: nil)
            tensors["t"] = StoredTensor(Tensor(constant), quantization: single)
            graph.nodes = [Node(.constant, name: "c", outputs: ["c"], weights: ["value": "t"])]
        }
        var complete = attributes
        for specification in operation.specification.attributes where complete[specification.name] == nil {
            complete[specification.name] = specification.defaultValue
        }
        graph.nodes.append(
            Node(
                operation, name: "subject", inputs: ["x"] + (constant == nil ? [] : ["c"]), outputs: ["y"],
                attributes: complete))
        let program = try Program(graphs: [graph], tensors: tensors).validated()
        let plan = try Plan(
            program, inputShapes: [Shape(unchecked: [Self.everyInteger.count])],
            options: PlanOptions(instructionSet: level, stage: .imported))
        let session = Session(plan)
        Tensor(Self.everyInteger).withUnsafeBytes { session.input(0).copyMemory(from: $0) }
        try session.run()
        let output = Tensor(plan.outputTypes[0].elementType, plan.outputTypes[0].shape) {
            $0.copyMemory(from: session.output(0))
        }
        return (plan.steps.count { $0.label.hasPrefix("integer") }, try #require(output.integers))
    }

    /// 20 · 0.05 is 1.
    @Test(arguments: InstructionSet.available, ["xnnpack", "builtin"])
    func multipliesByOne(level: InstructionSet, rule: String) throws {
        let attributes: Attributes = ["kind": .text("multiply"), "rule": .text(rule)]
        let count = Self.everyInteger.count
        for constant in [[20], [Int8](repeating: 20, count: count)] as [[Int8]] {
            let found = try run(.integerArithmetic, attributes, constant: constant, zeroPoint: 3, level)
            #expect(found.stepCount == 0)
            #expect(found.numbers == Self.everyInteger.map(Int.init))
        }
        // One number of the constant is another.
        var constant = [Int8](repeating: 20, count: count)
        constant[0] = 10
        let found = try run(.integerArithmetic, attributes, constant: constant, zeroPoint: 3, level)
        #expect(found.stepCount == 1)
        #expect(found.numbers.dropFirst() == Self.everyInteger.map(Int.init).dropFirst())
        #expect(found.numbers[0] > -128)
    }

    @Test(arguments: InstructionSet.available)
    func looksUpTheSame(level: InstructionSet) throws {
        func attributes(_ function: String, _ rule: String) -> Attributes {
            ["function": .text(function), "rule": .text(rule), "to": .text("int8")]
        }
        let same = try run(.integerFunction, attributes("linear", "xnnpack"), constant: nil, zeroPoint: 3, level)
        #expect(same.stepCount == 0)
        #expect(same.numbers == Self.everyInteger.map(Int.init))
        // Of all integers −128 alone is below zero.
        let other = try run(.integerFunction, attributes("relu", "builtin"), constant: nil, zeroPoint: -127, level)
        #expect(other.stepCount == 1)
        #expect(other.numbers == [-127] + Self.everyInteger.dropFirst().map(Int.init))
    }
}
