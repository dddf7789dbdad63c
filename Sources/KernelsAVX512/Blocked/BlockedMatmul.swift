#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerKernelInterface

    /// Floats of B that stay in a core's second-level cache while blocks of rows pass by.
    @inline(__always) private var cachedWeights: Int { 200_000 }

    /// Floats of A that a pass over the panels of a larger B may touch: half of that cache.
    @inline(__always) private var cachedElements: Int { 98_304 }

    /// Rows that go through all panels before the next ones do.
    @inline(__always)
    private func rowChunk(_ k: Int, _ n: Int) -> Int {
        if k &* n <= cachedWeights { return tallestBlock }
        let blocks = cachedElements / (k &* tallestBlock)
        return (blocks < 1 ? 1 : blocks) &* tallestBlock
    }

    func matmul(_ product: PackedProduct, _ rows: Range<Int>) {
        let k = product.k
        let n = product.n
        if rows.upperBound &- rows.lowerBound == 1 && n > panelWidth {
            multiplySingleRow(product, rows.lowerBound)
            return
        }
        let chunk = rowChunk(k, n)
        var memory = emptyBlockMemory
        withUnsafeMutableBytes(of: &memory) { bytes in
            guard let address = bytes.baseAddress else { return }
            let tile = address.assumingMemoryBound(to: Float.self)
            let panels = product.b.assumingMemoryBound(to: Float.self)
            var first = rows.lowerBound
            while first < rows.upperBound {
                let last = first &+ chunk < rows.upperBound ? first &+ chunk : rows.upperBound
                var column = 0
                while column < n {
                    let panel = panels + column &* k
                    let width = n &- column < panelWidth ? n &- column : panelWidth
                    var row = first
                    while row < last {
                        let height = multiplyBlock(
                            product.a + row &* product.aStride, product.aStride, last &- row, panel, k, tile, panelWidth
                        )
                        let result = ProductTile(
                            values: tile, stride: panelWidth, row: row, column: column, rows: height, columns: width)
                        finishProduct(result, product.epilogue, product.c, product.cStride)
                        row &+= height
                    }
                    column &+= panelWidth
                }
                first = last
            }
        }
    }

    @inline(__always)
    private func finishProduct(
        _ tile: ProductTile, _ epilogue: borrowing Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
    ) {
        let scale = broadcast(epilogue.scale)
        let biases = epilogue.bias
        let isDone = finishPanel(tile, epilogue, c, cStride) { column in
            var bias = broadcast(-0.0)
            if let biases { bias = load(biases + (tile.column &+ column)) }
            return PanelColumns(scale: scale, bias: bias, sums: noIntegers)
        } _: { row, column, columns in
            load(tile.values + (row &* tile.stride &+ column)) * columns.scale + columns.bias
        }
        if !isDone { finish(tile, copy epilogue, c, cStride) }
    }

    /// A row alone has too few accumulators in one panel to keep the units busy: four panels at a time.
    private func multiplySingleRow(_ product: PackedProduct, _ row: Int) {
        let k = product.k
        let n = product.n
        var memory = emptyBlockMemory
        withUnsafeMutableBytes(of: &memory) { bytes in
            guard let address = bytes.baseAddress else { return }
            let tile = address.assumingMemoryBound(to: Float.self)
            let panels = product.b.assumingMemoryBound(to: Float.self)
            let a = product.a + row &* product.aStride
            var column = 0
            while column < n {
                var width = n &- column
                if width > 3 &* panelWidth {
                    multiplyRow4(a, panels + column &* k, panelWidth &* k, k, tile)
                    width = width < 4 &* panelWidth ? width : 4 &* panelWidth
                } else {
                    multiplyRow1(a, panels + column &* k, k, tile)
                    width = width < panelWidth ? width : panelWidth
                }
                let result = ProductTile(
                    values: tile, stride: 4 &* panelWidth, row: row, column: column, rows: 1, columns: width)
                finish(result, product.epilogue, product.c, product.cStride)
                column &+= width
            }
        }
    }

    func stridedScratchByteCount(_ m: Int, _ k: Int, _ n: Int) -> Int {
        // A may have to be turned as well, a block at a time.
        packedMatrixByteCount(k, n) &+ tallestBlock &* k &* MemoryLayout<Float>.stride
    }

    func matmulStrided(_ product: StridedProduct, _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
        let k = product.k
        packMatrix(product.b, product.bRowStride, product.bColumnStride, k, product.n, scratch)
        if product.aColumnStride == 1 {
            let packed = PackedProduct(
                a: product.a, aStride: product.aRowStride, b: scratch, c: product.c, cStride: product.cStride,
                m: product.m, k: k, n: product.n, epilogue: product.epilogue)
            matmul(packed, rows)
            return
        }
        let turned = (scratch + packedMatrixByteCount(k, product.n)).assumingMemoryBound(to: Float.self)
        var first = rows.lowerBound
        while first < rows.upperBound {
            let left = rows.upperBound &- first
            let height = left < tallestBlock ? left : tallestBlock
            var index = 0
            while index < k {
                let from = product.a + (first &* product.aRowStride &+ index &* product.aColumnStride)
                var row = 0
                while row < height {
                    turned[row &* k &+ index] = from[row &* product.aRowStride]
                    row &+= 1
                }
                index &+= 1
            }
            // Rows count from the product's first: the turned block stands where its first row would be row `first`.
            let packed = PackedProduct(
                a: turned - first &* k, aStride: k, b: scratch, c: product.c, cStride: product.cStride, m: product.m,
                k: k, n: product.n, epilogue: product.epilogue)
            matmul(packed, first..<(first &+ height))
            first &+= height
        }
    }
#endif
