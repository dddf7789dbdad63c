import EmotionFormerKernelInterface

// Packed weights of the portable level: the n sums of the rows as Int32, then the rows, n × k.

func packedQuantizedByteCount(_ k: Int, _ n: Int) -> Int { n &* MemoryLayout<Int32>.stride &+ k &* n }

func packQuantizedMatrix(_ weights: UnsafePointer<Int8>, _ k: Int, _ n: Int, _ packed: UnsafeMutableRawPointer) {
    let sums = packed.assumingMemoryBound(to: Int32.self)
    let rows = (packed + n &* MemoryLayout<Int32>.stride).assumingMemoryBound(to: Int8.self)
    rows.update(from: weights, count: k &* n)
    var column = 0
    while column < n {
        let row = weights + column &* k
        var sum: Int32 = 0
        var index = 0
        while index < k {
            sum &+= Int32(row[index])
            index &+= 1
        }
        sums[column] = sum
        column &+= 1
    }
}

/// Packs B, k × n, row after row.
func packQuantizedRows(_ b: UnsafePointer<Int8>, _ k: Int, _ n: Int, _ packed: UnsafeMutableRawPointer) {
    let sums = packed.assumingMemoryBound(to: Int32.self)
    let rows = (packed + n &* MemoryLayout<Int32>.stride).assumingMemoryBound(to: Int8.self)
    var column = 0
    while column < n {
        var sum: Int32 = 0
        var index = 0
        while index < k {
            let weight = b[index &* n &+ column]
            rows[column &* k &+ index] = weight
            sum &+= Int32(weight)
            index &+= 1
        }
        sums[column] = sum
        column &+= 1
    }
}

func matmulQuantized(_ product: QuantizedProduct, _ rows: Range<Int>) {
    let n = product.n
    var epilogue = product.epilogue
    epilogue.bias = nil
    epilogue.scale = 1
    let bias = product.epilogue.bias
    // A few columns at a time in separate memory, because the output may hold the residual.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columnBlock) { buffer in
        guard let values = buffer.baseAddress else { return }
        var row = rows.lowerBound
        while row < rows.upperBound {
            var first = 0
            while first < n {
                let columns = n &- first < columnBlock ? n &- first : columnBlock
                var column = 0
                while column < columns {
                    values[column] = dequantized(product, row, first &+ column, bias)
                    column &+= 1
                }
                let tile = ProductTile(
                    values: values, stride: columnBlock, row: row, column: first, rows: 1, columns: columns)
                finish(tile, epilogue, product.c, product.cStride)
                first &+= columnBlock
            }
            row &+= 1
        }
    }
}

private let columnBlock = 64

/// One element before the activation.
@inline(__always)
private func dequantized(
    _ product: borrowing QuantizedProduct, _ row: Int, _ column: Int, _ bias: UnsafePointer<Float>?
) -> Float {
    let sums = product.b.assumingMemoryBound(to: Int32.self)
    let weights = (product.b + product.n &* MemoryLayout<Int32>.stride).assumingMemoryBound(to: Int8.self)
    let quantization = product.rowQuantization[row &* product.rowQuantizationStride]
    let values = (product.a + row &* product.aStride).assumingMemoryBound(to: UInt8.self)
    let products = dotOfBytes(values, weights + column &* product.k, product.k)
    let sum = Float(products &- quantization.zeroPoint &* sums[column])
    let start = bias.map { $0[column] } ?? 0
    let scale = product.weightScales[column]
    switch product.rule {
    case .xnnpack: return start.addingProduct(sum * quantization.scale, scale)
    case .builtin: return start + sum * (scale * quantization.scale)
    }
}

/// Σ a·b in 32 bits.
@inline(__always)
func dotOfBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<Int8>, _ count: Int) -> Int32 {
    var sum: Int32 = 0
    var index = 0
    while index < count {
        sum &+= Int32(a[index]) &* Int32(b[index])
        index &+= 1
    }
    return sum
}
