/// C = scale·A·B + previous·C without BLAS: on every platform, at about a quarter of BLAS's speed.
func multiplyPlainly(
    _ a: BLASOperand, _ b: BLASOperand, _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ m: Int, _ k: Int, _ n: Int,
    scale: Float, previous: Float
) {
    let aRowStride = a.isTransposed ? 1 : a.leadingDimension
    let aColumnStride = a.isTransposed ? a.leadingDimension : 1
    var column = 0
    while column < n {
        let count = n &- column < laneCount ? n &- column : laneCount
        var row = 0
        while row < m {
            // Rows beyond the last repeat it, and are not stored.
            let last = m &- 1
            let a0 = a.address + row &* aRowStride
            let a1 = a.address + (row &+ 1 < last ? row &+ 1 : last) &* aRowStride
            let a2 = a.address + (row &+ 2 < last ? row &+ 2 : last) &* aRowStride
            let a3 = a.address + (row &+ 3 < last ? row &+ 3 : last) &* aRowStride
            var (sum0, sum1, sum2, sum3) = (Vector(), Vector(), Vector(), Vector())
            var term = 0
            while term < k {
                let right = columns(b, term, column, count)
                let place = term &* aColumnStride
                sum0 = multiplyAdd(broadcast(a0[place]), right, sum0)
                sum1 = multiplyAdd(broadcast(a1[place]), right, sum1)
                sum2 = multiplyAdd(broadcast(a2[place]), right, sum2)
                sum3 = multiplyAdd(broadcast(a3[place]), right, sum3)
                term &+= 1
            }
            let target = c + (row &* cStride &+ column)
            finish(sum0, target, count, scale, previous)
            if row &+ 1 < m { finish(sum1, target + cStride, count, scale, previous) }
            if row &+ 2 < m { finish(sum2, target + 2 &* cStride, count, scale, previous) }
            if row &+ 3 < m { finish(sum3, target + 3 &* cStride, count, scale, previous) }
            row &+= 4
        }
        column &+= laneCount
    }
}

/// `count` neighboring elements of a row, 0 behind them.
@inline(__always)
private func columns(_ b: BLASOperand, _ row: Int, _ column: Int, _ count: Int) -> Vector {
    if !b.isTransposed {
        let start = b.address + (row &* b.leadingDimension &+ column)
        return count == laneCount ? load(start) : load(start, first: count)
    }
    var vector = Vector()
    var lane = 0
    while lane < count {
        vector[lane] = b.address[(column &+ lane) &* b.leadingDimension &+ row]
        lane &+= 1
    }
    return vector
}

@inline(__always)
private func finish(
    _ sum: Vector, _ target: UnsafeMutablePointer<Float>, _ count: Int, _ scale: Float, _ previous: Float
) {
    var result = broadcast(scale) * sum
    // As in BLAS, C is not read if `previous` is 0: it may hold NaN.
    if previous != 0 { result = multiplyAdd(broadcast(previous), load(target, first: count), result) }
    store(result, target, first: count)
}
