import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// The extents of a product of two values, m × k by k × n.
struct MatrixExtents: Sendable {
    let m: Int
    let k: Int
    let n: Int
    let transposesFirst: Bool
    let transposesSecond: Bool

    /// Those of the transposed product, whose operands are the transposed ones in the opposite order.
    var turned: MatrixExtents {
        MatrixExtents(m: n, k: k, n: m, transposesFirst: !transposesSecond, transposesSecond: !transposesFirst)
    }
}

/// Where the matrices of one product of a batch begin, in elements.
struct MatrixBatch: Sendable {
    let first: Int
    let second: Int
    let output: Int

    /// Those of the transposed product.
    var turned: MatrixBatch { MatrixBatch(first: second, second: first, output: output) }
}

extension StepBuilder {
    mutating func appendMatmul(_ node: TypedGraph.Node) throws(Fault) {
        let first = try operand(node, 0)
        let second = try operand(node, 1)
        let output = try output(node)
        try requireFloat(first, node)
        try requireFloat(second, node)
        let (batches, extents) = try matrixBatches(node)
        append(product(node, first: first, second: second, output: output, batches: batches, extents, bias: nil))
    }

    /// A product of two values, transposed.
    mutating func appendTurnedMatmul(_ node: TypedGraph.Node, into output: Int) throws(Fault) {
        let first = try operand(node, 0)
        let second = try operand(node, 1)
        try requireFloat(first, node)
        try requireFloat(second, node)
        let (batches, extents) = try matrixBatches(node)
        append(
            product(
                node, first: second, second: first, output: output, batches: batches.map(\.turned), extents.turned,
                bias: nil))
    }

    /// The products of a node that multiplies its first two operands, whose leading axes broadcast.
    func matrixBatches(_ node: TypedGraph.Node) throws(Fault) -> ([MatrixBatch], MatrixExtents) {
        let first = try operand(node, 0)
        let second = try operand(node, 1)
        let output = try output(node)
        let transposesFirst = try node.attributes.boolean("transposeFirst")
        let transposesSecond = try node.attributes.boolean("transposeSecond")
        let a = shape(first)
        let b = shape(second)
        guard a.rank >= 2, b.rank >= 2 else { throw unsupported(node, "an operand has less than two axes") }
        let extents = MatrixExtents(
            m: a[a.rank - (transposesFirst ? 1 : 2)], k: a[a.rank - (transposesFirst ? 2 : 1)],
            n: b[b.rank - (transposesSecond ? 2 : 1)], transposesFirst: transposesFirst,
            transposesSecond: transposesSecond)
        guard extents.m > 0, extents.k > 0, extents.n > 0 else {
            throw unsupported(node, "a matrix product of nothing")
        }
        let batch = try Shape(Array(shape(output).extents.dropLast(2)))
        let firstBatch = try Shape(Array(a.extents.dropLast(2))).strides(broadcastTo: batch)
        let secondBatch = try Shape(Array(b.extents.dropLast(2))).strides(broadcastTo: batch)
        var batches: [MatrixBatch] = []
        for index in 0..<batch.elementCount {
            var rest = index
            var offsets = (first: 0, second: 0)
            for axis in stride(from: batch.rank - 1, through: 0, by: -1) {
                let coordinate = rest % batch[axis]
                rest /= batch[axis]
                offsets.first += coordinate * firstBatch[axis]
                offsets.second += coordinate * secondBatch[axis]
            }
            batches.append(
                MatrixBatch(
                    first: offsets.first * extents.m * extents.k, second: offsets.second * extents.k * extents.n,
                    output: index * extents.m * extents.n))
        }
        return (batches, extents)
    }

    /// Products of two values that change from run to run.
    func product(
        _ node: TypedGraph.Node, first: Int, second: Int, output: Int, batches: [MatrixBatch], _ extents: MatrixExtents,
        bias: Int?
    ) -> StepDraft {
        let kernels = self.kernels
        let matmul = kernels.matmulStrided
        let (m, k, n) = (extents.m, extents.k, extents.n)
        let count = batches.count
        var draft = StepDraft(
            name: node.name, label: "matmul \(count == 1 ? "" : "\(count)×")\(m)×\(k)×\(n)",
            reads: [first, second] + (bias.map { [$0] } ?? []), writes: [output]
        ) { layout in
            let a = layout.operand(first)
            let b = layout.operand(second)
            let c = layout.destination(output)
            let biasOperand = bias.map { layout.operand($0) }
            return { execution, rows in
                func multiply(_ batch: MatrixBatch, _ range: Range<Int>) {
                    let product = StridedProduct(
                        a: a.floats(execution) + batch.first, aRowStride: extents.transposesFirst ? 1 : k,
                        aColumnStride: extents.transposesFirst ? m : 1, b: b.floats(execution) + batch.second,
                        bRowStride: extents.transposesSecond ? 1 : n, bColumnStride: extents.transposesSecond ? k : 1,
                        c: c.floats(execution) + batch.output, cStride: n, m: m, k: k, n: n,
                        epilogue: Epilogue(bias: biasOperand?.floats(execution)))
                    matmul(product, range, execution.scratch)
                }
                if count == 1 {
                    multiply(batches[0], rows)
                } else if count > 1 {
                    for index in rows { multiply(batches[index], 0..<m) }
                }
            }
        }
        draft.scratchByteCount = kernels.stridedScratchByteCount(m, k, n)
        draft.products = [ProductShape(count: count, m: m, k: k, n: n)]
        draft.part = .computedProducts
        draft.floatingPointOperations = 2 * count * m * k * n
        if count == 1, kernels.splitsRows, m > 1, !extents.transposesFirst {
            draft.rows = m
            draft.rowBlock = kernels.rowBlock
            draft.alignedReads = [first]
        } else if count == 1 {
            // As a whole: the body's range is all there is.
            let bind = draft.bind
            draft.bind = { layout in
                let body = bind(layout)
                return { execution, _ in body(execution, 0..<m) }
            }
        } else if count > 1 {
            // Threads take whole products of the batch.
            draft.rows = count
        }
        return draft
    }
}
