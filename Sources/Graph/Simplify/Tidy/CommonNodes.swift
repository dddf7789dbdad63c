import EmotionFormerCore

extension SimplifierPass {
    /// Merges nodes that compute the same from the same operands. Nodes with weights or bodies are left unchanged.
    static let mergeEqualNodes = SimplifierPass("mergeEqualNodes") { rewriter throws(Fault) in
        struct Key: Hashable {
            let operation: Operation
            let inputs: [Int?]
            let attributes: Attributes
            let quantizations: NodeQuantizations
        }
        var known: [Key: [Int]] = [:]
        for index in rewriter.nodes.indices {
            guard let node = rewriter.nodes[index], node.weights.isEmpty, node.bodies.isEmpty else { continue }
            let key = Key(
                operation: node.operation, inputs: node.inputs, attributes: node.attributes,
                quantizations: node.quantizations)
            guard let outputs = known[key] else {
                known[key] = node.outputs
                continue
            }
            guard outputs.count == node.outputs.count, !node.outputs.contains(where: rewriter.isGraphOutput),
                zip(outputs, node.outputs).allSatisfy({ rewriter.type(of: $0) == rewriter.type(of: $1) })
            else { continue }
            for (value, other) in zip(node.outputs, outputs) { rewriter.redirect(value, to: other) }
        }
    }
}
