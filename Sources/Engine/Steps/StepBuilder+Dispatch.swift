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
        case .constant: break
        case .dense: try appendDense(node)
        case .fullyConnected: try appendFullyConnected(node)
        case .matmul: try appendMatmul(node)
        case .attention: try appendAttention(node)
        case .layerNormalization, .rmsNormalization: try appendNormalization(node)
        case .softmax, .logSoftmax: try appendSoftmax(node)
        case .activation: try appendActivation(node)
        case .globalPooling1D: try appendGlobalPooling(node)
        case .lstm, .gru, .simpleRNN: try appendRecurrent(node)
        case .conv1D: try appendConvolution1D(node)
        case .depthwiseConv1D: try appendDepthwiseConvolution1D(node)
        default: throw unsupported(node, "the operation cannot run")
        }
    }
}
