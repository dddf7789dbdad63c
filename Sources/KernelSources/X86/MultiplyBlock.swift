#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    // Micro-kernels of the float product.

    /// The sums of three rows times one packed panel, in registers.
    struct ThreeRows: ProductRows {
        private var a: UnsafePointer<Float>
        private var c00 = broadcast(0)
        private var c01 = broadcast(0)
        private var c10 = broadcast(0)
        private var c11 = broadcast(0)
        private var c20 = broadcast(0)
        private var c21 = broadcast(0)

        static var height: Int { @inline(__always) get { 3 } }
        static var panelStep: Int { @inline(__always) get { panelWidth } }

        @inline(__always) init(_ a: UnsafePointer<Float>, _ aStride: Int) { self.a = a }

        @inline(__always)
        static func columns(_ panel: UnsafePointer<Float>) -> (Vector, Vector) {
            (load(panel), load(panel + laneCount))
        }

        /// Panels of two cache lines a value of k come from the second-level cache: eight values ahead. Those of one
        /// line come soon enough by themselves, and each instruction counts.
        @inline(__always)
        static func fetchAhead(_ panel: UnsafePointer<Float>) {
            if panelWidth <= 16 { return }
            emotionformer_prefetch(panel + 8 &* panelWidth)
            emotionformer_prefetch(panel + (8 &* panelWidth &+ 16))
        }

        @inline(__always)
        mutating func add(_ offset: Int, _ aStride: Int, _ x0: Vector, _ x1: Vector) {
            // One row without an index, three instructions with two multiplications for the others.
            c00 = multiplyAdd(at: a + offset, x0, c00)
            c01 = multiplyAdd(at: a + offset, x1, c01)
            var e = broadcast(at: a + (offset &+ aStride))
            c10 = multiplyAdd(e, x0, c10)
            c11 = multiplyAdd(e, x1, c11)
            e = broadcast(at: a + (offset &+ 2 &* aStride))
            c20 = multiplyAdd(e, x0, c20)
            c21 = multiplyAdd(e, x1, c21)
        }

        @inline(__always) mutating func beginRound() { a = opaque(a) }
        @inline(__always) mutating func advance(by count: Int) { a += count }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            store(c00, output)
            store(c01, output + laneCount)
            store(c10, output + stride)
            store(c11, output + (stride &+ laneCount))
            store(c20, output + 2 &* stride)
            store(c21, output + (2 &* stride &+ laneCount))
        }

        @inline(__always)
        func put<Target: RowTarget>(_ target: inout Target) {
            target.put(c00, c01)
            target.put(c10, c11)
            target.put(c20, c21)
        }

        @inline(__always)
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget) {
            target.put(c00, c01, weights)
            target.advanced(by: 1).put(c10, c11, weights)
            target.advanced(by: 2).put(c20, c21, weights)
        }
    }

    /// The sums of three rows times the left half of a packed panel, in registers.
    struct ThreeNarrowRows: ProductRows {
        private var a: UnsafePointer<Float>
        private var c0 = broadcast(0)
        private var c1 = broadcast(0)
        private var c2 = broadcast(0)

        static var height: Int { @inline(__always) get { 3 } }
        static var panelStep: Int { @inline(__always) get { panelWidth } }

        @inline(__always) init(_ a: UnsafePointer<Float>, _ aStride: Int) { self.a = a }

        @inline(__always)
        static func columns(_ panel: UnsafePointer<Float>) -> (Vector, Vector) {
            let left = load(panel)
            return (left, left)
        }

        @inline(__always) static func fetchAhead(_ panel: UnsafePointer<Float>) {}

        @inline(__always)
        mutating func add(_ offset: Int, _ aStride: Int, _ x: Vector, _: Vector) {
            c0 = multiplyAdd(at: a + offset, x, c0)
            c1 = multiplyAdd(broadcast(at: a + (offset &+ aStride)), x, c1)
            c2 = multiplyAdd(broadcast(at: a + (offset &+ 2 &* aStride)), x, c2)
        }

        @inline(__always) mutating func beginRound() { a = opaque(a) }
        @inline(__always) mutating func advance(by count: Int) { a += count }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            store(c0, output)
            store(c1, output + stride)
            store(c2, output + 2 &* stride)
        }

        @inline(__always)
        func put<Target: RowTarget>(_ target: inout Target) {
            target.put(c0, broadcast(0))
            target.put(c1, broadcast(0))
            target.put(c2, broadcast(0))
        }

        /// Scores of keys need whole panels.
        @inline(__always) func weigh(_ weights: BoundedWeights, _ target: WeightTarget) {}
    }

    /// Sums of a float product, and what may become of them.
    protocol ProductRows: RowSums where Element == Float, Weight == Float, Columns == Vector {
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int)
        func put<Target: RowTarget>(_ target: inout Target)
        /// Turns the sums, scores of a panel's keys, into weights.
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget)
    }

    extension Twice: ProductRows where Half: ProductRows {
        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            upper.put(output, stride)
            lower.put(output + Half.height &* stride, stride)
        }

        @inline(__always)
        func put<Target: RowTarget>(_ target: inout Target) {
            upper.put(&target)
            lower.put(&target)
        }

        @inline(__always)
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget) {
            upper.weigh(weights, target)
            lower.weigh(weights, target.advanced(by: Half.height))
        }
    }

    /// 3 rows without rounds: they leave the units idle anyway.
    @inline(__always)
    private func threeRows(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int
    ) -> ThreeRows {
        var rows = ThreeRows(a, aStride)
        var b = panel
        var left = k
        while left > 0 {
            rows.add(0, aStride, load(b), load(b + laneCount))
            rows.advance(by: 1)
            b += panelWidth
            left &-= 1
        }
        return rows
    }

    private typealias SixRows = Twice<ThreeRows>
    private typealias TwelveRows = Twice<SixRows>

    /// Products of the tallest block that fits into `rows` with one panel; returns its height.
    @inline(__always)
    func multiplyBlock(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ rows: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) -> Int {
        if tallestBlock >= 12 && rows >= 12 {
            multiplyBlock12(a, aStride, panel, k, output, outputStride)
            return 12
        }
        if rows >= 6 {
            multiplyBlock6(a, aStride, panel, k, output, outputStride)
            return 6
        }
        if rows >= 3 {
            multiplyBlock3(a, aStride, panel, k, output, outputStride)
            return 3
        }
        multiplyRow1(a, panel, k, output)
        return 1
    }

    @inline(never)
    func multiplyBlock12(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        TwelveRows(a, aStride, panel, k).put(output, outputStride)
    }

    @inline(never)
    func multiplyBlock6(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        SixRows(a, aStride, panel, k).put(output, outputStride)
    }

    @inline(never)
    func multiplyBlock3(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        threeRows(a, aStride, panel, k).put(output, outputStride)
    }

    /// The tallest block from row `row` and column `column`, finished; fetches what begins at `next`.
    @inline(__always)
    func finishTallestBlock(_ product: PackedProduct, _ row: Int, _ column: Int, _ next: UnsafePointer<Float>?) {
        if let next {
            finishTallestBlockAndFetch(product, row, column, next)
        } else {
            finishTallestBlock(product, row, column)
        }
    }

    @inline(never)
    func finishTallestBlock(_ product: PackedProduct, _ row: Int, _ column: Int) {
        if tallestBlock >= 12 {
            finish(TwelveRows.self, product, row, column)
        } else {
            finish(SixRows.self, product, row, column)
        }
    }

    @inline(never)
    func finishTallestBlockAndFetch(
        _ product: PackedProduct, _ row: Int, _ column: Int, _ next: UnsafePointer<Float>
    ) {
        if tallestBlock >= 12 {
            finish(TwelveRows.self, product, row, column, fetching: next)
        } else {
            finish(SixRows.self, product, row, column, fetching: next)
        }
    }

    /// Rows of a block of the left half of a panel.
    @inline(__always) var narrowBlock: Int { 12 }

    @inline(never)
    func finishNarrowBlocks(_ product: PackedProduct, _ row: Int, _ blocks: Int, _ column: Int) {
        finish(Twice<Twice<ThreeNarrowRows>>.self, product, row, blocks, column)
    }

    /// The tallest blocks that follow each other, by one panel.
    @inline(never)
    func finishTallestBlocks(_ product: PackedProduct, _ row: Int, _ blocks: Int, _ column: Int) {
        if tallestBlock >= 12 {
            finish(TwelveRows.self, product, row, blocks, column)
        } else {
            finish(SixRows.self, product, row, blocks, column)
        }
    }

    @inline(__always)
    private func finish<Rows: ProductRows>(
        _ type: Rows.Type, _ product: PackedProduct, _ row: Int, _ blocks: Int, _ column: Int
    ) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        var target = PanelTarget(product, row, column)
        var a = product.a + row &* product.aStride
        var left = blocks
        while left > 0 {
            let rows = Rows(a, product.aStride, panel, product.k)
            rows.put(&target)
            a += Rows.height &* product.aStride
            left &-= 1
        }
    }

    @inline(__always)
    private func finish<Rows: ProductRows>(
        _ type: Rows.Type, _ product: PackedProduct, _ row: Int, _ column: Int,
        fetching next: UnsafePointer<Float>? = nil
    ) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        let rows = Rows(product.a + row &* product.aStride, product.aStride, panel, product.k, fetching: next)
        var target = ProductTarget(product, row, column)
        rows.put(&target)
    }

    /// The weights of the tallest block of queries that fits into `rows`, for a panel of keys; returns its height.
    @inline(__always)
    func weighBlock(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ rows: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ weights: BoundedWeights, _ target: WeightTarget
    ) -> Int {
        if tallestBlock >= 12 && rows >= 12 {
            weighBlock12(a, aStride, panel, k, weights, target)
            return 12
        }
        if rows >= 6 {
            weighBlock6(a, aStride, panel, k, weights, target)
            return 6
        }
        if rows >= 3 {
            weighBlock3(a, aStride, panel, k, weights, target)
            return 3
        }
        weighRow(a, panel, k, weights, target)
        return 1
    }

    @inline(never)
    func weighBlock12(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ weights: BoundedWeights,
        _ target: WeightTarget
    ) {
        TwelveRows(a, aStride, panel, k).weigh(weights, target)
    }

    @inline(never)
    func weighBlock6(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ weights: BoundedWeights,
        _ target: WeightTarget
    ) {
        SixRows(a, aStride, panel, k).weigh(weights, target)
    }

    @inline(never)
    func weighBlock3(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ weights: BoundedWeights,
        _ target: WeightTarget
    ) {
        threeRows(a, aStride, panel, k).weigh(weights, target)
    }

    func weighRow(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ k: Int, _ weights: BoundedWeights,
        _ target: WeightTarget
    ) {
        multiplyRow1(a, panel, k, target.values)
        target.put(load(target.values), load(target.values + laneCount), weights)
    }
#endif
