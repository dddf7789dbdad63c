import EmotionFormerKernelInterface

/// Queries whose scores are in memory at a time.
private let queryBlock = 64

func attentionScratchByteCount(_ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) -> Int {
    queryBlock &* keyCount &* MemoryLayout<Float>.stride
}

func attention(_ head: AttentionHead, _ queries: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
    let scores = scratch.assumingMemoryBound(to: Float.self)
    let keyCount = head.keyCount
    let key = BLASOperand(
        head.key, rows: head.keyDimension, columns: keyCount, rowStride: 1, columnStride: head.keyStride)
    let value = BLASOperand(
        head.value, rows: keyCount, columns: head.valueDimension, rowStride: head.valueStride, columnStride: 1)
    var first = queries.lowerBound
    while first < queries.upperBound {
        let left = queries.upperBound &- first
        let rows = left < queryBlock ? left : queryBlock
        let query = BLASOperand(
            head.query + first &* head.queryStride, rows: rows, columns: head.keyDimension,
            rowStride: head.queryStride, columnStride: 1)
        multiply(query, key, scores, keyCount, rows, head.keyDimension, keyCount)
        var row = 0
        while row < rows {
            finishScores(scores + row &* keyCount, head, first &+ row, 0, keyCount)
            row &+= 1
        }
        softmax(scores, keyCount, scores, keyCount, rows, keyCount)
        if let weights = head.weights {
            row = 0
            while row < rows {
                (weights + (first &+ row) &* head.weightsStride).update(from: scores + row &* keyCount, count: keyCount)
                row &+= 1
            }
        }
        let weights = BLASOperand(scores, rows: rows, columns: keyCount, rowStride: keyCount, columnStride: 1)
        multiply(
            weights, value, head.output + first &* head.outputStride, head.outputStride, rows, keyCount,
            head.valueDimension)
        first &+= queryBlock
    }
}
