package import EmotionFormerTensors

extension TypedGraph {
    /// More rounds than any known model needs; each round may enable another rewrite.
    private static let maximumRounds = 16

    /// The graph in canonical form: layers that are made of others expanded, lowered tensor operations raised to layers
    /// where they are recognised, and what does nothing removed.
    ///
    /// Outputs keep their names and, but for float rounding, their values. Bodies of loops and branches come first.
    ///
    /// Beside a dynamic-range recurrence attention and layer normalisation stay as the file has them: a last bit of
    /// difference turns quantised values over, and a recurrence carries each of them on through time (measured against
    /// LiteRT: medians of 1e-3 in the logits where they are raised, 1e-7 where they are not).
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

    /// A loop's variable that never changes and is known before the loop becomes a constant in its bodies.
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

    /// Lets the nodes use a constant in place of an input. The input itself stays.
    private mutating func bind(_ position: Int, to constant: StoredTensor) {
        let input = inputs[position]
        guard nodes.contains(where: { $0.inputs.contains(input) }) else { return }
        let value = addValue(named: "\(values[input].name)/known", values[input].type, constant: constant)
        for index in nodes.indices { nodes[index].inputs = nodes[index].inputs.map { $0 == input ? value : $0 } }
    }
}
