import EmotionFormerCore
import EmotionFormerKernels

/// Products of 32-bit matrices by the kernels of this processor's level.
enum FloatProduct {
    /// From this number of rows on, arranging the right matrix for the kernels costs less than it saves.
    private static let fewRows = 4
    /// Up to this size scratch memory is on the stack.
    private static let stackByteCount = 1 << 15

    static func multiply(_ product: _MatrixProduct<Float>, _ kernels: KernelSet = Processor.kernels) {
        if product.m < fewRows, kernels.splitsRows, product.bColumnStride == 1 {
            for row in 0..<product.m { multiplyRow(product, row) }
            return
        }
        // BLAS takes matrices whose rows or columns lie together.
        if !isPlain(product.aRowStride, product.aColumnStride, product.m, product.k) {
            let copy = packed(product.a, product.aRowStride, product.aColumnStride, product.m, product.k)
            var product = product
            product.a = UnsafePointer(copy.start)
            (product.aRowStride, product.aColumnStride) = (product.k, 1)
            multiply(product, kernels)
            withExtendedLifetime(copy.storage) {}
        } else if !isPlain(product.bRowStride, product.bColumnStride, product.k, product.n) {
            let copy = packed(product.b, product.bRowStride, product.bColumnStride, product.k, product.n)
            var product = product
            product.b = UnsafePointer(copy.start)
            (product.bRowStride, product.bColumnStride) = (product.n, 1)
            multiply(product, kernels)
            withExtendedLifetime(copy.storage) {}
        } else {
            let (m, k, n) = (product.m, product.k, product.n)
            let strided = StridedProduct(
                a: product.a, aRowStride: product.aRowStride, aColumnStride: product.aColumnStride, b: product.b,
                bRowStride: product.bRowStride, bColumnStride: product.bColumnStride, c: product.c, cStride: n, m: m,
                k: k, n: n)
            let size = kernels.stridedScratchByteCount(m, k, n)
            if size <= stackByteCount {
                withUnsafeTemporaryAllocation(byteCount: size + 64, alignment: 64) { memory in
                    if let start = memory.baseAddress { kernels.matmulStrided(strided, 0..<m, start) }
                }
            } else {
                let scratch = TensorStorage(uninitializedByteCount: size)
                if let start = scratch.bytes.baseAddress { kernels.matmulStrided(strided, 0..<m, start) }
                withExtendedLifetime(scratch) {}
            }
        }
    }

    /// Whether rows or columns lie together and do not run backwards or over each other.
    private static func isPlain(_ rowStride: Int, _ columnStride: Int, _ rows: Int, _ columns: Int) -> Bool {
        columnStride == 1 && (rowStride >= columns || rows == 1 && rowStride >= 0)
            || rowStride == 1 && (columnStride >= rows || columns == 1 && columnStride >= 0)
    }

    private static func packed(
        _ matrix: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, _ rows: Int, _ columns: Int
    ) -> (storage: TensorStorage, start: UnsafeMutablePointer<Float>) {
        let storage = TensorStorage(uninitializedByteCount: rows &* columns &* MemoryLayout<Float>.stride)
        let start = storage.bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
        for row in 0..<rows {
            for column in 0..<columns {
                start[row &* columns &+ column] = matrix[row &* rowStride &+ column &* columnStride]
            }
        }
        return (storage, start)
    }

    /// One row of the product: multiples of the right matrix' rows, eight of them at a time.
    private static func multiplyRow(_ product: _MatrixProduct<Float>, _ row: Int) {
        let a = product.a + row &* product.aRowStride
        let (c, step) = (product.c + row &* product.n, product.bRowStride)
        c.update(repeating: 0, count: product.n)
        func factor(_ term: Int) -> Float { a[term &* product.aColumnStride] }
        var term = 0
        while term &+ 8 <= product.k {
            let b = product.b + term &* step
            let (f0, f1, f2, f3) = (factor(term), factor(term &+ 1), factor(term &+ 2), factor(term &+ 3))
            let (f4, f5, f6, f7) = (factor(term &+ 4), factor(term &+ 5), factor(term &+ 6), factor(term &+ 7))
            let (b1, b2, b3, b4) = (b + step, b + 2 &* step, b + 3 &* step, b + 4 &* step)
            let (b5, b6, b7) = (b + 5 &* step, b + 6 &* step, b + 7 &* step)
            for column in 0..<product.n {
                let near = (f0 * b[column] + f1 * b1[column]) + (f2 * b2[column] + f3 * b3[column])
                let far = (f4 * b4[column] + f5 * b5[column]) + (f6 * b6[column] + f7 * b7[column])
                c[column] += near + far
            }
            term &+= 8
        }
        while term < product.k {
            let (multiple, b) = (factor(term), product.b + term &* step)
            for column in 0..<product.n { c[column] += multiple * b[column] }
            term &+= 1
        }
    }
}
