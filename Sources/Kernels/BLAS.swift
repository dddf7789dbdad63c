#if canImport(Accelerate)
    import Accelerate
#endif

/// A matrix in memory as BLAS sees it: one of the strides is 1, the other the leading dimension.
struct BLASOperand {
    var address: UnsafePointer<Float>
    var leadingDimension: Int
    var isTransposed: Bool

    init(_ address: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, columnStride: Int) {
        self.address = address
        // A single row or column has no meaningful stride, but BLAS checks the leading dimension.
        if columnStride == 1 || (columns == 1 && rowStride != 1) {
            isTransposed = false
            leadingDimension = rows == 1 ? columns : (rowStride > columns ? rowStride : columns)
        } else {
            isTransposed = true
            leadingDimension = columns == 1 ? rows : (columnStride > rows ? columnStride : rows)
        }
    }
}

/// C = scale·A·B + previous·C by BLAS, or by `multiplyPlainly` if there is no BLAS.
func multiply(
    _ a: BLASOperand, _ b: BLASOperand, _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ m: Int, _ k: Int, _ n: Int,
    scale: Float = 1, previous: Float = 0
) {
    let rows = Int32(truncatingIfNeeded: m)
    let columns = Int32(truncatingIfNeeded: n)
    let terms = Int32(truncatingIfNeeded: k)
    let aLeading = Int32(truncatingIfNeeded: a.leadingDimension)
    let bLeading = Int32(truncatingIfNeeded: b.leadingDimension)
    let cLeading = Int32(truncatingIfNeeded: m == 1 ? n : cStride)
    #if canImport(Accelerate)
        cblas_sgemm(
            CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans, rows,
            columns, terms, scale, a.address, aLeading, b.address, bLeading, previous, c, cLeading)
    #else
        guard let library = BLASLibrary.shared else {
            return multiplyPlainly(a, b, c, cStride, m, k, n, scale: scale, previous: previous)
        }
        library.product(
            BLASLibrary.rowMajor, a.isTransposed ? BLASLibrary.transposed : BLASLibrary.asItStands,
            b.isTransposed ? BLASLibrary.transposed : BLASLibrary.asItStands, rows, columns, terms, scale, a.address,
            aLeading, b.address, bLeading, previous, c, cLeading)
    #endif
}
