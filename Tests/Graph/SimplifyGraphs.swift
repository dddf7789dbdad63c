import EmotionFormerCore
import EmotionFormerGraph

/// Builds typed graphs by hand, with the numbers of constants and weights made from a seed.
struct GraphBuilder {
    var graph = TypedGraph(name: "test")
    private var state: UInt64

    init(seed: UInt64 = 1) { state = seed }

    /// Numbers between −1 and 1.
    mutating func numbers(_ count: Int) -> [Float] {
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
        }
    }

    mutating func tensor(_ extents: [Int]) throws -> Tensor {
        let shape = try Shape(extents)
        return try Tensor(numbers(shape.elementCount), shape: shape)
    }

    mutating func weight(_ extents: [Int]) throws -> StoredTensor { StoredTensor(try tensor(extents)) }

    mutating func input(_ name: String = "input", _ extents: [Int], _ type: ElementType = .float32) throws -> Int {
        let value = graph.addValue(named: name, ValueType(type, try Shape(extents)))
        graph.inputs.append(value)
        return value
    }

    mutating func constant(_ tensor: Tensor, _ name: String = "constant") -> Int {
        graph.addValue(
            named: "\(name)\(graph.values.count)", ValueType(tensor.elementType, tensor.shape),
            constant: StoredTensor(tensor))
    }

    mutating func constant(_ extents: [Int]) throws -> Int { constant(try tensor(extents)) }

    /// Adds a node with every default attribute, and gives its first output.
    @discardableResult
    mutating func node(
        _ operation: EmotionFormerGraph.Operation, _ inputs: [Int?], _ extents: [Int], _ type: ElementType = .float32,
        attributes: Attributes = [:], weights: [String: StoredTensor] = [:], name: String? = nil,
        further: [(extents: [Int], type: ElementType)] = []
    ) throws -> Int {
        let name = name ?? "\(operation.rawValue)\(graph.nodes.count)"
        var attributes = attributes
        for attribute in operation.specification.attributes where attributes[attribute.name] == nil {
            attributes[attribute.name] = attribute.defaultValue
        }
        var outputs = [graph.addValue(named: name, ValueType(type, try Shape(extents)))]
        for (index, value) in further.enumerated() {
            outputs.append(
                graph.addValue(named: "\(name):\(index + 1)", ValueType(value.type, try Shape(value.extents))))
        }
        graph.nodes.append(
            TypedGraph.Node(
                operation, name: name, inputs: inputs, outputs: outputs, attributes: attributes, weights: weights))
        return outputs[0]
    }

    mutating func finished(_ outputs: Int...) -> TypedGraph {
        var graph = graph
        graph.outputs = outputs
        return graph
    }
}

extension TypedGraph {
    /// The operations in order, by their names in a manifest.
    var operations: [String] { nodes.map(\.operation.rawValue) }

    func node(named name: String) -> Node? { nodes.first { $0.name == name } }
}
