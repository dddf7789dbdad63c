import EmotionFormerKernelInterface

/// Queries whose scores are in memory at a time: BLAS packs the keys anew for each such block, so it is as large as the
/// second-level cache allows.
private func queryBlock(_ keyCount: Int) -> Int {
    let rows = 98_304 / keyCount
    return rows < 16 ? 16 : rows
}

/// From one query's scores to the next: whole vectors.
private func scoreStride(_ keyCount: Int) -> Int { (keyCount &+ laneCount &- 1) / laneCount &* laneCount }

func attentionScratchByteCount(_ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) -> Int {
    queryBlock(keyCount) &* (scoreStride(keyCount) &+ 1) &* MemoryLayout<Float>.stride
}

func attention(_ head: AttentionHead, _ queries: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
    let keyCount = head.keyCount
    let block = queryBlock(keyCount)
    let stride = scoreStride(keyCount)
    let isPlain = head.keyMask == nil && head.mask == nil && !head.isCausal && head.bias == nil
    let scores = scratch.assumingMemoryBound(to: Float.self)
    let factors = scores + block &* stride
    let key = BLASOperand(
        head.key, rows: head.keyDimension, columns: keyCount, rowStride: 1, columnStride: head.keyStride)
    let value = BLASOperand(
        head.value, rows: keyCount, columns: head.valueDimension, rowStride: head.valueStride, columnStride: 1)
    // Powers of 2 instead of e: their factor, and the scale if nothing comes between, go into the product.
    let factor = isPlain ? head.scale * 1.442_695_04 : 1
    // |q·k| ≤ |q|·|k|: most scores are so small that their powers need no maximum to be taken off first.
    var longestKey = Float.infinity
    if isPlain {
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
            if !isPlain {
                finishScores(scores, head, first &+ row, 0, keyCount)
                mapVectors(scores, scores, keyCount) { $0 * broadcast(1.442_695_04) }
            }
            let bound = norm(head.query + (first &+ row) &* head.queryStride, head.keyDimension) * longestKey
            factors[row] = 1 / (bound < 60 ? weighSmall(scores, keyCount, stride) : weigh(scores, keyCount, stride))
            row &+= 1
        }
        let weights = BLASOperand(scores, rows: rows, columns: keyCount, rowStride: stride, columnStride: 1)
        multiply(
            weights, value, head.output + first &* head.outputStride, head.outputStride, rows, keyCount,
            head.valueDimension)
        // A row of the output is shorter than one of the weights, so it is divided by their sum instead of them.
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

/// The length of a vector; infinite if it is not a number.
@inline(__always)
private func norm(_ vector: UnsafePointer<Float>, _ count: Int) -> Float {
    var squares = broadcast(0)
    var index = 0
    while index &+ laneCount <= count {
        let values = load(vector + index)
        squares = squares + values * values
        index &+= laneCount
    }
    let rest = count &- index
    if rest > 0 {
        let values = load(vector + index, first: rest)
        squares = squares + values * values
    }
    let sum = sumOfLanes(squares)
    return sum >= 0 ? sum.squareRoot() : .infinity
}

/// Turns the scores of a query, in powers of 2, into weights that lack the division by their sum; returns the sum.
@inline(__always)
private func weigh(_ scores: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int) -> Float {
    pad(scores, count, stride, with: -.greatestFiniteMagnitude)
    let top = broadcast(largest(scores, stride))
    let least = broadcast(-127)
    return weigh(scores, stride) { larger(least, load($0) - top) }
}

/// The same for scores within ±60.
@inline(__always)
private func weighSmall(_ scores: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int) -> Float {
    pad(scores, count, stride, with: -127)
    return weigh(scores, stride) { load($0) }
}

@inline(__always)
private func pad(_ scores: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int, with value: Float) {
    var lane = count
    while lane < stride {
        scores[lane] = value
        lane &+= 1
    }
}

/// Half of attention's time: no more operations than needed, and whole vectors alone.
@inline(__always)
private func weigh(
    _ scores: UnsafeMutablePointer<Float>, _ stride: Int, _ exponent: (UnsafePointer<Float>) -> Vector
) -> Float {
    var sum = broadcast(0)
    var index = 0
    while index < stride {
        let power = powerOfSmall(exponent(scores + index))
        store(power, scores + index)
        sum = sum + power
        index &+= laneCount
    }
    return sumOfLanes(sum)
}

/// 2ˣ within 3 units in the last place for −126 ≤ x ≤ 127; 0 at −127.
@inline(__always)
private func powerOfSmall(_ x: Vector) -> Vector {
    // The low bits of the sum hold the nearest integer, raised by 127 to be an exponent's bits: those of −127 are 0.
    let magic = broadcast(12_582_912 + 127)
    let whole = x + magic
    let f = x - (whole - magic)
    // One chain: of several short ones the optimiser makes scalar code.
    var power = f * broadcast(0.001_326_472_73) + broadcast(0.009_671_512_99)
    power = power * f + broadcast(0.055_507_335_8)
    power = power * f + broadcast(0.240_222_424)
    power = power * f + broadcast(0.693_147_004)
    power = power * f + broadcast(1)
    let exponent = unsafeBitCast(whole, to: SIMD8<UInt32>.self) &<< 23
    return power * unsafeBitCast(exponent, to: Vector.self)
}
