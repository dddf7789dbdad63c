#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Floats of A that one pass over the panels may touch: less than half of a core's second-level cache.
    @inline(__always) private var cachedElements: Int { 98_304 }

    /// Floats of B that go through all rows together: an eighth of that cache.
    @inline(__always) private var cachedWeights: Int { 32_768 }

    /// Floats of a B that stays in half of the first-level cache, and of the rows that pass it together.
    @inline(__always) private var nearElements: Int { 4_096 }

    func matmul(_ product: PackedProduct, _ rows: Range<Int>) {
        let k = product.k
        if rows.upperBound &- rows.lowerBound == 1 && product.n > panelWidth {
            multiplySingleRow(product, rows.lowerBound)
            return
        }
        let width = panelCount(product.n) &* panelWidth
        let isMany = rows.upperBound &- rows.lowerBound >= tallestBlock &* narrowBlock
        if isMany && k &* width <= nearElements && PanelTarget.serves(product.epilogue) {
            multiplyNear(product, rows)
            return
        }
        let blocks = cachedElements / (k &* tallestBlock)
        let chunk = (blocks < 1 ? 1 : blocks) &* tallestBlock
        let panels = cachedWeights / (k &* panelWidth)
        let group = (panels < 1 ? 1 : panels) &* panelWidth
        // The last panel may have columns in its left half alone.
        let rest = product.n % panelWidth
        let isNarrow = rest > 0 && rest <= laneCount && PanelTarget.serves(product.epilogue)
        let n = isNarrow ? product.n &- rest : product.n
        var first = rows.lowerBound
        while first < rows.upperBound {
            let last = first &+ chunk < rows.upperBound ? first &+ chunk : rows.upperBound
            var column = 0
            while column < n {
                let end = column &+ group < n ? column &+ group : n
                multiplyGroup(product, first, last, column, end)
                column = end
            }
            if isNarrow { multiplyPanel(product, first, last, n) }
            first = last
        }
    }

    /// A small B, as convolutions have: many blocks of rows by one panel, then by the next.
    private func multiplyNear(_ product: PackedProduct, _ rows: Range<Int>) {
        let unit = tallestBlock &* narrowBlock
        let units = nearElements / (product.k &* unit)
        let chunk = (units < 1 ? 1 : units) &* unit
        var first = rows.lowerBound
        while first < rows.upperBound {
            let last = first &+ chunk < rows.upperBound ? first &+ chunk : rows.upperBound
            var column = 0
            while column < product.n {
                multiplyPanel(product, first, last, column)
                column &+= panelWidth
            }
            first = last
        }
    }

    /// Rows times one panel; if it has columns in its left half alone, more rows at a time.
    private func multiplyPanel(_ product: PackedProduct, _ first: Int, _ last: Int, _ column: Int) {
        var row = first
        let left = product.n &- column
        if left <= laneCount {
            let blocks = (last &- row) / narrowBlock
            if blocks > 0 { finishNarrowBlocks(product, row, blocks, column) }
            row &+= blocks &* narrowBlock
        }
        let blocks = (last &- row) / tallestBlock
        if blocks > 0 { finishTallestBlocks(product, row, blocks, column) }
        row &+= blocks &* tallestBlock
        let end = left < panelWidth ? product.n : column &+ panelWidth
        if row < last { multiplyGroup(product, row, last, column, end) }
    }

    /// Rows times a group of panels; meanwhile the next group comes from afar.
    private func multiplyGroup(_ product: PackedProduct, _ first: Int, _ last: Int, _ column: Int, _ end: Int) {
        let k = product.k
        let isSimple = ProductTarget.serves(product.epilogue, product.n)
        let isServed = PanelTarget.serves(product.epilogue)
        let panels = product.b.assumingMemoryBound(to: Float.self)
        let fetched = end < product.n ? first &+ fetchingBlocks &* tallestBlock : first
        var memory = emptyBlockMemory
        withUnsafeMutableBytes(of: &memory) { bytes in
            guard let address = bytes.baseAddress else { return }
            let tile = address.assumingMemoryBound(to: Float.self)
            var row = first
            while row < last {
                let left = last &- row
                var height = left
                var next = panels + (end &* k &+ (row &- first) / tallestBlock &* k &* laneCount)
                var here = column
                while here < end {
                    let width = product.n &- here < panelWidth ? product.n &- here : panelWidth
                    if isSimple && width == panelWidth && left >= tallestBlock {
                        finishTallestBlock(product, row, here, row < fetched ? next : nil)
                        height = tallestBlock
                    } else if isServed && left >= tallestBlock {
                        finishTallestBlocks(product, row, 1, here)
                        height = tallestBlock
                    } else {
                        height = multiplyBlock(
                            product.a + row &* product.aStride, product.aStride, left, panels + here &* k, k, tile,
                            panelWidth)
                        let result = ProductTile(
                            values: tile, stride: panelWidth, row: row, column: here, rows: height, columns: width)
                        finishProduct(result, product.epilogue, product.c, product.cStride)
                    }
                    next += k &* panelWidth
                    here &+= panelWidth
                }
                row &+= height
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
        if !isDone { finishTile(tile, copy epilogue, c, cStride) }
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
                finishTile(result, product.epilogue, product.c, product.cStride)
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
