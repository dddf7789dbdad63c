#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    // Micro-kernels of the quantized product.

    /// Elements of a panel for one group of values of k, and half of them: one vector.
    @inline(__always) var weightStep: Int { panelWidth &* weightGroup }
    @inline(__always) var weightHalf: Int { laneCount &* weightGroup }

    /// The exact integer sums of three rows times one packed panel, in registers.
    struct ThreeQuantizedRows: QuantizedRows {
        private var a: UnsafePointer<QuantizedValue>
        private var c00 = noIntegers
        private var c01 = noIntegers
        private var c10 = noIntegers
        private var c11 = noIntegers
        private var c20 = noIntegers
        private var c21 = noIntegers

        static var height: Int { @inline(__always) get { 3 } }
        static var panelStep: Int { @inline(__always) get { weightStep } }

        @inline(__always) init(_ a: UnsafePointer<QuantizedValue>, _ aStride: Int) { self.a = a }

        @inline(__always)
        static func columns(_ panel: UnsafePointer<PackedWeight>) -> (Integers, Integers) {
            (weights(panel), weights(panel + weightHalf))
        }

        @inline(__always) static func fetchAhead(_ panel: UnsafePointer<PackedWeight>) {}

        @inline(__always)
        mutating func add(_ offset: Int, _ aStride: Int, _ x0: Integers, _ x1: Integers) {
            let first = a + offset &* weightGroup
            var e = group(first)
            c00 = accumulate(e, x0, c00)
            c01 = accumulate(e, x1, c01)
            e = group(first + aStride)
            c10 = accumulate(e, x0, c10)
            c11 = accumulate(e, x1, c11)
            e = group(first + 2 &* aStride)
            c20 = accumulate(e, x0, c20)
            c21 = accumulate(e, x1, c21)
        }

        @inline(__always) mutating func beginRound() { a = opaque(a) }
        @inline(__always) mutating func advance(by groups: Int) { a += groups &* weightGroup }

        @inline(__always)
        func put<Target: SumTarget>(_ target: inout Target) {
            target.put(c00, c01)
            target.put(c10, c11)
            target.put(c20, c21)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Int32>) {
            store(c00, output)
            store(c01, output + laneCount)
            store(c10, output + panelWidth)
            store(c11, output + (panelWidth &+ laneCount))
            store(c20, output + 2 &* panelWidth)
            store(c21, output + (2 &* panelWidth &+ laneCount))
        }
    }

    /// Sums that go to a tile of integers, rows `panelWidth` apart.
    protocol QuantizedRows: RowSums where Element == QuantizedValue, Weight == PackedWeight, Columns == Integers {
        func put(_ output: UnsafeMutablePointer<Int32>)
        func put<Target: SumTarget>(_ target: inout Target)
    }

    /// Where rows of sums go, straight from the registers in which they were summed.
    protocol SumTarget {
        /// Stores the next row of a whole panel.
        mutating func put(_ left: Integers, _ right: Integers)
    }

    extension QuantizedTarget: SumTarget {}

    extension Twice: QuantizedRows where Half: QuantizedRows {
        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Int32>) {
            upper.put(output)
            lower.put(output + Half.height &* panelWidth)
        }

        @inline(__always)
        func put<Target: SumTarget>(_ target: inout Target) {
            upper.put(&target)
            lower.put(&target)
        }
    }

    typealias SixQuantizedRows = Twice<ThreeQuantizedRows>
    typealias TwelveQuantizedRows = Twice<SixQuantizedRows>

    /// Products of the tallest block that fits into `rows` with one panel; returns its height. The sums of the panel's
    /// columns are not needed: a row's numbers are multiplied as they are.
    @inline(__always)
    func multiplyQuantizedBlock(
        _ a: UnsafePointer<QuantizedValue>, _ aStride: Int, _ rows: Int, _ panel: UnsafePointer<PackedWeight>,
        _ groups: Int, _ sums: UnsafePointer<Int32>,
        _ output: UnsafeMutablePointer<Int32>
    ) -> Int {
        if tallestBlock >= 12 && rows >= 12 {
            multiplyQuantizedBlock12(a, aStride, panel, groups, output)
            return 12
        }
        if rows >= 6 {
            multiplyQuantizedBlock6(a, aStride, panel, groups, output)
            return 6
        }
        if rows >= 3 {
            multiplyQuantizedBlock3(a, aStride, panel, groups, output)
            return 3
        }
        multiplyQuantizedRow(a, panel, groups, output)
        return 1
    }

    @inline(never)
    func multiplyQuantizedBlock12(
        _ a: UnsafePointer<QuantizedValue>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        TwelveQuantizedRows(a, aStride, panel, groups).put(output)
    }

    @inline(never)
    func multiplyQuantizedBlock6(
        _ a: UnsafePointer<QuantizedValue>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        SixQuantizedRows(a, aStride, panel, groups).put(output)
    }

    @inline(never)
    func multiplyQuantizedBlock3(
        _ a: UnsafePointer<QuantizedValue>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        var rows = ThreeQuantizedRows(a, aStride)
        var b = panel
        var index = 0
        while index < groups {
            rows.add(index, aStride, weights(b), weights(b + weightHalf))
            b += weightStep
            index &+= 1
        }
        rows.put(output)
    }

    @inline(never)
    func multiplyQuantizedRow(
        _ a: UnsafePointer<QuantizedValue>, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        var b = panel
        var c0 = noIntegers
        var c1 = c0
        var d0 = c0
        var d1 = c0
        var index = 0
        // Integers may be added in any order: two chains hide the latency.
        while index &+ 2 <= groups {
            let e = group(a + index &* weightGroup)
            let f = group(a + (index &+ 1) &* weightGroup)
            c0 = accumulate(e, weights(b), c0)
            c1 = accumulate(e, weights(b + weightHalf), c1)
            d0 = accumulate(f, weights(b + weightStep), d0)
            d1 = accumulate(f, weights(b + (weightStep &+ weightHalf)), d1)
            b += 2 &* weightStep
            index &+= 2
        }
        if index < groups {
            let e = group(a + index &* weightGroup)
            c0 = accumulate(e, weights(b), c0)
            c1 = accumulate(e, weights(b + weightHalf), c1)
        }
        store(added(c0, d0), output)
        store(added(c1, d1), output + laneCount)
    }
#endif
