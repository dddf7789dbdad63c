import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerReference
import Testing

extension TypedGraph {
    /// The simplified graph, once it is shown that every value has the type that shape inference gives it, that outputs
    /// keep their names, and that it computes what this graph does, in double precision.
    func simplifiedAndCompared(tolerance: Double = 1e-5, seed: UInt64 = 7) throws -> TypedGraph {
        let result = try simplified()
        try result.checkTypes()
        #expect(result.outputs.map { result.values[$0].name } == outputs.map { values[$0].name })
        let difference = try largestDifference(from: result, seed: seed)
        #expect(difference <= tolerance, "the results differ by \(difference)")
        return result
    }

    /// The largest difference between two graphs' outputs, relative to the largest output if that is above 1.
    func largestDifference(from other: TypedGraph, seed: UInt64 = 7) throws -> Double {
        let inputs = try randomInputs(seed: seed)
        let first = try ReferenceExecutor().run(self, inputs: inputs).outputs
        let second = try ReferenceExecutor().run(other, inputs: inputs).outputs
        #expect(first.count == second.count && !first.isEmpty)
        var largest = 0.0
        for (expected, found) in zip(first, second) {
            #expect(expected.type == found.type && expected.elements.count == found.elements.count)
            let magnitude = max(1, expected.elements.map(abs).max() ?? 1)
            for (a, b) in zip(expected.elements, found.elements) where !(a == b || a.isNaN && b.isNaN) {
                let difference = abs(a - b) / magnitude
                // The larger of two would lose NaN.
                largest = difference.isNaN ? .infinity : max(largest, difference)
            }
        }
        return largest
    }

    private func randomInputs(seed: UInt64) throws -> [ReferenceValue] {
        var numbers = GraphBuilder(seed: seed)
        return try inputs.map { input in
            let type = values[input].type
            let random = numbers.numbers(type.shape.elementCount).map(Double.init)
            switch type.elementType {
            case .bool: return try ReferenceValue(type, random.map { $0 > -0.5 ? 1 : 0 })
            case .float32, .float16: return try ReferenceValue(type, random)
            default: return try ReferenceValue(type, random.map { ($0 * 9).rounded() })
            }
        }
    }

    /// Shape inference must give every node's outputs the types that the graph says.
    private func checkTypes() throws {
        for node in nodes where node.bodies.isEmpty {
            let context = NodeContext(
                operation: node.operation, attributes: node.attributes, weights: node.weights,
                inputTypes: node.inputs.map { $0.map { values[$0].type } },
                inputConstants: node.inputs.map { constant($0) }, outputCount: node.outputs.count)
            let types = try ShapeInference.outputTypes(context)
            #expect(Array(types.prefix(node.outputs.count)) == node.outputs.map { values[$0].type }, "\(node.name)")
        }
    }
}

extension GraphBuilder {
    mutating func scalar(_ number: Float) -> Int { constant(Tensor(scalar: number)) }

    mutating func reshape(_ value: Int, _ extents: [Int]) throws -> Int {
        try node(
            .reshape, [value], extents, graph.values[value].type.elementType,
            attributes: ["shape": .integers(extents)])
    }

    mutating func transpose(_ value: Int, _ permutation: [Int]) throws -> Int {
        let shape = graph.shape(of: value)
        return try node(
            .transpose, [value], permutation.map { shape[$0] }, graph.values[value].type.elementType,
            attributes: ["permutation": .integers(permutation)])
    }

    /// A node whose result has the shape that its two operands broadcast to.
    mutating func binary(_ operation: EmotionFormerGraph.Operation, _ first: Int, _ second: Int) throws -> Int {
        try node(operation, [first, second], Shape.broadcast(graph.shape(of: first), graph.shape(of: second)).extents)
    }

    mutating func activation(_ function: ActivationFunction, _ value: Int) throws -> Int {
        try node(
            .activation, [value], graph.shape(of: value).extents,
            attributes: ["function": .text(function.rawValue)])
    }

    mutating func mean(_ value: Int, _ axes: [Int], keep: Bool = true) throws -> Int {
        let shape = graph.shape(of: value)
        let extents = shape.extents.indices.compactMap { axes.contains($0) ? keep ? 1 : nil : shape[$0] }
        return try node(
            .reduceMean, [value], extents, attributes: ["axes": .integers(axes), "keepDimensions": .boolean(keep)])
    }
}
