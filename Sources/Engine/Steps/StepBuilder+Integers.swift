import EmotionFormerCore
import EmotionFormerGraph

/// The integers that stand for real numbers.
protocol QuantizedElement: FixedWidthInteger, BitwiseCopyable, Sendable {}
extension Int8: QuantizedElement {}
extension UInt8: QuantizedElement {}
extension Int16: QuantizedElement {}

extension StepBuilder {
    mutating func appendInteger(_ node: TypedGraph.Node, _ kind: OperationFamily.Integer) throws(Fault) {
        switch kind {
        case .integerFullyConnected: try appendIntegerFullyConnected(node)
        case .integerMatmul: try appendIntegerMatmul(node)
        case .integerConv2D: try appendIntegerConvolution(node)
        case .integerDepthwiseConv2D: try appendIntegerDepthwise(node)
        case .integerPooling2D: try appendIntegerPooling(node)
        case .integerArithmetic: try appendIntegerArithmetic(node)
        case .integerComparison: try appendIntegerComparison(node)
        case .integerReduction: try appendIntegerReduction(node)
        case .integerFunction: try appendIntegerFunction(node)
        case .integerSoftmax: try appendIntegerSoftmax(node)
        case .integerPrelu: try appendIntegerPrelu(node)
        case .integerLSTM: try appendIntegerLSTM(node)
        }
    }

    /// The node as shape inference sees it.
    func integerContext(_ node: TypedGraph.Node) -> NodeContext {
        NodeContext(
            operation: node.operation, attributes: node.attributes, weights: node.weights,
            inputTypes: node.inputs.map { $0.map { type($0) } },
            inputConstants: node.inputs.map { $0.flatMap { graph.values[$0].constant } },
            outputCount: node.outputs.count, quantizations: node.quantizations)
    }

    /// A node whose elements are of a type that is not quantized.
    func notQuantized(_ node: TypedGraph.Node, _ type: ElementType) -> Fault { unsuitable(node, type) }
}
