import EmotionFormerCore
import EmotionFormerGraph

/// A value of a graph that holds attention weights.
struct AttentionWeights {
    let layer: String
    let headCount: Int
    let queryCount: Int
    let keyCount: Int
}

extension TypedGraph {
    /// Adds the weights of every attention layer to the graph's outputs, after the existing ones.
    ///
    /// A layer is an attention node; or, where the simplifier leaves attention as a TensorFlow Lite file has it, a
    /// softmax over the last axis whose result goes into a matrix product.
    /// - Returns: a description of each added output, in the graph's order.
    mutating func exposeAttention() throws(Fault) -> [AttentionWeights] {
        let productOperands = Set(nodes.filter { $0.operation == .matmul }.flatMap { $0.inputs.compactMap(\.self) })
        var found: [AttentionWeights] = []
        for index in nodes.indices {
            let exposed =
                switch nodes[index].operation {
                case .attention: try exposeLayer(index)
                case .softmax: exposeSoftmax(index, productOperands)
                default: nil as AttentionWeights?
                }
            if let exposed { found.append(exposed) }
        }
        return found
    }

    private mutating func exposeLayer(_ index: Int) throws(Fault) -> AttentionWeights? {
        guard let query = nodes[index].input(0), let key = nodes[index].input(1) else { return nil }
        let (queries, keys) = (shape(of: query).extents, shape(of: key).extents)
        let heads = try nodes[index].attributes.integer("headCount")
        guard queries.count == 3, keys.count == 3, queries[0] == 1 else { return nil }
        if nodes[index].outputs.count == 1 {
            let type = ValueType(.float32, try Shape([1, heads, queries[1], keys[1]]))
            nodes[index].outputs.append(addValue(named: "\(nodes[index].name)/weights", type))
        }
        outputs.append(nodes[index].outputs[1])
        return AttentionWeights(
            layer: TypedGraph.layerName(nodes[index].name), headCount: heads, queryCount: queries[1],
            keyCount: keys[1])
    }

    private mutating func exposeSoftmax(_ index: Int, _ productOperands: Set<Int>) -> AttentionWeights? {
        guard let value = nodes[index].outputs.first, values[value].type.elementType == .float32,
            values[value].constant == nil, case .integers(let axes)? = nodes[index].attributes["axes"]
        else { return nil }
        let extents = shape(of: value).extents
        guard productOperands.contains(value), (3...4).contains(extents.count),
            axes == [-1] || axes == [extents.count - 1],
            extents.count == 3 || extents[0] == 1
        else { return nil }
        outputs.append(value)
        return AttentionWeights(
            layer: TypedGraph.layerName(nodes[index].name), headCount: extents[extents.count - 3],
            queryCount: extents[extents.count - 2], keyCount: extents[extents.count - 1])
    }

    /// The name of a node of an expanded layer begins with the layer's name.
    private static func layerName(_ node: String) -> String {
        node.hasSuffix("/attention") ? String(node.dropLast("/attention".count)) : node
    }
}
