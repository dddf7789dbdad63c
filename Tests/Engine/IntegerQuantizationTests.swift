import EmotionFormerCore
import EmotionFormerKernels
import EmotionFormerReference
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// Constants with a scale for each index of an axis, as operands of every operation that computes with quantized integers.
@Suite struct IntegerQuantizationTests {
    /// An operation with the types of its operands.
    struct Subject: Sendable, CustomTestStringConvertible {
        let operation: EmotionFormerGraph.Operation
        let attributes: Attributes
        let operands: [ValueType]
        /// Which axis of which operand may have several scales.
        var allowed: (operand: Int, axes: Set<Int>)?
        var output = ValueQuantization(scale: 0.05, zeroPoint: 3)
        /// Operands that must be constants.
        var constants: Set<Int> = []

        var testDescription: String { "\(operation.rawValue) \(attributes.values)" }

        init(
            _ operation: EmotionFormerGraph.Operation, _ operands: [ValueType], _ attributes: Attributes = [:],
            allowed: (operand: Int, axes: Set<Int>)? = nil, constants: Set<Int> = []
        ) {
            self.operation = operation
            self.attributes = attributes
            self.operands = operands
            self.allowed = allowed
            self.constants = constants
        }
    }

    private static func type(_ elementType: ElementType, _ extents: Int...) -> ValueType {
        ValueType(elementType, Shape(unchecked: extents))
    }

    static let subjects: [Subject] = {
        let builtin = ("rule", AttributeValue.text("builtin"))
        let xnnpack = ("rule", AttributeValue.text("xnnpack"))
        func attributes(_ members: (String, AttributeValue)...) -> Attributes {
            var result = Attributes()
            for (name, value) in members { result[name] = value }
            return result
        }
        var subjects: [Subject] = []
        for rule in [builtin, xnnpack] {
            for transposes in [false, true] {
                subjects.append(
                    Subject(
                        .integerMatmul, [type(.int8, 2, 5, 3), type(.int8, 2, 3, transposes ? 3 : 7)],
                        attributes(rule, ("transposeSecond", .boolean(transposes)))))
            }
            subjects.append(
                Subject(
                    .integerFullyConnected, [type(.int8, 2, 6), type(.int8, 3, 6), type(.int32, 3)], attributes(rule),
                    allowed: (1, [0]), constants: [1, 2]))
            subjects.append(
                Subject(
                    .integerConv2D, [type(.int8, 1, 4, 4, 2), type(.int8, 3, 2, 2, 2), type(.int32, 3)],
                    attributes(rule), allowed: (1, [0]), constants: [1, 2]))
            for kind in ["add", "multiply"] {
                subjects.append(
                    Subject(
                        .integerArithmetic, [type(.int8, 2, 6), type(.int8, 2, 6)],
                        attributes(rule, ("kind", .text(kind)))))
            }
        }
        subjects.append(
            Subject(
                .integerDepthwiseConv2D, [type(.int8, 1, 4, 4, 3), type(.int8, 1, 2, 2, 3), type(.int32, 3)],
                attributes(xnnpack), allowed: (1, [3]), constants: [1, 2]))
        for kind in ["divide", "squaredDifference", "maximum"] {
            subjects.append(
                Subject(
                    .integerArithmetic, [type(.int8, 2, 6), type(.int8, 2, 6)],
                    attributes(builtin, ("kind", .text(kind)))))
        }
        subjects.append(
            Subject(.integerComparison, [type(.int8, 2, 6), type(.int8, 2, 6)], attributes(("kind", .text("less")))))
        subjects.append(Subject(.integerPrelu, [type(.int8, 2, 6), type(.int8, 6)]))
        subjects.append(
            Subject(
                .integerReduction, [type(.int8, 2, 6)],
                attributes(xnnpack, ("kind", .text("mean")), ("axes", .integers([1])))))
        subjects.append(
            Subject(
                .integerFunction, [type(.int8, 2, 6)],
                attributes(builtin, ("function", .text("gelu")), ("to", .text("int8")))))
        subjects.append(Subject(.integerSoftmax, [type(.int8, 2, 6)]))
        subjects.append(
            Subject(
                .integerPooling2D, [type(.int8, 1, 4, 4, 3)],
                attributes(
                    ("kind", .text("average")), ("poolSize", .integers([2, 2])), ("strides", .integers([1, 1])))))
        let matrices = [type(.int8, 2, 3), type(.int8, 2, 2)].flatMap { Array(repeating: $0, count: 4) }
        subjects.append(
            Subject(
                .integerLSTM,
                [type(.int8, 1, 2, 3)] + matrices + Array(repeating: type(.int32, 2), count: 4),
                attributes(
                    ("stateScale", .number(0.01)), ("stateZeroPoint", .integer(0)), ("hiddenScale", .number(0.01)),
                    ("hiddenZeroPoint", .integer(0)), ("cellScale", .number(0x1p-11))), constants: Set(1..<13)))
        subjects.append(Subject(.dequantize, [type(.int8, 2, 6)], allowed: (0, [0, 1])))
        return subjects
    }()

    private func tensor(_ type: ValueType) -> Tensor {
        Tensor(type.elementType, type.shape) { bytes in
            if type.elementType == .int32 { return }
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 37 &+ 5) }
        }
    }

    /// The subject with `quantization` for one operand, a constant.
    private func program(
        _ subject: Subject, _ operand: Int, _ quantization: Quantization, declared: ValueQuantization? = nil
    ) -> Program {
        var graph = Graph(name: "main", inputs: [], outputs: ["y"], nodes: [])
        var tensors: [String: StoredTensor] = [:]
        for (index, type) in subject.operands.enumerated() {
            let isSpoilt = index == operand
            if isSpoilt || subject.constants.contains(index) {
                let single = Quantization(scales: [0.05], zeroPoints: [0], axis: nil)
                tensors["t\(index)"] = StoredTensor(
                    tensor(type), quantization: isSpoilt ? quantization : type.elementType == .int8 ? single : nil)
                graph.nodes.append(
                    Node(.constant, name: "c\(index)", outputs: ["x\(index)"], weights: ["value": "t\(index)"]))
                if isSpoilt { graph.quantizations["x\(index)"] = declared }
            } else {
                graph.inputs.append(
                    GraphInput(name: "x\(index)", elementType: type.elementType, extents: type.shape.extents))
                graph.quantizations["x\(index)"] = ValueQuantization(scale: 0.05, zeroPoint: 3)
            }
        }
        var attributes = subject.attributes
        for specification in subject.operation.specification.attributes where attributes[specification.name] == nil {
            attributes[specification.name] = specification.defaultValue
        }
        graph.nodes.append(
            Node(
                subject.operation, name: "subject", inputs: subject.operands.indices.map { "x\($0)" }, outputs: ["y"],
                attributes: attributes))
        if subject.operation == .integerSoftmax {
            graph.quantizations["y"] = ValueQuantization(scale: 0x1p-8, zeroPoint: -128)
        } else if subject.operation != .dequantize, subject.operation != .integerComparison {
            graph.quantizations["y"] = ValueQuantization(scale: 0.05, zeroPoint: 3)
        }
        return Program(graphs: [graph], tensors: tensors)
    }

    /// The results of engine and reference, which must be equal; nil if the program is refused.
    private func result(_ program: Program, _ subject: Subject, without operand: Int) -> Tensor? {
        let inputs = subject.operands.indices.filter { $0 != operand && !subject.constants.contains($0) }
            .map { tensor(subject.operands[$0]) }
        do throws(Fault) {
            let program = try program.validated()
            var found: Tensor?
            for instructionSet in InstructionSet.available {
                let plan = try Plan(
                    program, inputShapes: inputs.map(\.shape),
                    options: PlanOptions(instructionSet: instructionSet, stage: .imported))
                let session = Session(plan)
                for (index, input) in inputs.enumerated() {
                    input.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
                }
                try session.run()
                found = Tensor(plan.outputTypes[0].elementType, plan.outputTypes[0].shape) {
                    $0.copyMemory(from: session.output(0))
                }
                let executor = ReferenceExecutor()
                let graph = try program.typed(inputShapes: inputs.map(\.shape), evaluator: executor)
                var values: [ReferenceValue] = []
                for input in inputs { values.append(try ReferenceValue(StoredTensor(input))) }
                let expected = try executor.run(graph, inputs: values).outputs[0].tensor
                #expect(found?.doubles == expected.doubles, "\(subject.testDescription) \(instructionSet)")
            }
            return found
        } catch {
            #expect(!error.description.contains("\n"))
            return nil
        }
    }

    @Test("with one scale every operation runs: the control", arguments: subjects)
    func control(_ subject: Subject) {
        for operand in subject.operands.indices where subject.operands[operand].elementType == .int8 {
            let zeroPoint = subject.constants.contains(operand) ? 0 : 3
            let single = Quantization(scales: [0.05], zeroPoints: [zeroPoint], axis: nil)
            #expect(result(program(subject, operand, single), subject, without: operand) != nil)
        }
    }

    @Test(
        "scales along an axis are taken by weights of layers and by dequantize; everything else refuses them",
        arguments: subjects)
    func alongAxes(_ subject: Subject) {
        for (operand, type) in subject.operands.enumerated() where type.elementType == .int8 {
            for axis in 0..<type.shape.rank {
                for count in Set([type.shape[axis], 1, type.shape[axis] + 1]) {
                    let quantization = Quantization(
                        scales: (0..<count).map { 0.03 + 0.01 * Float($0) },
                        zeroPoints: Array(repeating: 0, count: count), axis: axis)
                    let isAllowed =
                        subject.allowed.map { $0.operand == operand && $0.axes.contains(axis) } ?? false
                        && count == type.shape[axis]
                    for declared in [nil, ValueQuantization(scale: 0.05, zeroPoint: 0)] {
                        let program = program(subject, operand, quantization, declared: declared)
                        #expect(
                            (result(program, subject, without: operand) != nil) == isAllowed,
                            "operand \(operand), axis \(axis), \(count) scales, declared \(declared != nil)")
                    }
                }
            }
        }
    }

    @Test("what the graph declares for a constant goes before the constant's own scale", arguments: subjects)
    func declared(_ subject: Subject) {
        for (operand, type) in subject.operands.enumerated() where type.elementType == .int8 {
            let isWeight = subject.constants.contains(operand)
            // Maxima and pooling ask for equal scales, a softmax does not depend on the zero point.
            let declared = ValueQuantization(scale: 0.05, zeroPoint: isWeight ? 0 : 3)
            let other = Quantization(scales: [0.11], zeroPoints: [isWeight ? 0 : -20], axis: nil)
            let same = Quantization(scales: [0.05], zeroPoints: [isWeight ? 0 : 3], axis: nil)
            let expected = result(program(subject, operand, same), subject, without: operand)
            let found = result(program(subject, operand, other, declared: declared), subject, without: operand)
            #expect(found != nil && found?.doubles == expected?.doubles, "operand \(operand)")
        }
    }

    @Test("a dequantized constant has the declared numbers, in every executor")
    func dequantizedConstant() throws {
        let subject = Subject(.dequantize, [Self.type(.int8, 2, 6)])
        let own = Quantization(scales: [0.5], zeroPoints: [3], axis: nil)
        let program = program(subject, 0, own, declared: ValueQuantization(scale: 0.25, zeroPoint: -1))
        let found = try #require(result(program, subject, without: 0))
        let numbers = tensor(subject.operands[0]).doubles
        #expect(found.doubles == numbers.map { ($0 + 1) * 0.25 })
    }

    @Test("numbers of several scales that are moved have none: dequantize refuses them")
    func moved() {
        var program = program(
            Subject(.dequantize, [Self.type(.int8, 2, 6)]), 0,
            Quantization(scales: [0.5, 0.25], zeroPoints: [0, 0], axis: 0))
        let moves: [(EmotionFormerGraph.Operation, Attributes)] = [
            (.transpose, ["permutation": .integers([1, 0])]), (.reshape, ["shape": .integers([6, 2])]),
            (.reverse, ["axes": .integers([0])]),
        ]
        for (operation, attributes) in moves {
            var complete = attributes
            for specification in operation.specification.attributes where complete[specification.name] == nil {
                complete[specification.name] = specification.defaultValue
            }
            program.graphs[0].nodes.insert(
                Node(operation, name: "move", inputs: ["x0"], outputs: ["moved"], attributes: complete), at: 1)
            program.graphs[0].nodes[2].inputs = ["moved"]
            let subject = Subject(.dequantize, [Self.type(.int8, 2, 6)])
            #expect(result(program, subject, without: 0) == nil, "\(operation)")
            program.graphs[0].nodes.remove(at: 1)
        }
    }
}
