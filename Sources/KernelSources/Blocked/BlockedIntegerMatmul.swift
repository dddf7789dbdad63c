#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Blocks of rows that a level finishes in registers. It has a function of its own for that, which goes before that of
    /// the protocol.
    enum IntegerBlocks: IntegerBlockDefaults {}

    protocol IntegerBlockDefaults {}

    extension IntegerBlockDefaults {
        /// The tallest blocks of a whole panel, from column `column`.
        /// - Returns: the row after them; the others go by a tile of sums.
        @inline(__always)
        static func finishTallest(
            _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ rows: Range<Int>,
            _ column: Int
        ) -> Int { rows.lowerBound }
    }

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
                    if columns == panelWidth {
                        row = IntegerBlocks.finishTallest(product, panel, sizes.groupCount, first..<last, column)
                    }
                    while row < last {
                        let height = multiplyQuantizedBlock(
                            a + row &* aStride, aStride, last &- row, panel, sizes.groupCount,
                            sums + column, tile)
                        let block = SumBlock(
                            sums: tile, stride: panelWidth, row: row, column: column, rows: height, columns: columns)
                        block.store(product)
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
