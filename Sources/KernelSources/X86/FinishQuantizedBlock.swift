#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerKernelInterface

    // The tallest blocks of a quantized product with the cheapest epilogues, finished in registers.

    /// Weights that a loop over k fetches from afar for each group, and the blocks of rows that it takes to fetch a panel.
    @inline(__always) var fetchedWeights: Int { laneCount &* 4 / MemoryLayout<PackedWeight>.stride }
    @inline(__always) var quantizedFetchingBlocks: Int { weightStep / fetchedWeights }

    /// The tallest block from row `row` and column `column`, finished; fetches what begins at `next`.
    @inline(__always)
    func finishTallestQuantizedBlock(
        _ product: QuantizedProduct, _ panel: UnsafePointer<PackedWeight>, _ sums: UnsafePointer<Int32>, _ row: Int,
        _ column: Int, _ next: UnsafePointer<PackedWeight>?
    ) {
        if let next {
            finishTallestQuantizedBlockAndFetch(product, panel, sums, row, column, next)
        } else {
            finishTallestQuantizedBlock(product, panel, sums, row, column)
        }
    }

    @inline(never)
    func finishTallestQuantizedBlock(
        _ product: QuantizedProduct, _ panel: UnsafePointer<PackedWeight>, _ sums: UnsafePointer<Int32>, _ row: Int,
        _ column: Int
    ) {
        if tallestBlock >= 12 {
            finish(TwelveQuantizedRows.self, product, panel, sums, row, column)
        } else {
            finish(SixQuantizedRows.self, product, panel, sums, row, column)
        }
    }

    @inline(never)
    func finishTallestQuantizedBlockAndFetch(
        _ product: QuantizedProduct, _ panel: UnsafePointer<PackedWeight>, _ sums: UnsafePointer<Int32>, _ row: Int,
        _ column: Int, _ next: UnsafePointer<PackedWeight>
    ) {
        if tallestBlock >= 12 {
            finish(TwelveQuantizedRows.self, product, panel, sums, row, column, fetching: next)
        } else {
            finish(SixQuantizedRows.self, product, panel, sums, row, column, fetching: next)
        }
    }

    @inline(__always)
    private func finish<Rows: QuantizedRows>(
        _ type: Rows.Type, _ product: QuantizedProduct, _ panel: UnsafePointer<PackedWeight>,
        _ sums: UnsafePointer<Int32>, _ row: Int, _ column: Int, fetching next: UnsafePointer<PackedWeight>? = nil
    ) {
        let a = (product.a + row &* product.aStride).assumingMemoryBound(to: QuantizedValue.self)
        let rows = Rows(
            a, product.aStride / MemoryLayout<QuantizedValue>.stride, panel,
            (product.k &+ weightGroup &- 1) / weightGroup, fetching: next)
        var target = QuantizedTarget(product, sums, row, column)
        rows.put(&target)
    }
#endif
