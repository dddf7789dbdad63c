import EmotionFormerGraph
import EmotionFormerTensors

extension StepBuilder {
    /// Makes the steps of every node, in order; with `fuses`, of nodes joined with what follows them.
    mutating func appendAll(fuses: Bool) throws(Fault) {
        guard fuses else {
            for node in graph.nodes { try append(node) }
            return
        }
        for node in try fusedNodes() {
            switch node {
            case .plain(let node): try append(node)
            case .dense(let dense): try append(dense)
            case .attention(let attention): try append(attention)
            case .normalization(let node, let input, let residual):
                let columns = shape(input).extents.last ?? 1
                try appendRowNormalization(
                    node, input: input, residual: residual, output: output(node), sum: nil,
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
        case .layerNormalization, .rmsNormalization: try appendNormalization(node)
        case .softmax, .logSoftmax: try appendSoftmax(node)
        case .activation: try appendActivation(node)
        case .globalPooling1D: try appendGlobalPooling(node)
        case .lstm, .gru, .simpleRNN: try appendRecurrent(node)
        case .conv1D: try appendConvolution1D(node)
        case .depthwiseConv1D: try appendDepthwiseConvolution1D(node)
        case .add, .subtract, .multiply, .divide, .floorDivide, .floorModulo, .power, .maximum, .minimum,
            .squaredDifference:
            try appendArithmetic(node)
        case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual: try appendComparison(node)
        case .logicalAnd, .logicalOr, .logicalNot: try appendLogic(node)
        case .negate, .absolute, .square, .squareRoot, .reciprocalSquareRoot, .exponential, .logarithm, .sine,
            .cosine, .floor, .ceiling, .round, .sign, .errorFunction:
            try appendFunction(node)
        case .prelu: try appendPrelu(node)
        case .select: try appendSelect(node)
        case .clip: try appendClip(node)
        case .identity, .reshape, .expandDimensions, .squeeze: try appendAlias(node)
        case .transpose: try appendTranspose(node)
        case .reverse: try appendReverse(node)
        case .broadcastTo: try appendBroadcast(node)
        case .tile: try appendTile(node)
        case .concatenate, .pack: try appendConcatenation(node)
        case .split, .splitSizes, .unpack: try appendSplit(node)
        case .slice: try appendSlice(node)
        case .stridedSlice: try appendStridedSlice(node)
        case .updateSlice: try appendUpdateSlice(node)
        case .gather: try appendGather(node)
        case .gatherND: try appendGatherND(node)
        case .embedding: try appendEmbedding(node)
        case .reduceSum, .reduceMean, .reduceMaximum, .reduceMinimum, .reduceProduct, .reduceAny, .reduceAll:
            try appendReduction(node)
        case .argMaximum, .argMinimum: try appendExtremeIndex(node)
        case .cumulativeSum: try appendCumulativeSum(node)
        case .pad: try appendPad(node)
        case .mirrorPad: try appendMirrorPad(node)
        case .fill: try appendFill(node)
        case .range: try appendRange(node)
        case .oneHot: try appendOneHot(node)
        case .shape, .onesLike, .zerosLike: try appendKnown(node)
        case .cast: try appendCast(node)
        case .dequantize: try appendDequantization(node)
        case .quantize: try appendQuantization(node)
        default: throw unsupported(node, "the operation cannot run")
        }
    }
}
