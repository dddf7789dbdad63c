import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerReference
import EmotionFormerTensors
import Testing

typealias Tensor = EmotionFormerTensors.Tensor
private typealias Untyped = EmotionFormerCore.Tensor

/// A layer as a node of a graph, beside a layer that is put together by hand.
struct LayerCase {
    var operation: EmotionFormerGraph.Operation
    var inputs: [Tensor<Float>]
    /// The second operand of layers that take one.
    var mask: Tensor<Bool>?
    /// Where the mask stands among the operands.
    var maskPlace = 1
    var attributes: Attributes = [:]
    var weights: [String: Tensor<Float>]

    /// Fails unless the layer by hand agrees with the plan within 1e-6 of the largest result, and both with the float64
    /// reference within 1e-5.
    func check(_ found: Tensor<Float>, location: SourceLocation = #_sourceLocation) throws {
        let graph = try graph()
        let exact = try ReferenceExecutor().evaluate(
            graph.nodes[0], inputs: graph.nodes[0].inputs.map { $0.map { StoredTensor(operand($0)) } },
            outputTypes: graph.outputs.map { graph.values[$0].type })[0]
        let plan = try Plan(
            graph, options: PlanOptions(instructionSet: .preferred, threads: 1, stage: .imported, limits: Limits()))
        let session = Session(plan)
        for index in graph.inputs.indices {
            operand(index).withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        try session.run()
        let planned = session.output(0).bindMemory(to: Float.self).map(Double.init)
        #expect(found.shape == exact.shape.extents, sourceLocation: location)
        let largest = exact.doubles.map(abs).max() ?? 0
        #expect(largest > 0, sourceLocation: location)
        for (index, number) in found.scalars.map(Double.init).enumerated() {
            guard index < planned.count else { break }
            #expect(abs(number - planned[index]) <= 1e-6 * largest, sourceLocation: location)
            #expect(abs(number - exact.doubles[index]) <= 1e-5 * largest, sourceLocation: location)
        }
    }

    private func operand(_ index: Int) -> EmotionFormerCore.Tensor {
        index < inputs.count ? untyped(inputs[index], .float32) : mask.map { untyped($0, .bool) } ?? Untyped([Bool]())
    }

    private func untyped<Scalar>(_ tensor: Tensor<Scalar>, _ type: ElementType) -> EmotionFormerCore.Tensor {
        EmotionFormerCore.Tensor(type, Shape(unchecked: tensor.shape)) { target in
            tensor.withUnsafeBufferPointer { target.copyMemory(from: UnsafeRawBufferPointer($0)) }
        }
    }

    private func graph() throws -> TypedGraph {
        var attributes = attributes
        for specification in operation.specification.attributes where attributes[specification.name] == nil {
            attributes[specification.name] = specification.defaultValue
        }
        let stored = weights.mapValues { StoredTensor(untyped($0, .float32)) }
        var graph = TypedGraph(name: "case")
        var operands: [Int?] = []
        for (index, input) in inputs.enumerated() {
            operands.append(graph.addValue(named: "x\(index)", ValueType(.float32, Shape(unchecked: input.shape))))
        }
        if let mask {
            while operands.count < maskPlace { operands.append(nil) }
            operands.append(graph.addValue(named: "mask", ValueType(.bool, Shape(unchecked: mask.shape))))
        }
        graph.inputs = operands.compactMap { $0 }
        let types = try ShapeInference.outputTypes(
            NodeContext(
                operation: operation, attributes: attributes, weights: stored,
                inputTypes: operands.map { $0.map { graph.values[$0].type } },
                inputConstants: operands.map { _ in nil }, outputCount: 1))
        graph.outputs = [graph.addValue(named: "result", types[0])]
        graph.nodes = [
            TypedGraph.Node(
                operation, name: "case", inputs: operands, outputs: graph.outputs, attributes: attributes,
                weights: stored, bodies: [:])
        ]
        return graph
    }
}

/// Numbers between −1 and 1 that look random and are the same every time.
func numbers(_ shape: [Int], _ seed: Int) throws -> Tensor<Float> {
    let count = try Tensor<Double>.range(shape.reduce(1, *))
    let turns = count * 0.754_877_666 + Double(seed) * 0.569_840_29
    return try Tensor<Float>((turns - turns.floor()) * 2 - 1).reshaped(to: shape)
}
