#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // Micro-kernels of the quantized product; how one row is multiplied is the level's matter.

    typealias Integers = SIMD8<Int32>

    @inline(__always) var noIntegers: Integers { Integers() }

    /// Elements of a panel for one group of values of k.
    @inline(__always) var weightStep: Int { panelWidth &* weightGroup }

    @inline(__always) func load(_ address: UnsafePointer<Int32>) -> Integers {
        UnsafeRawPointer(address).loadUnaligned(as: Integers.self)
    }

    @inline(__always) func store(_ vector: Integers, _ address: UnsafeMutablePointer<Int32>) {
        UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Integers.self)
    }

    /// What `corrected` needs of the sums of columns: themselves.
    @inline(__always) func digits(_ sums: UnsafePointer<Int32>) -> Integers { load(sums) }

    @inline(__always) func integers(_ address: UnsafePointer<Int32>) -> Integers { load(address) }

    /// products − zeroPoint·sums as floats, lane by lane, from `negativeDigits(zeroPoint)`.
    @inline(__always)
    func corrected(_ products: Integers, _ sums: Integers, _ negativeDigits: Int32) -> Vector {
        // The lower digit is −zeroPoint.
        let factor = Int32(Int16(truncatingIfNeeded: negativeDigits))
        return floats(products &+ sums &* Integers(repeating: factor))
    }

    /// products − zeroPoint·sums as floats, lane by lane.
    @inline(__always)
    func corrected(_ products: UnsafePointer<Int32>, _ sums: UnsafePointer<Int32>, _ zeroPoint: Int32) -> Vector {
        floats(load(products) &- load(sums) &* Integers(repeating: zeroPoint))
    }

    /// Exact integer sums that go to a tile, rows `panelWidth` apart.
    protocol QuantizedRows: RowBlock where Element == UInt8, Weight == PackedWeight {
        /// `sums` are those of the panel's weights, column by column.
        init(_ sums: UnsafePointer<Int32>)
        func put(_ output: UnsafeMutablePointer<Int32>)
        func put(_ target: inout QuantizedTarget)
    }

    extension Stacked: QuantizedRows where Upper: QuantizedRows, Lower: QuantizedRows {
        @inline(__always)
        init(_ sums: UnsafePointer<Int32>) {
            upper = Upper(sums)
            lower = Lower(sums)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Int32>) {
            upper.put(output)
            lower.put(output + Upper.height &* panelWidth)
        }

        @inline(__always)
        func put(_ target: inout QuantizedTarget) {
            upper.put(&target)
            lower.put(&target)
        }
    }

    private typealias TwoRows = Doubled<OneQuantizedRow>
    private typealias FourRows = Doubled<TwoRows>
    private typealias FiveRows = Stacked<FourRows, OneQuantizedRow>

    @inline(__always)
    private func multiply<Rows: QuantizedRows>(
        _ type: Rows.Type, _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>,
        _ groups: Int, _ sums: UnsafePointer<Int32>, _ output: UnsafeMutablePointer<Int32>
    ) {
        var rows = Rows(sums)
        rows.add(a, aStride, panel, groups)
        rows.put(output)
    }

    /// Products of the tallest block that fits into `rows` with one panel, whose columns have these `sums`; returns its
    /// height.
    @inline(__always)
    func multiplyQuantizedBlock(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ rows: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ sums: UnsafePointer<Int32>, _ output: UnsafeMutablePointer<Int32>
    ) -> Int {
        if rows >= 5 {
            multiplyQuantizedBlock5(a, aStride, panel, groups, sums, output)
            return 5
        }
        if rows >= 2 {
            multiplyQuantizedBlock2(a, aStride, panel, groups, sums, output)
            return 2
        }
        multiplyQuantizedRow(a, panel, groups, sums, output)
        return 1
    }

    @inline(never)
    func multiplyQuantizedBlock5(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ sums: UnsafePointer<Int32>, _ output: UnsafeMutablePointer<Int32>
    ) {
        multiply(FiveRows.self, a, aStride, panel, groups, sums, output)
    }

    @inline(never)
    func multiplyQuantizedBlock2(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ sums: UnsafePointer<Int32>, _ output: UnsafeMutablePointer<Int32>
    ) {
        multiply(TwoRows.self, a, aStride, panel, groups, sums, output)
    }

    @inline(never)
    func multiplyQuantizedRow(
        _ a: UnsafePointer<UInt8>, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ sums: UnsafePointer<Int32>, _ output: UnsafeMutablePointer<Int32>
    ) {
        multiply(OneQuantizedRow.self, a, 0, panel, groups, sums, output)
    }

    /// No block of rows fetches the next panel.
    @inline(__always) var quantizedFetchingBlocks: Int { 0 }
    @inline(__always) var fetchedWeights: Int { 0 }

    /// The tallest block from row `row` and column `column`, finished.
    @inline(__always)
    func finishTallestQuantizedBlock(
        _ product: QuantizedProduct, _ panel: UnsafePointer<PackedWeight>, _ sums: UnsafePointer<Int32>, _ row: Int,
        _ column: Int, _ next: UnsafePointer<PackedWeight>?
    ) {
        finishTallestQuantizedBlock(product, panel, sums, row, column)
    }

    @inline(never)
    func finishTallestQuantizedBlock(
        _ product: QuantizedProduct, _ panel: UnsafePointer<PackedWeight>, _ sums: UnsafePointer<Int32>, _ row: Int,
        _ column: Int
    ) {
        let a = (product.a + row &* product.aStride).assumingMemoryBound(to: QuantizedValue.self)
        var rows = FiveRows(sums)
        rows.add(a, product.aStride, panel, (product.k &+ weightGroup &- 1) / weightGroup)
        var target = QuantizedTarget(product, sums, row, column)
        rows.put(&target)
    }
#endif
