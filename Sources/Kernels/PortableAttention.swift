import EmotionFormerKernelInterface

/// The number of queries whose scores are computed at a time. BLAS packs the keys for each such block, so it is as
/// large as the second-level cache allows.
private func queryBlock(_ keyCount: Int) -> Int {
    let rows = 98_304 / keyCount
    return rows < 16 ? 16 : rows
}

/// The stride from one query's scores to the next: a whole number of vectors.
private func scoreStride(_ keyCount: Int) -> Int { (keyCount &+ laneCount &- 1) / laneCount &* laneCount }

func attentionScratchByteCount(_ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) -> Int {
    queryBlock(keyCount) &* (scoreStride(keyCount) &+ 1) &* MemoryLayout<Float>.stride
}

func attention(_ head: AttentionHead, _ queries: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
    let keyCount = head.keyCount
    let block = queryBlock(keyCount)
    let stride = scoreStride(keyCount)
    let isPlain = head.keyMask == nil && head.mask == nil && !head.isCausal
    let scores = scratch.assumingMemoryBound(to: Float.self)
    let factors = scores + block &* stride
    let key = BLASOperand(
        head.key, rows: head.keyDimension, columns: keyCount, rowStride: 1, columnStride: head.keyStride)
    let value = BLASOperand(
        head.value, rows: keyCount, columns: head.valueDimension, rowStride: head.valueStride, columnStride: 1)
    // Powers of 2 instead of e: the factor log₂ e, and the scale if no bias is added, are applied in the matrix
    // product.
    let factor = isPlain ? head.scale * 1.442_695_04 : 1
    // |q·k| ≤ |q|·|k|: most scores are so small that the maximum need not be subtracted first.
    // With a large factor, lengths that underflow could hide a large score.
    var longestKey = Float.infinity
    if isPlain && factor.magnitude <= 64 {
        longestKey = 0
        var row = 0
        while row < keyCount {
            let length = norm(head.key + row &* head.keyStride, head.keyDimension)
            longestKey = length < longestKey ? longestKey : length
            row &+= 1
        }
        longestKey *= factor.magnitude
    }
    var first = queries.lowerBound
    while first < queries.upperBound {
        let left = queries.upperBound &- first
        let rows = left < block ? left : block
        let query = BLASOperand(
            head.query + first &* head.queryStride, rows: rows, columns: head.keyDimension,
            rowStride: head.queryStride, columnStride: 1)
        multiply(query, key, scores, stride, rows, head.keyDimension, keyCount, scale: factor)
        var row = 0
        while row < rows {
            let scores = scores + row &* stride
            if !isPlain { finishScores(scores, head, first &+ row, 0, keyCount) }
            let bound = norm(head.query + (first &+ row) &* head.queryStride, head.keyDimension) * longestKey
            let sum =
                bound < 60
                ? weighSmall(scores, keyCount, stride, bound)
                : weigh(scores, keyCount, stride, isPlain ? 1 : 1.442_695_04)
            factors[row] = 1 / sum
            row &+= 1
        }
        let weights = BLASOperand(scores, rows: rows, columns: keyCount, rowStride: stride, columnStride: 1)
        multiply(
            weights, value, head.output + first &* head.outputStride, head.outputStride, rows, keyCount,
            head.valueDimension)
        // Dividing a row of the output by the sum of the weights is less work than dividing the weights.
        row = 0
        while row < rows {
            let factor = broadcast(factors[row])
            let output = head.output + (first &+ row) &* head.outputStride
            mapVectors(output, output, head.valueDimension) { $0 * factor }
            if let weights = head.weights {
                mapVectors(scores + row &* stride, weights + (first &+ row) &* head.weightsStride, keyCount) {
                    $0 * factor
                }
            }
            row &+= 1
        }
        first &+= block
    }
}

/// The length of a vector; infinite if it is NaN.
@inline(__always)
private func norm(_ vector: UnsafePointer<Float>, _ count: Int) -> Float {
    let sum = sumOfSquares(vector, count)
    return sum >= 0 ? sum.squareRoot() : .infinity
}

/// Turns the scores of a query into unnormalized weights 2^((score − largest)·factor); returns their sum.
@inline(__always)
private func weigh(_ scores: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int, _ factor: Float) -> Float {
    pad(scores, count, stride, with: -.infinity)
    // The difference of two floats: 0 for the largest score, below 0 for the others, however large they are.
    let top = broadcast(largest(scores, stride))
    let least = broadcast(-127)
    let zero = shifter(raisedBy: 127)
    if factor == 1 { return weigh(scores, stride, zero) { larger(least, load($0) - top) } }
    let factors = broadcast(factor)
    return weigh(scores, stride, zero) { larger(least, (load($0) - top) * factors) }
}

/// The same for scores of at most `bound` < 60 in powers of 2: weights of at most 2¹⁶, whose products with values of
/// 1e-30 to 1e30 neither vanish nor overflow.
@inline(__always)
private func weighSmall(_ scores: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int, _ bound: Float) -> Float {
    let zero = 127 + 16 - bound.rounded(.up)
    pad(scores, count, stride, with: -zero)
    return weigh(scores, stride, shifter(raisedBy: zero)) { load($0) }
}

@inline(__always)
private func pad(_ scores: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int, with value: Float) {
    var lane = count
    while lane < stride {
        scores[lane] = value
        lane &+= 1
    }
}

/// The number that, added to x, leaves the nearest integer of x plus `zero` in the low bits of the sum.
@inline(__always)
private func shifter(raisedBy zero: Float) -> Vector { broadcast(12_582_912 + zero) }

/// Half of the time of attention is spent here: no more operations than needed, whole vectors only.
@inline(__always)
private func weigh(
    _ scores: UnsafeMutablePointer<Float>, _ stride: Int, _ shifter: Vector,
    _ exponent: (UnsafePointer<Float>) -> Vector
) -> Float {
    var sum = broadcast(0)
    var index = 0
    while index < stride {
        let power = powerOfSmall(exponent(scores + index), shifter)
        store(power, scores + index)
        sum = sum + power
        index &+= laneCount
    }
    return sumOfLanes(sum)
}

/// 2^(x + zero − 127) within 3 units in the last place for the shifter of `zero` and results of 2⁻¹²⁶ to 2¹²⁷; 0 at x =
/// −zero.
@inline(__always)
private func powerOfSmall(_ x: Vector, _ shifter: Vector) -> Vector {
    // The low bits of the sum are an exponent's bits: those of −zero are 0.
    let whole = x + shifter
    let f = x - (whole - shifter)
    // A single chain: the optimizer turns several short ones into scalar code.
    var power = f * broadcast(0.001_326_472_73) + broadcast(0.009_671_512_99)
    power = power * f + broadcast(0.055_507_335_8)
    power = power * f + broadcast(0.240_222_424)
    power = power * f + broadcast(0.693_147_004)
    power = power * f + broadcast(1)
    let exponent = unsafeBitCast(whole, to: SIMD8<UInt32>.self) &<< 23
    return power * unsafeBitCast(exponent, to: Vector.self)
}
