import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels
import EmotionFormerTensors

extension StepBuilder {
    /// The windows side by side, then one matrix product for each group.
    mutating func appendConvolution2D(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let output = try output(node)
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
        let bias = try makeBias(node, count: weights.tensor.shape[0])
        let (outputs, depth) = (weights.tensor.shape[0], weights.tensor.shape[3])
        let groups = max(grid.channels / max(depth, 1), 1)
        let width = outputs / groups
        let k = grid.rows.extent * grid.columns.extent * depth
        let kernels = self.kernels
        let packedStride = (kernels.packedMatrixByteCount(k, width) + 63) / 64 * 64
        let packed = ConstantAddress(
            makeBuffer(byteCount: packedStride * groups, of: [weights.tensor], form: "\(groups)×\(k)×\(width)") {
                packed in
                weights.tensor.withFloats { rows in
                    for group in 0..<groups {
                        kernels.packMatrix(rows + group * width * k, 1, k, k, width, packed + group * packedStride)
                    }
                }
            })
        let run = FloatConvolution(
            grid: grid, depth: depth, groups: groups, k: k, width: width, packed: packed, packedStride: packedStride,
            bias: bias, block: WindowGrid.block(windowByteCount: k * 4), multiply: kernels.matmul)
        let splits = kernels.splitsRows
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                run.run(
                    execution.scratch, input.floats(execution), output.floats(execution),
                    splits ? rows : 0..<grid.count)
            }
        }
        if splits {
            draft.rows = grid.count
            draft.rowBlock = kernels.rowBlock
        }
        draft.scratchByteCount = run.block * k * 4
        draft.floatingPointOperations = 2 * grid.count * k * outputs
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
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let weights = try operand(node, 1)
        let output = try output(node)
        let grid = try grid(node, input: input, weights: shape(weights))
        let multiplier = try node.attributes.integer("multiplier")
        if let constant = graph.constant(weights), constant.tensor.elementType == .int8 {
            return try appendQuantizedDepthwise(
                node, input: input, output: output, constant, grid, multiplier: multiplier)
        }
        try requireFloat(weights, node)
        let channels = grid.channels
        let width = channels * multiplier
        guard grid.count > 0, width > 0 else { return }
        let bias = node.input(2)
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [input, weights] + (bias.map { [$0] } ?? []),
            writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let weights = layout.operand(weights)
            let bias = bias.map { layout.operand($0) }
            let output = layout.destination(output)
            return { execution, rows in
                let x = input.floats(execution)
                let weights = weights.floats(execution)
                for row in rows {
                    let y = output.floats(execution) + row &* width
                    y.update(repeating: 0, count: width)
                    grid.forEachPlace(of: row) { index, offset in
                        guard let offset else { return }
                        let x = x + offset
                        let w = weights + index &* width
                        for column in 0..<width { y[column] += x[column / multiplier] * w[column] }
                    }
                    if let bias = bias?.floats(execution) {
                        for column in 0..<width { y[column] += bias[column] }
                    }
                }
            }
        }
        draft.rows = grid.count
        append(draft)
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
    let bias: ConstantAddress?
    let block: Int
    let multiply: @Sendable (PackedProduct, Range<Int>) -> Void

    func run(
        _ scratch: UnsafeMutableRawPointer, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ rows: Range<Int>
    ) {
        let windows = scratch.assumingMemoryBound(to: Float.self)
        let outputs = groups &* width
        var first = rows.lowerBound
        while first < rows.upperBound {
            let count = min(block, rows.upperBound &- first)
            for group in 0..<groups {
                for window in 0..<count {
                    let target = windows + window &* k
                    grid.forEachPlace(of: first &+ window) { index, offset in
                        if let offset {
                            (target + index &* depth).update(from: input + (offset &+ group &* depth), count: depth)
                        } else {
                            (target + index &* depth).update(repeating: 0, count: depth)
                        }
                    }
                }
                multiply(
                    PackedProduct(
                        a: windows, aStride: k, b: packed.bytes + group &* packedStride,
                        c: output + (first &* outputs &+ group &* width), cStride: outputs, m: count, k: k, n: width,
                        epilogue: Epilogue(bias: bias.map { $0.floats + group &* width })), 0..<count)
            }
            first &+= count
        }
    }
}
