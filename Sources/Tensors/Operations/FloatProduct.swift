import EmotionFormerCore
import EmotionFormerKernels

/// Products of 32-bit matrices by the kernels of this processor's level.
enum FloatProduct {
    /// From this number of rows on, arranging the right matrix for the kernels costs less than it saves.
    private static let fewRows = 4

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
            let scratch = TensorStorage(uninitializedByteCount: kernels.stridedScratchByteCount(m, k, n))
            let strided = StridedProduct(
                a: product.a, aRowStride: product.aRowStride, aColumnStride: product.aColumnStride, b: product.b,
                bRowStride: product.bRowStride, bColumnStride: product.bColumnStride, c: product.c, cStride: n, m: m,
                k: k, n: n)
            if let memory = scratch.bytes.baseAddress { kernels.matmulStrided(strided, 0..<m, memory) }
            withExtendedLifetime(scratch) {}
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

    /// One row of the product: multiples of the right matrix' rows, four of them at a time.
    private static func multiplyRow(_ product: _MatrixProduct<Float>, _ row: Int) {
        let a = product.a + row &* product.aRowStride
        let c = product.c + row &* product.n
        c.update(repeating: 0, count: product.n)
        var term = 0
        while term &+ 4 <= product.k {
            let (f0, f1) = (a[term &* product.aColumnStride], a[(term &+ 1) &* product.aColumnStride])
            let (f2, f3) = (a[(term &+ 2) &* product.aColumnStride], a[(term &+ 3) &* product.aColumnStride])
            let b0 = product.b + term &* product.bRowStride
            let (b1, b2) = (b0 + product.bRowStride, b0 + 2 &* product.bRowStride)
            let b3 = b0 + 3 &* product.bRowStride
            for column in 0..<product.n {
                c[column] += f0 * b0[column] + f1 * b1[column] + (f2 * b2[column] + f3 * b3[column])
            }
            term &+= 4
        }
        while term < product.k {
            let factor = a[term &* product.aColumnStride]
            let b = product.b + term &* product.bRowStride
            for column in 0..<product.n { c[column] += factor * b[column] }
            term &+= 1
        }
    }
}
