package import EmotionFormerTensors

extension TypedGraph {
    /// More rounds than any known model needs; each round may enable another rewrite.
    private static let maximumRounds = 16

    /// The graph in canonical form: layers that are made of others expanded, lowered tensor operations raised to layers
    /// where they are recognised, and what does nothing removed.
    ///
    /// Outputs keep their names and, but for float rounding, their values. Bodies of loops and branches come first.
    package func simplified() throws(Fault) -> TypedGraph {
        var graph = self
        for index in graph.nodes.indices {
            for (name, body) in graph.nodes[index].bodies {
                graph.nodes[index].bodies[name] = try body.simplified()
            }
        }
        var rewriter = GraphRewriter(graph)
        for _ in 0..<TypedGraph.maximumRounds {
            let before = rewriter.changeCount
            for pass in SimplifierPass.all { try pass.apply(to: &rewriter) }
            if rewriter.changeCount == before { break }
            rewriter = GraphRewriter(rewriter.finished())
        }
        return rewriter.finished()
    }
}
