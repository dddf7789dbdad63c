import EmotionFormerGraph
import EmotionFormerTensors

extension StepBuilder {
    /// Makes the steps of a node that is not a layer.
    mutating func appendTensorOperation(_ node: TypedGraph.Node) throws(Fault) {
        switch node.operation {
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
        case .rescaling: try appendRescaling(node)
        case .batchNormalization: try appendBatchNormalization(node)
        case .positionalEncoding: try appendPositionalEncoding(node)
        case .masking: try appendMasking(node)
        case .pooling1D: try appendPooling1D(node)
        case .pooling2D: try appendPooling2D(node)
        case .conv2D: try appendConvolution2D(node)
        case .depthwiseConv2D: try appendDepthwiseConvolution2D(node)
        case .sequenceLSTM: try appendSequenceLSTM(node)
        case .while: try appendLoop(node)
        case .if: try appendBranch(node)
        default: throw unsupported(node, "the operation cannot run")
        }
    }
}
