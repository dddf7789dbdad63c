#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // Micro-kernels of the float product.

    /// Sums of a float product, and what may become of them.
    protocol ProductRows: RowBlock where Element == Float, Weight == Float, Columns == (Vector, Vector) {
        init()
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int)
        func put<Target: RowTarget>(_ target: inout Target)
        /// Turns the sums, scores of a panel's keys, into weights.
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget)
    }

    /// The sums of one row times one packed panel.
    struct OneRow: ProductRows {
        private var left = broadcast(0)
        private var right = broadcast(0)

        @inline(__always) init() {}

        static var height: Int { @inline(__always) get { 1 } }
        static var roundLength: Int { @inline(__always) get { 4 } }
        static var step: Int { @inline(__always) get { 1 } }
        static var panelStep: Int { @inline(__always) get { panelWidth } }

        @inline(__always)
        static func columns(_ panel: UnsafePointer<Float>) -> (Vector, Vector) {
            (load(panel), load(panel + laneCount))
        }

        @inline(__always)
        static func lanes(_ a: UnsafePointer<Float>, _ aStride: Int) -> SIMD4<Float> {
            UnsafeRawPointer(a).loadUnaligned(as: SIMD4<Float>.self)
        }

        @inline(__always)
        static func lane(_ a: UnsafePointer<Float>, _ aStride: Int) -> SIMD4<Float> { SIMD4(repeating: a[0]) }

        @inline(__always)
        mutating func add(_ lane: Int, of lanes: SIMD4<Float>, _ columns: (Vector, Vector)) {
            let e = broadcast(lanes[lane])
            left = multiplyAdd(columns.0, e, left)
            right = multiplyAdd(columns.1, e, right)
        }

        @inline(__always)
        func after(_ address: UnsafePointer<Float>) -> UnsafePointer<Float> {
            loaded(after: left, right, address)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            store(left, output)
            store(right, output + laneCount)
        }

        @inline(__always) func put<Target: RowTarget>(_ target: inout Target) { target.put(left, right) }

        @inline(__always)
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget) { target.put(left, right, weights) }
    }

    /// The sums of one row times the left half of a packed panel.
    struct OneNarrowRow: RowBlock {
        private var left = broadcast(0)

        @inline(__always) init() {}

        static var height: Int { @inline(__always) get { 1 } }
        static var roundLength: Int { @inline(__always) get { 4 } }
        static var step: Int { @inline(__always) get { 1 } }
        static var panelStep: Int { @inline(__always) get { panelWidth } }

        @inline(__always) static func columns(_ panel: UnsafePointer<Float>) -> Vector { load(panel) }

        @inline(__always)
        static func lanes(_ a: UnsafePointer<Float>, _ aStride: Int) -> SIMD4<Float> { OneRow.lanes(a, aStride) }

        @inline(__always)
        static func lane(_ a: UnsafePointer<Float>, _ aStride: Int) -> SIMD4<Float> { OneRow.lane(a, aStride) }

        @inline(__always)
        mutating func add(_ lane: Int, of lanes: SIMD4<Float>, _ columns: Vector) {
            left = multiplyAdd(columns, broadcast(lanes[lane]), left)
        }

        @inline(__always)
        func after(_ address: UnsafePointer<Float>) -> UnsafePointer<Float> { loaded(after: left, left, address) }

        @inline(__always) func put(_ target: inout PanelTarget) { target.put(left, broadcast(0)) }
    }

    private typealias TwoNarrowRows = Doubled<OneNarrowRow>

    /// Rows of a block of the left half of a panel.
    @inline(__always) var narrowBlock: Int { 8 }

    @inline(never)
    func finishNarrowBlocks(_ product: PackedProduct, _ row: Int, _ blocks: Int, _ column: Int) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        var target = PanelTarget(product, row, column)
        var a = product.a + row &* product.aStride
        var left = blocks
        while left > 0 {
            let two = TwoNarrowRows(upper: OneNarrowRow(), lower: OneNarrowRow())
            let four = Doubled<TwoNarrowRows>(upper: two, lower: two)
            var rows = Doubled<Doubled<TwoNarrowRows>>(upper: four, lower: four)
            rows.add(a, product.aStride, panel, product.k)
            put(rows.upper, &target)
            put(rows.lower, &target)
            a += narrowBlock &* product.aStride
            left &-= 1
        }
    }

    /// The tallest blocks that follow each other, by one panel.
    @inline(never)
    func finishTallestBlocks(_ product: PackedProduct, _ row: Int, _ blocks: Int, _ column: Int) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        var target = PanelTarget(product, row, column)
        var a = product.a + row &* product.aStride
        var left = blocks
        while left > 0 {
            let rows = sums(FiveRows.self, a, product.aStride, panel, product.k)
            rows.put(&target)
            a += tallestBlock &* product.aStride
            left &-= 1
        }
    }

    @inline(__always)
    private func put(_ rows: Doubled<TwoNarrowRows>, _ target: inout PanelTarget) {
        rows.upper.upper.put(&target)
        rows.upper.lower.put(&target)
        rows.lower.upper.put(&target)
        rows.lower.lower.put(&target)
    }

    extension Stacked: ProductRows where Upper: ProductRows, Lower: ProductRows {
        @inline(__always)
        init() {
            upper = Upper()
            lower = Lower()
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            upper.put(output, stride)
            lower.put(output + Upper.height &* stride, stride)
        }

        @inline(__always)
        func put<Target: RowTarget>(_ target: inout Target) {
            upper.put(&target)
            lower.put(&target)
        }

        @inline(__always)
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget) {
            upper.weigh(weights, target)
            lower.weigh(weights, target.advanced(by: Upper.height))
        }
    }

    private typealias TwoRows = Doubled<OneRow>
    private typealias FourRows = Doubled<TwoRows>
    private typealias FiveRows = Stacked<FourRows, OneRow>

    @inline(__always)
    private func sums<Rows: ProductRows>(
        _ type: Rows.Type, _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int
    ) -> Rows {
        var rows = Rows()
        rows.add(a, aStride, panel, k)
        return rows
    }

    /// Products of the tallest block that fits into `rows` with one panel; returns its height.
    @inline(__always)
    func multiplyBlock(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ rows: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) -> Int {
        if rows >= 5 {
            multiplyBlock5(a, aStride, panel, k, output, outputStride)
            return 5
        }
        if rows == 4 {
            multiplyBlock4(a, aStride, panel, k, output, outputStride)
            return 4
        }
        if rows >= 2 {
            multiplyBlock2(a, aStride, panel, k, output, outputStride)
            return 2
        }
        multiplyRow1(a, panel, k, output)
        return 1
    }

    @inline(never)
    func multiplyBlock5(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        sums(FiveRows.self, a, aStride, panel, k).put(output, outputStride)
    }

    @inline(never)
    func multiplyBlock4(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        sums(FourRows.self, a, aStride, panel, k).put(output, outputStride)
    }

    @inline(never)
    func multiplyBlock2(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        sums(TwoRows.self, a, aStride, panel, k).put(output, outputStride)
    }

    /// 1 row × one panel.
    @inline(never)
    func multiplyRow1(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ k: Int, _ output: UnsafeMutablePointer<Float>
    ) {
        sums(OneRow.self, a, 0, panel, k).put(output, 0)
    }

    /// 1 row × 4 panels, `panelStride` apart.
    @inline(never)
    func multiplyRow4(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ panelStride: Int, _ k: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var (row0, row1, row2, row3) = (OneRow(), OneRow(), OneRow(), OneRow())
        var b = panel
        var index = 0
        @inline(__always) func add(_ lane: Int, of lanes: SIMD4<Float>) {
            row0.add(lane, of: lanes, OneRow.columns(b))
            row1.add(lane, of: lanes, OneRow.columns(b + panelStride))
            row2.add(lane, of: lanes, OneRow.columns(b + 2 &* panelStride))
            row3.add(lane, of: lanes, OneRow.columns(b + 3 &* panelStride))
            b += panelWidth
        }
        while index &+ 4 <= k {
            let lanes = OneRow.lanes(a + index, 0)
            add(0, of: lanes)
            add(1, of: lanes)
            add(2, of: lanes)
            add(3, of: lanes)
            b = row3.after(row2.after(row1.after(row0.after(b))))
            index &+= 4
        }
        while index < k {
            add(0, of: OneRow.lane(a + index, 0))
            index &+= 1
        }
        row0.put(output, 0)
        row1.put(output + panelWidth, 0)
        row2.put(output + 2 &* panelWidth, 0)
        row3.put(output + 3 &* panelWidth, 0)
    }

    /// The tallest block from row `row` and column `column`, finished.
    @inline(__always)
    func finishTallestBlock(_ product: PackedProduct, _ row: Int, _ column: Int, _ next: UnsafePointer<Float>?) {
        finishTallestBlock(product, row, column)
    }

    @inline(never)
    func finishTallestBlock(_ product: PackedProduct, _ row: Int, _ column: Int) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        let rows = sums(
            FiveRows.self, product.a + row &* product.aStride, product.aStride, panel, product.k)
        var target = ProductTarget(product, row, column)
        rows.put(&target)
    }

    /// The weights of the tallest block of queries that fits into `rows`, for a panel of keys; returns its height.
    @inline(__always)
    func weighBlock(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ rows: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ weights: BoundedWeights, _ target: WeightTarget
    ) -> Int {
        if rows >= 5 {
            weighBlock5(a, aStride, panel, k, weights, target)
            return 5
        }
        if rows >= 2 {
            weighBlock2(a, aStride, panel, k, weights, target)
            return 2
        }
        weighRow(a, panel, k, weights, target)
        return 1
    }

    @inline(never)
    func weighBlock5(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ weights: BoundedWeights,
        _ target: WeightTarget
    ) {
        sums(FiveRows.self, a, aStride, panel, k).weigh(weights, target)
    }

    @inline(never)
    func weighBlock2(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ weights: BoundedWeights,
        _ target: WeightTarget
    ) {
        sums(TwoRows.self, a, aStride, panel, k).weigh(weights, target)
    }

    @inline(never)
    func weighRow(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ k: Int, _ weights: BoundedWeights,
        _ target: WeightTarget
    ) {
        sums(OneRow.self, a, 0, panel, k).weigh(weights, target)
    }
#endif
