#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // Packed weights: the sums of the columns as Int32, filled up to whole panels, then the panels; in a panel
    // `weightGroup` values of k lie beside each other for each of its columns, filled up with zeros.

    @inline(__always) private func groupCount(_ k: Int) -> Int { (k &+ weightGroup &- 1) / weightGroup }

    @inline(__always) private func sumByteCount(_ n: Int) -> Int {
        panelCount(n) &* panelWidth &* MemoryLayout<Int32>.stride
    }

    @inline(__always) private func panelElementCount(_ k: Int) -> Int { groupCount(k) &* weightGroup &* panelWidth }

    func packedQuantizedByteCount(_ k: Int, _ n: Int) -> Int {
        sumByteCount(n) &+ panelCount(n) &* panelElementCount(k) &* MemoryLayout<PackedWeight>.stride
    }

    func packQuantizedMatrix(_ weights: UnsafePointer<Int8>, _ k: Int, _ n: Int, _ packed: UnsafeMutableRawPointer) {
        let sums = packed.assumingMemoryBound(to: Int32.self)
        let panels = (packed + sumByteCount(n)).assumingMemoryBound(to: PackedWeight.self)
        var column = 0
        while column < panelCount(n) &* panelWidth {
            let to = panels + ((column / panelWidth) &* panelElementCount(k) &+ column % panelWidth &* weightGroup)
            if column < n {
                sums[column] = packColumn(weights + column &* k, k, to)
            } else {
                sums[column] = 0
                var group = 0
                while group < groupCount(k) {
                    (to + group &* weightStep).update(repeating: 0, count: weightGroup)
                    group &+= 1
                }
            }
            column &+= 1
        }
    }

    /// Packs B, k × n, row after row.
    func packQuantizedRows(_ b: UnsafePointer<Int8>, _ k: Int, _ n: Int, _ packed: UnsafeMutableRawPointer) {
        let sums = packed.assumingMemoryBound(to: Int32.self)
        var panel = (packed + sumByteCount(n)).assumingMemoryBound(to: PackedWeight.self)
        var column = 0
        while column < n {
            let width = n &- column < panelWidth ? n &- column : panelWidth
            (sums + column).update(repeating: 0, count: panelWidth)
            var group = 0
            while group < groupCount(k) {
                let row = group &* weightGroup
                let rows = k &- row < weightGroup ? k &- row : weightGroup
                let to = panel + group &* weightStep
                let from = b + (row &* n &+ column)
                if width == panelWidth && rows == weightGroup {
                    packRows(from, n, panelWidth, weightGroup, to, sums + column)
                } else {
                    to.update(repeating: 0, count: weightStep)
                    packRows(from, n, width, rows, to, sums + column)
                }
                group &+= 1
            }
            column &+= panelWidth
            panel += panelElementCount(k)
        }
    }

    /// Up to `weightGroup` rows of a panel, side by side for each column; adds them to the columns' sums.
    @inline(__always)
    private func packRows(
        _ b: UnsafePointer<Int8>, _ stride: Int, _ width: Int, _ rows: Int,
        _ output: UnsafeMutablePointer<PackedWeight>, _ sums: UnsafeMutablePointer<Int32>
    ) {
        var column = 0
        while column < width {
            var sum = sums[column]
            var row = 0
            while row < rows {
                let weight = b[row &* stride &+ column]
                output[column &* weightGroup &+ row] = PackedWeight(truncatingIfNeeded: weight)
                sum &+= Int32(truncatingIfNeeded: weight)
                row &+= 1
            }
            sums[column] = sum
            column &+= 1
        }
    }

    /// One column of a panel; returns its sum.
    @inline(__always)
    private func packColumn(_ weights: UnsafePointer<Int8>, _ k: Int, _ output: UnsafeMutablePointer<PackedWeight>)
        -> Int32
    {
        var to = output
        var from = weights
        var left = k
        while left >= weightGroup {
            packGroup(from, to)
            from += weightGroup
            to += weightStep
            left &-= weightGroup
        }
        if left > 0 {
            var index = 0
            while index < weightGroup {
                to[index] = index < left ? PackedWeight(truncatingIfNeeded: from[index]) : 0
                index &+= 1
            }
        }
        // By itself: a sum of neighbors is one of vectors.
        var sum: Int32 = 0
        var index = 0
        while index < k {
            sum &+= Int32(truncatingIfNeeded: weights[index])
            index &+= 1
        }
        return sum
    }

    /// Bytes of A that a pass over the panels may touch: half of a core's second-level cache.
    @inline(__always) private var cachedBytes: Int { 393_216 }

    /// Rows of A that a pass over the panels takes.
    @inline(__always) func quantizedRowChunk(_ k: Int) -> Int {
        let blocks = cachedBytes / (k &* tallestBlock)
        return (blocks < 1 ? 1 : blocks) &* tallestBlock
    }

    func matmulQuantized(_ product: QuantizedProduct, _ rows: Range<Int>) {
        let n = product.n
        let groups = groupCount(product.k)
        let isSimple =
            ProductTarget.serves(product.epilogue.activation) && product.epilogue.rowTableColumns >= product.n
        let a = product.a.assumingMemoryBound(to: QuantizedValue.self)
        let aStride = product.aStride / MemoryLayout<QuantizedValue>.stride
        let chunk = quantizedRowChunk(product.k)
        let sums = product.b.assumingMemoryBound(to: Int32.self)
        let panels = (product.b + sumByteCount(n)).assumingMemoryBound(to: PackedWeight.self)
        var memory = emptyBlockMemory
        withUnsafeMutableBytes(of: &memory) { bytes in
            guard let address = bytes.baseAddress else { return }
            let tile = address.assumingMemoryBound(to: Int32.self)
            var first = rows.lowerBound
            while first < rows.upperBound {
                let last = first &+ chunk < rows.upperBound ? first &+ chunk : rows.upperBound
                var column = 0
                var panel = UnsafePointer(panels)
                while column < n {
                    let next = panel + panelElementCount(product.k)
                    let isWhole = isSimple && n &- column >= panelWidth
                    // The first blocks bring the next panel.
                    let fetched = n &- column > panelWidth ? first &+ quantizedFetchingBlocks &* tallestBlock : first
                    var row = first
                    while row < last {
                        if isWhole && last &- row >= tallestBlock {
                            let share = next + (row &- first) / tallestBlock &* groups &* fetchedWeights
                            finishTallestQuantizedBlock(
                                product, panel, sums + column, row, column, row < fetched ? share : nil)
                            row &+= tallestBlock
                            continue
                        }
                        let height = multiplyQuantizedBlock(
                            a + row &* aStride, aStride, last &- row, panel, groups, sums + column, tile)
                        finishQuantized(product, tile, sums + column, row, column, height)
                        row &+= height
                    }
                    column &+= panelWidth
                    panel = next
                }
                first = last
            }
        }
    }

    /// −zeroPoint and −128·zeroPoint in 16 bits each, to multiply with two digits of base 128.
    @inline(__always) func negativeDigits(_ zeroPoint: Int32) -> Int32 {
        let low = Int32(0) &- zeroPoint
        return (low & 0xFFFF) | ((low &* 128) &<< 16)
    }

    /// Integers to floats, then the epilogue.
    @inline(__always)
    private func finishQuantized(
        _ product: borrowing QuantizedProduct, _ tile: UnsafeMutablePointer<Int32>, _ sums: UnsafePointer<Int32>,
        _ row: Int, _ column: Int, _ height: Int
    ) {
        let width = product.n &- column < panelWidth ? product.n &- column : panelWidth
        var epilogue = product.epilogue
        epilogue.bias = nil
        let quantization = product.rowQuantization + row &* product.rowQuantizationStride
        let quantizationStride = product.rowQuantizationStride
        let scales = product.weightScales + column
        var bias: UnsafePointer<Float>?
        if let all = product.epilogue.bias { bias = all + column }
        let result = ProductTile(
            values: UnsafeRawPointer(tile).assumingMemoryBound(to: Float.self), stride: panelWidth, row: row,
            column: column, rows: height, columns: width)
        let prepare = { (lane: Int) -> PanelColumns in
            var start = broadcast(0)
            if let bias { start = load(bias + lane) }
            return PanelColumns(scale: load(scales + lane), bias: start, sums: digits(sums + lane))
        }
        let isDone: Bool
        switch product.rule {
        case .xnnpack:
            isDone = finishPanel(result, epilogue, product.c, product.cStride, prepare) { index, lane, columns in
                let parameters = quantization[index &* quantizationStride]
                let sum = corrected(
                    integers(tile + (index &* panelWidth &+ lane)), columns.sums, negativeDigits(parameters.zeroPoint))
                return multiplyAdd(sum * broadcast(parameters.scale), columns.scale, columns.bias)
            }
        case .builtin:
            isDone = finishPanel(result, epilogue, product.c, product.cStride, prepare) { index, lane, columns in
                let parameters = quantization[index &* quantizationStride]
                let sum = corrected(
                    integers(tile + (index &* panelWidth &+ lane)), columns.sums, negativeDigits(parameters.zeroPoint))
                return columns.bias + sum * (columns.scale * broadcast(parameters.scale))
            }
        }
        if isDone { return }
        epilogue.scale = 1
        let values = UnsafeMutableRawPointer(tile).assumingMemoryBound(to: Float.self)
        var index = 0
        while index < height {
            let parameters = quantization[index &* quantizationStride]
            let rowScale = broadcast(parameters.scale)
            var lane = 0
            while lane < width {
                let lanes = width &- lane < laneCount ? width &- lane : laneCount
                let place = index &* panelWidth &+ lane
                let sum = corrected(tile + place, sums + lane, parameters.zeroPoint)
                let scale = load(scales + lane, first: lanes)
                let start = bias.map { load($0 + lane, first: lanes) } ?? broadcast(0)
                switch product.rule {
                case .xnnpack: store(multiplyAdd(sum * rowScale, scale, start), values + place)
                case .builtin: store(start + sum * (scale * rowScale), values + place)
                }
                lane &+= laneCount
            }
            index &+= 1
        }
        finishTile(result, epilogue, product.c, product.cStride)
    }
#endif
