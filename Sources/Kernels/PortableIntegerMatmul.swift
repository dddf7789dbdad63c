import EmotionFormerKernelInterface

func matmulIntegers(_ product: IntegerMatrixProduct, _ rows: Range<Int>) {
    let (k, n) = (product.k, product.n)
    let weights = (product.b + n &* MemoryLayout<Int32>.stride).assumingMemoryBound(to: Int8.self)
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: columnBlock) { buffer in
        guard let sums = buffer.baseAddress else { return }
        var row = rows.lowerBound
        while row < rows.upperBound {
            let a = (product.a + row &* product.aStride).assumingMemoryBound(to: UInt8.self)
            var first = 0
            while first < n {
                let columns = n &- first < columnBlock ? n &- first : columnBlock
                var column = 0
                while column < columns {
                    sums[column] = dotOfBytes(a, weights + (first &+ column) &* k, k)
                    column &+= 1
                }
                let block = SumBlock(
                    sums: sums, stride: columnBlock, row: row, column: first, rows: 1, columns: columns)
                block.store(product)
                first &+= columns
            }
            row &+= 1
        }
    }
}

private let columnBlock = 64
