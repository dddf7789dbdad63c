import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    /// Softmax over any axes, with an optional mask, and its logarithm.
    mutating func appendSoftmax(_ node: TypedGraph.Node, isLogarithm: Bool) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        try requireFloat(input, node)
        let named = isLogarithm ? [try node.attributes.integer("axis")] : try node.attributes.integers("axes")
        let beta = isLogarithm ? 1 : Float(try node.attributes.number("beta"))
        var axes: [Int] = []
        for axis in named { axes.append(try shape(input).axis(axis)) }
        axes.sort()
        let shape = shape(input)
        let isLast = axes == Array((shape.rank - axes.count)..<shape.rank)
        let columns = axes.reduce(1) { $0 * shape[$1] }
        guard columns > 0, !axes.isEmpty else { throw unsupported(node, "softmax of nothing") }
        let rows = shape.elementCount / columns
        let kernel = isLogarithm ? kernels.logSoftmax : kernels.softmax
        let unary = kernels.unary
        let mask = node.input(1)
        if isLast, mask == nil {
            var draft = StepDraft(
                name: node.name, label: "\(node.operation.rawValue) \(rows)×\(columns)", reads: [input],
                writes: [output]
            ) { layout in
                let source = layout.operand(input)
                let destination = layout.destination(output)
                return { execution, range in
                    let start = range.lowerBound &* columns
                    let x = source.floats(execution) + start
                    let y = destination.floats(execution) + start
                    if beta == 1 {
                        kernel(x, columns, y, columns, range.count, columns)
                    } else {
                        unary(.affine, x, y, range.count &* columns, beta, 0)
                        kernel(UnsafePointer(y), columns, y, columns, range.count, columns)
                    }
                }
            }
            draft.rows = rows
            draft.alignedReads = [input]
            draft.worksRowwise()
            append(draft)
            return
        }
        try appendGatheredSoftmax(
            node, input: input, mask: mask, output: output, axes: axes, columns: columns, beta: beta, kernel: kernel)
    }

    /// Gathers the elements of each softmax, masks them, and writes the results back.
    private mutating func appendGatheredSoftmax(
        _ node: TypedGraph.Node, input: Int, mask: Int?, output: Int, axes: [Int], columns: Int, beta: Float,
        kernel: @escaping @Sendable (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int, Int, Int) -> Void
    ) throws(Fault) {
        let shape = shape(input)
        let kept = (0..<shape.rank).filter { !axes.contains($0) }
        func offsets(_ strides: [Int]) throws(Fault) -> (inner: ConstantAddress, outer: ConstantAddress) {
            let inner = try AxisOffsets(extents: axes.map { shape[$0] }, strides: axes.map { strides[$0] }).all
            let outer = try AxisOffsets(extents: kept.map { shape[$0] }, strides: kept.map { strides[$0] }).all
            return (ConstantAddress(makeBuffer(inner)), ConstantAddress(makeBuffer(outer)))
        }
        let own = try offsets(shape.strides)
        var masked: (inner: ConstantAddress, outer: ConstantAddress)?
        if let mask { masked = try offsets(self.shape(mask).strides(broadcastTo: shape)) }
        let maskOffsets = masked
        let rows = shape.elementCount / columns
        var draft = StepDraft(
            name: node.name, label: "\(node.operation.rawValue) \(rows)×\(columns)" + (mask == nil ? "" : " masked"),
            reads: [input] + (mask.map { [$0] } ?? []), writes: [output]
        ) { layout in
            let source = layout.operand(input)
            let destination = layout.destination(output)
            let maskOperand = mask.map { layout.operand($0) }
            return { execution, _ in
                let x = source.floats(execution)
                let y = destination.floats(execution)
                let row = execution.scratch.assumingMemoryBound(to: Float.self)
                let inner = own.inner.bytes.assumingMemoryBound(to: Int.self)
                let outer = own.outer.bytes.assumingMemoryBound(to: Int.self)
                for index in 0..<rows {
                    for column in 0..<columns { row[column] = x[outer[index] &+ inner[column]] * beta }
                    if let maskOperand, let maskOffsets {
                        let keep = maskOperand.elements(execution, as: UInt8.self)
                        let maskInner = maskOffsets.inner.bytes.assumingMemoryBound(to: Int.self)
                        let base = maskOffsets.outer.bytes.assumingMemoryBound(to: Int.self)[index]
                        for column in 0..<columns where keep[base &+ maskInner[column]] == 0 { row[column] = -1e30 }
                    }
                    kernel(UnsafePointer(row), columns, row, columns, 1, columns)
                    for column in 0..<columns { y[outer[index] &+ inner[column]] = row[column] }
                }
            }
        }
        draft.scratchByteCount = columns * 4 + 64
        append(draft)
    }
}
