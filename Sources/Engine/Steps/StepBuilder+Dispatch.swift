import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    /// Makes the steps of every node, in order; with `fuses`, of nodes joined with what follows them.
    ///
    /// The nodes are taken from the graph one by one, and their weights are freed as soon as they are packed.
    mutating func appendAll(fuses: Bool) throws(Fault) {
        var nodes = try takeNodes(fuses: fuses)
        while let node = nodes.popLast() { try append(node) }
    }

    /// Takes the nodes from the graph, the first one last.
    mutating func takeNodes(fuses: Bool) throws(Fault) -> [FusedNode] {
        let nodes = try fuses ? fusedNodes() : graph.nodes.map { FusedNode.plain($0) }
        graph.nodes = []
        return nodes.reversed()
    }

    mutating func append(_ node: FusedNode) throws(Fault) {
        switch node {
        case .plain(let node): try append(node)
        case .dense(let dense): try append(dense)
        case .convolution(let node, let ending):
            if node.operation == .conv2D {
                try appendConvolution2D(node, ending)
            } else {
                try appendDepthwiseConvolution2D(node, ending)
            }
        case .attention(let attention): try append(attention)
        case .normalization(let node, let input, let residual):
            let columns = shape(input).extents.last ?? 1
            try appendRowNormalization(
                node, input: input, residual: residual, output: output(node),
                rows: shape(input).elementCount / max(columns, 1), columns: columns)
        case .turnedProduct(let product, let transposition):
            let output = try output(transposition)
            if product.operation == .matmul {
                try appendTurnedMatmul(product, into: output)
            } else if try !appendIntegerKernelMatmul(product, turnedInto: output) {
                try append(product)
                try append(transposition)
            }
        case .bidirectional(let nodes): try appendBidirectional(nodes)
        }
    }

    /// Makes the steps of a single node; each family of operations has its file.
    mutating func append(_ node: TypedGraph.Node) throws(Fault) {
        switch node.operation.family {
        case .layer(.constant): break
        case .layer(.dense): try appendDense(node)
        case .layer(.multiHeadAttention): try appendMultiHeadAttention(node)
        case .layer(.attention): try appendAttention(node)
        case .layer(.positionalEncoding): try appendPositionalEncoding(node)
        case .layer(.embedding): try appendEmbedding(node)
        case .layer(.masking): try appendMasking(node)
        case .normalization(.layerNormalization), .normalization(.rmsNormalization): try appendNormalization(node)
        case .normalization(.batchNormalization): try appendBatchNormalization(node)
        case .normalization(.softmax): try appendSoftmax(node, isLogarithm: false)
        case .normalization(.logSoftmax): try appendSoftmax(node, isLogarithm: true)
        case .window(.conv1D): try appendConvolution1D(node)
        case .window(.depthwiseConv1D): try appendDepthwiseConvolution1D(node)
        case .window(.conv2D): try appendConvolution2D(node)
        case .window(.depthwiseConv2D): try appendDepthwiseConvolution2D(node)
        case .window(.pooling1D): try appendPooling1D(node)
        case .window(.pooling2D): try appendPooling2D(node)
        case .window(.globalPooling1D): try appendGlobalPooling(node)
        case .recurrence: try appendRecurrent(node)
        case .sequence(.sequenceLSTM): try appendSequenceLSTM(node)
        case .product(.matmul): try appendMatmul(node)
        case .product(.fullyConnected): try appendFullyConnected(node)
        case .arithmetic(let kind): try appendArithmetic(node, kind)
        case .comparison(let kind): try appendComparison(node, kind)
        case .logic(let kind): try appendLogic(node, kind)
        case .function(let kind): try appendFunction(node, kind)
        case .pointwise(.activation): try appendActivation(node)
        case .pointwise(.rescaling): try appendRescaling(node)
        case .pointwise(.prelu): try appendPrelu(node)
        case .pointwise(.select): try appendSelect(node)
        case .pointwise(.clip): try appendClip(node)
        case .reduction(let kind): try appendReduction(node, kind)
        case .scan(let kind): try appendScan(node, kind)
        case .arrangement(.identity), .arrangement(.reshape), .arrangement(.expandDimensions), .arrangement(.squeeze):
            try appendAlias(node)
        case .arrangement(.transpose): try appendTranspose(node)
        case .arrangement(.reverse): try appendReverse(node)
        case .expansion(.concatenate), .expansion(.pack): try appendConcatenation(node)
        case .expansion(.tile): try appendTile(node)
        case .expansion(.pad): try appendPad(node)
        case .expansion(.mirrorPad): try appendMirrorPad(node)
        case .expansion(.broadcastTo): try appendBroadcast(node)
        case .selection(.split), .selection(.splitSizes), .selection(.unpack): try appendSplit(node)
        case .selection(.slice): try appendSlice(node)
        case .selection(.stridedSlice): try appendStridedSlice(node)
        case .selection(.updateSlice): try appendUpdateSlice(node)
        case .selection(.gather): try appendGather(node)
        case .selection(.gatherND): try appendGatherND(node)
        case .generator(.fill): try appendFill(node)
        case .generator(.range): try appendRange(node)
        case .generator(.oneHot): try appendOneHot(node)
        case .generator(.shape), .generator(.onesLike), .generator(.zerosLike): try appendKnown(node)
        case .conversion(.cast): try appendCast(node)
        case .conversion(.dequantize): try appendDequantization(node)
        case .conversion(.quantize): try appendQuantization(node)
        case .integer(let kind): try appendInteger(node, kind)
        case .control(.while): try appendLoop(node)
        case .control(.if): try appendBranch(node)
        }
    }
}
