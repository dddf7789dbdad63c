package import EmotionFormerCore

extension TypedGraph {
    /// More rounds than any known model needs; each round can enable further rewrites.
    private static let maximumRounds = 16

    /// The graph in canonical form: composite layers are expanded, lowered tensor operations are raised to layers where
    /// they are recognized, and nodes without effect are removed.
    ///
    /// Outputs keep their names and, except for float rounding, their values. Bodies of loops and branches are
    /// simplified first.
    ///
    /// In graphs with a dynamic-range recurrence, attention and layer normalization are not raised: a difference in the
    /// last bit changes how values are quantized, and a recurrence carries each such change through time (measured
    /// against LiteRT: medians of 1e-3 in the logits if they are raised, 1e-7 if not).
    package func simplified() throws(Fault) -> TypedGraph {
        var graph = self
        for index in graph.nodes.indices {
            graph.bindInvariants(at: index)
            for (name, body) in graph.nodes[index].bodies {
                graph.nodes[index].bodies[name] = try body.simplified()
            }
        }
        var rewriter = GraphRewriter(graph)
        let keepsRounding = hasQuantizedRecurrence
        let passes = SimplifierPass.all.filter { !(keepsRounding && $0.changesRounding) }
        for _ in 0..<TypedGraph.maximumRounds {
            let before = rewriter.changeCount
            for pass in passes { try pass.apply(to: &rewriter) }
            if rewriter.changeCount == before { break }
            rewriter = GraphRewriter(rewriter.finished())
        }
        return rewriter.finished()
    }

    private var hasQuantizedRecurrence: Bool {
        nodes.contains { node in
            node.operation == .sequenceLSTM && node.inputs.contains { constant($0)?.tensor.elementType == .int8 }
        }
    }

    /// Makes a loop's variable that never changes and is known before the loop a constant in its bodies.
    private mutating func bindInvariants(at index: Int) {
        let node = nodes[index]
        guard node.operation == .while, let body = node.bodies["body"], body.outputs.count == node.inputs.count else {
            return
        }
        for (position, operand) in node.inputs.enumerated() {
            guard let constant = constant(operand), body.outputs[position] == body.inputs[position] else { continue }
            for name in ["body", "condition"] { nodes[index].bodies[name]?.bind(position, to: constant) }
        }
    }

    /// Makes the nodes use a constant instead of an input. The input itself is kept.
    private mutating func bind(_ position: Int, to constant: StoredTensor) {
        let input = inputs[position]
        guard nodes.contains(where: { $0.inputs.contains(input) }) else { return }
        let value = addValue(named: "\(values[input].name)/known", values[input].type, constant: constant)
        for index in nodes.indices { nodes[index].inputs = nodes[index].inputs.map { $0 == input ? value : $0 } }
    }
}
