import EmotionFormerKernelInterface

// On the portable level a packed matrix is a plain row-major copy, and BLAS makes the product of all rows at once.

func packedMatrixByteCount(_ k: Int, _ n: Int) -> Int { k &* n &* MemoryLayout<Float>.stride }

func packMatrix(
    _ b: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, _ k: Int, _ n: Int,
    _ packed: UnsafeMutableRawPointer
) {
    let output = packed.assumingMemoryBound(to: Float.self)
    var row = 0
    while row < k {
        var column = 0
        while column < n {
            output[row &* n &+ column] = b[row &* rowStride &+ column &* columnStride]
            column &+= 1
        }
        row &+= 1
    }
}

func matmul(_ product: PackedProduct, _ rows: Range<Int>) {
    let count = rows.upperBound &- rows.lowerBound
    if count <= 0 { return }
    let b = BLASOperand(
        product.b.assumingMemoryBound(to: Float.self), rows: product.k, columns: product.n, rowStride: product.n,
        columnStride: 1)
    let previous = prepareRows(rows, product.n, product.epilogue, product.c, product.cStride)
    // Rows that overlap (convolutions read them so) are taken in turns that do not.
    let turns = product.aStride >= product.k || product.aStride <= 0 ? 1 : (product.k &- 1) / product.aStride &+ 1
    var turn = 0
    while turn < turns && turn < count {
        let first = rows.lowerBound &+ turn
        let a = BLASOperand(
            product.a + first &* product.aStride, rows: (count &- turn &+ turns &- 1) / turns, columns: product.k,
            rowStride: product.aStride &* turns, columnStride: 1)
        multiply(
            a, b, product.c + first &* product.cStride, product.cStride &* turns,
            (count &- turn &+ turns &- 1) / turns, product.k, product.n, scale: product.epilogue.scale,
            previous: previous)
        turn &+= 1
    }
    finishRows(rows, product.n, product.epilogue, product.c, product.cStride)
}

func matmulStrided(_ product: StridedProduct, _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
    let count = rows.upperBound &- rows.lowerBound
    if count <= 0 { return }
    let a = BLASOperand(
        product.a + rows.lowerBound &* product.aRowStride, rows: count, columns: product.k,
        rowStride: product.aRowStride, columnStride: product.aColumnStride)
    let b = BLASOperand(
        product.b, rows: product.k, columns: product.n, rowStride: product.bRowStride,
        columnStride: product.bColumnStride)
    let previous = prepareRows(rows, product.n, product.epilogue, product.c, product.cStride)
    multiply(
        a, b, product.c + rows.lowerBound &* product.cStride, product.cStride, count, product.k, product.n,
        scale: product.epilogue.scale, previous: previous)
    finishRows(rows, product.n, product.epilogue, product.c, product.cStride)
}

func stridedScratchByteCount(_ m: Int, _ k: Int, _ n: Int) -> Int { 0 }

/// Writes the summands before the activation (and the residual, if there is no activation) into the output, so that
/// BLAS adds the product to them. This avoids clearing the output and a second pass over it.
/// - Returns: BLAS's factor of the output's previous contents.
private func prepareRows(
    _ rows: Range<Int>, _ n: Int, _ epilogue: Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
) -> Float {
    var first = epilogue
    if first.activation != .linear { first.residual = nil }
    if first.bias == nil && first.rowTable == nil && first.residual == nil { return 0 }
    first.activation = .linear
    let zero = broadcast(0)
    finish(tile(rows, n, c, cStride), first, c, cStride) { _, _, _ in zero }
    return 1
}

private func finishRows(
    _ rows: Range<Int>, _ n: Int, _ epilogue: Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
) {
    if epilogue.activation == .linear { return }
    var rest = epilogue
    rest.scale = 1
    rest.bias = nil
    rest.rowTable = nil
    finish(tile(rows, n, c, cStride), rest, c, cStride)
}

private func tile(
    _ rows: Range<Int>, _ n: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
) -> ProductTile {
    ProductTile(
        values: c + rows.lowerBound &* cStride, stride: cStride, row: rows.lowerBound, column: 0,
        rows: rows.upperBound &- rows.lowerBound, columns: n)
}
