#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// The blocks of the dynamic-range product, with another last step.
    func matmulIntegers(_ product: IntegerMatrixProduct, _ rows: Range<Int>) {
        let n = product.n
        let a = product.a.assumingMemoryBound(to: QuantizedValue.self)
        let aStride = product.aStride / MemoryLayout<QuantizedValue>.stride
        let sizes = QuantizedPanels(k: product.k, n: n)
        let sums = product.b.assumingMemoryBound(to: Int32.self)
        let panels = (product.b + sizes.sumByteCount).assumingMemoryBound(to: PackedWeight.self)
        let chunk = quantizedRowChunk(product.k)
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
                    let columns = n &- column < panelWidth ? n &- column : panelWidth
                    var row = first
                    while row < last {
                        let height = multiplyQuantizedBlock(
                            a + row &* aStride, aStride, last &- row, panel, sizes.groupCount,
                            sums + column, tile)
                        var index = 0
                        while index < height {
                            storeScaled(
                                tile + index &* panelWidth, product.offsets + column,
                                product.rowOffsets.map { $0[row &+ index] } ?? 0, product.scaling, column,
                                product.c + ((row &+ index) &* product.cStride &+ column), columns)
                            index &+= 1
                        }
                        row &+= height
                    }
                    column &+= panelWidth
                    panel += sizes.panelElementCount
                }
                first = last
            }
        }
    }

    /// The layout of packed int8 weights.
    struct QuantizedPanels {
        let groupCount: Int
        let sumByteCount: Int
        let panelElementCount: Int

        @inline(__always)
        init(k: Int, n: Int) {
            groupCount = (k &+ weightGroup &- 1) / weightGroup
            sumByteCount = panelCount(n) &* panelWidth &* MemoryLayout<Int32>.stride
            panelElementCount = groupCount &* weightGroup &* panelWidth
        }
    }
#endif
