import EmotionFormerCore
import EmotionFormerKernels
import EmotionFormerReference
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// One node with its operands: run by the engine at every level, and by the reference executor in double precision.
struct OperationCase: Sendable, CustomTestStringConvertible {
    var operation: EmotionFormerGraph.Operation
    var inputs: [StoredTensor?]
    var attributes: Attributes
    var weights: [String: StoredTensor] = [:]
    var bodies: [String: TypedGraph] = [:]
    /// Operands that are known when the plan is made; the others come at run time.
    var constants: Set<Int> = []
    var outputCount = 1
    /// Relative to the largest magnitude of the result.
    var tolerance = 1e-5

    init(
        _ operation: EmotionFormerGraph.Operation, _ inputs: [Tensor?], _ attributes: Attributes = [:],
        weights: [String: Tensor] = [:], constants: Set<Int> = [], outputs: Int = 1
    ) {
        self.operation = operation
        self.inputs = inputs.map { $0.map { StoredTensor($0) } }
        self.attributes = attributes
        self.weights = weights.mapValues { StoredTensor($0) }
        self.constants = constants
        outputCount = outputs
        for specification in operation.specification.attributes where self.attributes[specification.name] == nil {
            self.attributes[specification.name] = specification.defaultValue
        }
    }

    var testDescription: String {
        let shapes = inputs.map { $0.map { "\($0.tensor.elementType.rawValue)\($0.tensor.shape)" } ?? "–" }
        return "\(operation.rawValue) \(shapes.joined(separator: " ")) \(attributes.values)"
    }

    /// A graph of the one node.
    func graph() throws(Fault) -> TypedGraph {
        let types: [ValueType]
        if let body = bodies["body"] ?? bodies["then"] {
            types = body.outputs.map { body.values[$0].type }
        } else {
            types = try ShapeInference.outputTypes(
                NodeContext(
                    operation: operation, attributes: attributes, weights: weights,
                    inputTypes: inputs.map { $0.map { ValueType($0.tensor.elementType, $0.tensor.shape) } },
                    inputConstants: inputs.indices.map { constants.contains($0) ? inputs[$0] : nil },
                    outputCount: outputCount))
        }
        var graph = TypedGraph(name: "case")
        var operands: [Int?] = []
        for (index, input) in inputs.enumerated() {
            guard let input else {
                operands.append(nil)
                continue
            }
            let isConstant = constants.contains(index)
            let value = graph.addValue(
                named: "operand\(index)", ValueType(input.tensor.elementType, input.tensor.shape),
                constant: isConstant ? input : nil)
            operands.append(value)
            if !isConstant { graph.inputs.append(value) }
        }
        graph.outputs = types.prefix(outputCount).enumerated().map { graph.addValue(named: "result\($0)", $1) }
        graph.nodes = [
            TypedGraph.Node(
                operation, name: "case", inputs: operands, outputs: graph.outputs, attributes: attributes,
                weights: weights, bodies: bodies)
        ]
        return graph
    }

    func engine(
        _ instructionSet: InstructionSet = .portable, threads: Int = 1, limits: Limits = Limits()
    ) throws(Fault) -> [Tensor] {
        let graph = try graph()
        let plan = try Plan(
            graph,
            options: PlanOptions(instructionSet: instructionSet, threads: threads, stage: .imported, limits: limits))
        let session = Session(plan)
        let given = inputs.indices.filter { inputs[$0] != nil && !constants.contains($0) }
        for (index, operand) in given.enumerated() {
            inputs[operand]?.tensor.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        // What is left of a run must not show in the next.
        try session.run()
        try session.run()
        return plan.outputTypes.indices.map { index in
            Tensor(plan.outputTypes[index].elementType, plan.outputTypes[index].shape) {
                $0.copyMemory(from: session.output(index))
            }
        }
    }

    func reference() throws(Fault) -> [Tensor] {
        let graph = try graph()
        return try ReferenceExecutor().evaluate(
            graph.nodes[0], inputs: inputs, outputTypes: graph.outputs.map { graph.values[$0].type })
    }

    /// Fails unless engine and reference agree at every level, with one thread and several.
    func check(location: SourceLocation = #_sourceLocation) {
        do throws(Fault) {
            let expected = try reference()
            for instructionSet in InstructionSet.available {
                let found = try engine(instructionSet)
                #expect(
                    found.count == expected.count, "\(testDescription), \(instructionSet): another number of results",
                    sourceLocation: location)
                for (index, (found, expected)) in zip(found, expected).enumerated() {
                    if let problem = difference(found, expected) {
                        Issue.record(
                            "\(testDescription), \(instructionSet), result \(index): \(problem)",
                            sourceLocation: location)
                    }
                }
                let threaded = try engine(instructionSet, threads: 3)
                #expect(threaded.count == found.count, sourceLocation: location)
                for (found, threaded) in zip(found, threaded) {
                    #expect(
                        found.rawBytes == threaded.rawBytes, "\(testDescription): threads change the result",
                        sourceLocation: location)
                }
            }
        } catch {
            Issue.record("\(testDescription): \(error)", sourceLocation: location)
        }
    }

    /// What is wrong with a result, or nil.
    func difference(_ found: Tensor, _ expected: Tensor) -> String? {
        guard found.elementType == expected.elementType, found.shape == expected.shape else {
            return "\(found.elementType) \(found.shape) instead of \(expected.elementType) \(expected.shape)"
        }
        let (found, expected) = (found.doubles, expected.doubles)
        let largest = expected.filter(\.isFinite).map(abs).max() ?? 0
        for (index, (a, b)) in zip(found, expected).enumerated() {
            if a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * largest { continue }
            return "element \(index) is \(a) instead of \(b)"
        }
        return nil
    }
}

extension Tensor {
    var rawBytes: [UInt8] { withUnsafeBytes { Array($0) } }
}

/// Numbers that look random and are the same every time.
struct Numbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 33) / Double(1 << 31) * 2 - 1
    }
}

/// Float32 numbers between −scale and scale, plus the offset.
func floats(_ extents: [Int], seed: UInt64 = 1, scale: Double = 2, offset: Double = 0) -> Tensor {
    var numbers = Numbers(seed)
    return Tensor(.float32, Shape(unchecked: extents)) { bytes in
        let elements = bytes.bindMemory(to: Float.self)
        for index in elements.indices { elements[index] = Float(numbers.next() * scale + offset) }
    }
}

/// Integers in a range.
func integers<Element: TensorElement & FixedWidthInteger>(
    _ extents: [Int], in range: ClosedRange<Int>, seed: UInt64 = 1, as type: Element.Type = Int32.self
) -> Tensor {
    var numbers = Numbers(seed)
    return Tensor(Element.elementType, Shape(unchecked: extents)) { bytes in
        let elements = bytes.bindMemory(to: Element.self)
        for index in elements.indices {
            let share = (numbers.next() + 1) / 2
            elements[index] = Element(range.lowerBound + Int(share * Double(range.count - 1) + 0.5))
        }
    }
}

func truths(_ extents: [Int], seed: UInt64 = 1) -> Tensor {
    var numbers = Numbers(seed)
    return Tensor(.bool, Shape(unchecked: extents)) { bytes in
        for index in bytes.indices { bytes[index] = numbers.next() > 0 ? 1 : 0 }
    }
}

func list(_ values: [Int]) -> Tensor { Tensor(values.map { Int32($0) }) }
