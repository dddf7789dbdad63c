import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    mutating func appendConvolution2D(_ node: TypedGraph.Node) throws(Fault) {
        try appendConvolution2D(node, FusedEnding(output: output(node)))
    }

    /// The windows side by side, then one matrix product for each group. int8 weights take no ending.
    mutating func appendConvolution2D(_ node: TypedGraph.Node, _ fused: FusedEnding) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let output = fused.output
        guard let weights = graph.constant(try operand(node, 1)) else {
            throw unsupported(node, "the weights must be known before the model runs")
        }
        guard weights.tensor.shape.rank == 4, shape(output).elementCount > 0 else {
            throw unsupported(node, "weights of this shape", found: "\(weights.tensor.shape)")
        }
        let grid = try grid(node, input: input, weights: weights.tensor.shape)
        if weights.tensor.elementType == .int8 {
            return try appendQuantizedConvolution(node, input: input, output: output, weights, grid)
        }
        guard weights.tensor.elementType == .float32 else { throw unsuitable(node, weights.tensor.elementType) }
        let (outputs, depth) = (weights.tensor.shape[0], weights.tensor.shape[3])
        let groups = max(grid.channels / max(depth, 1), 1)
        try appendConvolution(
            node, grid, depth: depth, groups: groups, width: outputs / groups, fused
        ) { kernels, group, k, width, packed in
            weights.tensor.withFloats { kernels.packMatrix($0 + group * width * k, 1, k, k, width, packed) }
        }
    }

    /// - Parameter pack: packs a group's weights, k × width.
    private mutating func appendConvolution(
        _ node: TypedGraph.Node, _ grid: WindowGrid, depth: Int, groups: Int, width: Int, _ fused: FusedEnding,
        pack: (KernelSet, _ group: Int, _ k: Int, _ width: Int, UnsafeMutableRawPointer) -> Void
    ) throws(Fault) {
        let input = try operand(node, 0)
        let ending = fused.ending
        let outputs = groups * width
        let bias = try makeBias(node, count: outputs)
        let k = grid.rows.extent * grid.columns.extent * depth
        let kernels = self.kernels
        let packedStride = (kernels.packedMatrixByteCount(k, width) + 63) / 64 * 64
        let weights = graph.constant(try operand(node, 1))?.tensor
        let packed = ConstantAddress(
            makeBuffer(
                byteCount: packedStride * groups, of: weights.map { [$0] } ?? [], form: "\(groups)×\(k)×\(width)"
            ) { packed in
                for group in 0..<groups { pack(kernels, group, k, width, packed + group * packedStride) }
            })
        let run = FloatConvolution(
            grid: grid, depth: depth, groups: groups, k: k, width: width, packed: packed, packedStride: packedStride,
            epilogue: try epilogue(ending, bias: bias, columns: outputs, at: node.name),
            block: FloatConvolution.block(k: k, rowBlock: kernels.rowBlock), gather: kernels.gatherWindows,
            multiply: kernels.matmul)
        let finish = DenseFinish(ending, columns: outputs, kernels: kernels)
        let splits = kernels.splitsRows
        var draft = StepDraft(
            name: node.name, label: label(node, fused.output) + ending.label, reads: [input] + ending.reads,
            writes: [fused.output]
        ) { [added = ending.added, output = fused.output] layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            let added = added.operands(layout)
            return { execution, share in
                let range = splits ? share : 0..<grid.count
                let outputStart = output.floats(execution)
                let residual = added.residual?.floats(execution)
                run.run(
                    execution.scratch, input.floats(execution), outputStart, added.addend?.floats(execution),
                    finish.isNeeded ? nil : residual, range)
                if finish.isNeeded { finish.run(outputStart, residual, range) }
            }
        }
        if splits {
            draft.rows = grid.count
            draft.rowBlock = kernels.rowBlock
            draft.alignedReads = ending.reads
        }
        draft.scratchByteCount = run.block * k * 4 + WindowGathering.margin
        draft.floatingPointOperations = 2 * grid.count * k * outputs
        draft.part = .products
        append(draft)
    }

    func grid(_ node: TypedGraph.Node, input: Int, weights: Shape) throws(Fault) -> WindowGrid {
        try WindowGrid(
            over: shape(input), extents: [weights[1], weights[2]], strides: node.attributes.integers("strides"),
            dilations: node.attributes.integers("dilations"), padding: node.attributes.text("padding"), for: node)
    }

    /// The constant bias at operand 2, in memory that the plan owns; nil if there is none.
    mutating func makeBias(_ node: TypedGraph.Node, count: Int) throws(Fault) -> ConstantAddress? {
        guard let value = node.input(2) else { return nil }
        guard let bias = graph.constant(value)?.tensor.elements(as: Float.self), bias.count == count else {
            throw unsupported(node, "the bias must be known before the model runs, as float32")
        }
        return ConstantAddress(
            makeBuffer(byteCount: count * 4) { bytes in
                let floats = bytes.assumingMemoryBound(to: Float.self)
                for index in 0..<count { floats[index] = bias[index] }
            })
    }

    mutating func appendDepthwiseConvolution2D(_ node: TypedGraph.Node) throws(Fault) {
        try appendDepthwiseConvolution2D(node, FusedEnding(output: output(node)))
    }

    /// int8 weights take no ending.
    mutating func appendDepthwiseConvolution2D(_ node: TypedGraph.Node, _ fused: FusedEnding) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let weights = try operand(node, 1)
        let output = fused.output
        let grid = try grid(node, input: input, weights: shape(weights))
        let multiplier = try node.attributes.integer("multiplier")
        let constant = graph.constant(weights)
        if let constant, constant.tensor.elementType == .int8 {
            return try appendQuantizedDepthwise(
                node, input: input, output: output, constant, grid, multiplier: multiplier)
        }
        try requireFloat(weights, node)
        let channels = grid.channels
        let width = channels * multiplier
        guard grid.count > 0, width > 0 else { return }
        if let constant, channels == 1, node.input(2).map({ graph.constant($0) != nil }) ?? true {
            // Every output sees the one channel: k × outputs as they are stored.
            return try appendConvolution(node, grid, depth: 1, groups: 1, width: width, fused) {
                kernels, _, k, width, packed in
                constant.tensor.withFloats { kernels.packMatrix($0, width, 1, k, width, packed) }
            }
        }
        try appendDepthwise(node, grid, multiplier: multiplier, fused)
    }

    private mutating func appendDepthwise(
        _ node: TypedGraph.Node, _ grid: WindowGrid, multiplier: Int, _ fused: FusedEnding
    ) throws(Fault) {
        let input = try operand(node, 0)
        let weights = try operand(node, 1)
        let bias = node.input(2)
        let ending = fused.ending
        let channels = grid.channels
        let width = channels * multiplier
        let axes = grid.axes
        let places = axes.rows.extent * axes.columns.extent
        let template = try epilogue(ending, bias: nil, columns: width, at: node.name)
        let finish = DenseFinish(ending, columns: width, kernels: kernels)
        let convolve = kernels.depthwiseConvolution
        // Weights with a multiplier are stored with the multiplier's index last.
        let planes = multiplier > 1 ? WeightPlanes(places: places, channels: channels, multiplier: multiplier) : nil
        var packed: ConstantAddress?
        if let planes, let stored = graph.constant(weights)?.tensor {
            packed = ConstantAddress(
                makeBuffer(byteCount: planes.byteCount, of: [stored], form: "planes") { bytes in
                    stored.withFloats { planes.write($0, bytes.assumingMemoryBound(to: Float.self)) }
                })
        }
        var draft = StepDraft(
            name: node.name, label: label(node, fused.output) + ending.label,
            reads: [input, weights] + (bias.map { [$0] } ?? []) + ending.reads, writes: [fused.output]
        ) { [output = fused.output, packed] layout in
            let input = layout.operand(input)
            let weights = layout.operand(weights)
            let bias = bias.map { layout.operand($0) }
            let output = layout.destination(output)
            return { execution, range in
                var factors = weights.floats(execution)
                if let packed {
                    factors = packed.floats
                } else if let planes {
                    let scratch = execution.scratch.assumingMemoryBound(to: Float.self)
                    planes.write(factors, scratch)
                    factors = UnsafePointer(scratch)
                }
                var epilogue = template
                epilogue.bias = bias?.floats(execution)
                let outputStart = output.floats(execution)
                convolve(
                    DepthwiseConvolution(
                        input: input.floats(execution), weights: factors, output: outputStart, rows: axes.rows,
                        columns: axes.columns, channels: channels, multiplier: multiplier, epilogue: epilogue), range)
                if finish.isNeeded { finish.run(outputStart, nil, range) }
            }
        }
        draft.rows = grid.count
        draft.rowBlock = axes.columns.count
        if packed == nil, let planes { draft.scratchByteCount = planes.byteCount }
        draft.floatingPointOperations = 2 * grid.count * places * width
        append(draft)
    }
}

/// What follows a convolution in its step, and the value that results.
struct FusedEnding {
    var ending = ProductEnding()
    var output: Int
}

/// The weights of a depthwise convolution with a multiplier, one plane (places × channels) for each of its indices.
private struct WeightPlanes: Sendable {
    let places: Int
    let channels: Int
    let multiplier: Int

    var byteCount: Int { places * channels * multiplier * 4 }

    func write(_ stored: UnsafePointer<Float>, _ planes: UnsafeMutablePointer<Float>) {
        let size = places &* channels
        for index in 0..<size {
            for plane in 0..<multiplier { planes[plane &* size &+ index] = stored[index &* multiplier &+ plane] }
        }
    }
}

/// Windows of a few rows at a time side by side, then their product with the weights.
private struct FloatConvolution: Sendable {
    let grid: WindowGrid
    let depth: Int
    let groups: Int
    let k: Int
    /// Output channels of a group.
    let width: Int
    let packed: ConstantAddress
    let packedStride: Int
    let epilogue: Epilogue
    let block: Int
    let gather: @Sendable (WindowGathering, Range<Int>) -> Void
    let multiply: @Sendable (PackedProduct, Range<Int>) -> Void

    /// Windows at a time: whole blocks of the kernels' rows, and no more than fit into a cache.
    static func block(k: Int, rowBlock: Int) -> Int {
        let rows = WindowGrid.block(windowByteCount: k * 4)
        return rows < rowBlock ? rows : rows / rowBlock * rowBlock
    }

    func run(
        _ scratch: UnsafeMutableRawPointer, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ addend: UnsafePointer<Float>?, _ residual: UnsafePointer<Float>?, _ rows: Range<Int>
    ) {
        let windows = scratch.assumingMemoryBound(to: Float.self)
        let axes = grid.axes
        let outputs = groups &* width
        var first = rows.lowerBound
        while first < rows.upperBound {
            let count = min(block, rows.upperBound &- first)
            for group in 0..<groups {
                let column = group &* width
                gather(
                    WindowGathering(
                        input: input + group &* depth, output: windows, rows: axes.rows, columns: axes.columns,
                        channels: grid.channels, depth: depth), first..<(first &+ count))
                var last = epilogue
                if let bias = epilogue.bias { last.bias = bias + column }
                if let slopes = epilogue.slopes { last.slopes = slopes + column }
                if let addend, column < epilogue.rowTableColumns {
                    last.rowTable = addend + (first &* epilogue.rowTableStride &+ column)
                    last.rowTableColumns = epilogue.rowTableColumns &- column
                }
                if let residual {
                    last.residual = residual + (first &* outputs &+ column)
                    last.residualStride = outputs
                }
                multiply(
                    PackedProduct(
                        a: windows, aStride: k, b: packed.bytes + group &* packedStride,
                        c: output + (first &* outputs &+ column), cStride: outputs, m: count, k: k, n: width,
                        epilogue: last), 0..<count)
            }
            first &+= count
        }
    }
}
