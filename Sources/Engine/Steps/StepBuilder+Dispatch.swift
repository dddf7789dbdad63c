import EmotionFormerGraph
import EmotionFormerTensors

extension StepBuilder {
    /// Makes the steps of every node, in order; with `fuses`, of nodes joined with what follows them.
    ///
    /// The nodes are taken from the graph one by one, and their weights go as soon as they are packed.
    mutating func appendAll(fuses: Bool) throws(Fault) {
        var nodes = try fuses ? fusedNodes() : graph.nodes.map { FusedNode.plain($0) }
        graph.nodes = []
        nodes.reverse()
        while let node = nodes.popLast() {
            switch node {
            case .plain(let node): try append(node)
            case .dense(let dense): try append(dense)
            case .attention(let attention): try append(attention)
            case .normalization(let node, let input, let residual):
                let columns = shape(input).extents.last ?? 1
                try appendRowNormalization(
                    node, input: input, residual: residual, output: output(node),
                    rows: shape(input).elementCount / max(columns, 1), columns: columns)
            case .bidirectional(let nodes): try appendBidirectional(nodes)
            }
        }
    }

    /// Makes the steps of a node as it stands, one family of operations a file.
    mutating func append(_ node: TypedGraph.Node) throws(Fault) {
        switch node.operation {
        case .constant: break
        case .dense: try appendDense(node)
        case .fullyConnected: try appendFullyConnected(node)
        case .matmul: try appendMatmul(node)
        case .attention: try appendAttention(node)
        case .multiHeadAttention: try appendMultiHeadAttention(node)
        case .layerNormalization, .rmsNormalization: try appendNormalization(node)
        case .softmax, .logSoftmax: try appendSoftmax(node)
        case .activation: try appendActivation(node)
        case .globalPooling1D: try appendGlobalPooling(node)
        case .lstm, .gru, .simpleRNN: try appendRecurrent(node)
        case .conv1D: try appendConvolution1D(node)
        case .depthwiseConv1D: try appendDepthwiseConvolution1D(node)
        default: try appendTensorOperation(node)
        }
    }
}
