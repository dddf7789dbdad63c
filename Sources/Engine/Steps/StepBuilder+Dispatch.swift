import EmotionFormerGraph
import EmotionFormerTensors

extension StepBuilder {
    /// Makes the steps of every node, in order.
    mutating func appendAll(fuses: Bool) throws(Fault) {
        for node in graph.nodes { try append(node) }
    }

    /// Makes the steps of a node as it stands, one family of operations a file.
    mutating func append(_ node: TypedGraph.Node) throws(Fault) {
        switch node.operation {
        default: throw unsupported(node, "the operation cannot run")
        }
    }
}
