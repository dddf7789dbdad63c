#if EMOTIONFORMER_X86_KERNELS
    /// The exact integer sums of three rows times one packed panel, in registers.
    struct ThreeQuantizedRows {
        private var a: UnsafePointer<UInt8>
        private var c00 = noIntegers
        private var c01 = noIntegers
        private var c10 = noIntegers
        private var c11 = noIntegers
        private var c20 = noIntegers
        private var c21 = noIntegers

        @inline(__always) init(_ a: UnsafePointer<UInt8>) { self.a = a }

        /// Adds the products of the group of values of k that is `offset` groups ahead; `x0` and `x1` are its row of the
        /// panel.
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

        @inline(__always) mutating func begin() { a = opaque(a) }
        @inline(__always) mutating func advance(by groups: Int) { a += groups &* weightGroup }

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

    /// Elements of a panel for one group of values of k, and half of them: one vector.
    @inline(__always) var weightStep: Int { panelWidth &* weightGroup }
    @inline(__always) var weightHalf: Int { laneCount &* weightGroup }

    /// 6 rows × one panel; the addresses are those of every third row.
    @inline(never)
    func multiplyQuantizedBlock6(
        _ a0: UnsafePointer<UInt8>, _ a1: UnsafePointer<UInt8>, _ aStride: Int,
        _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ output: UnsafeMutablePointer<Int32>
    ) {
        var rows0 = ThreeQuantizedRows(a0)
        var rows1 = ThreeQuantizedRows(a1)
        var b = panel
        var index = 0
        while index < groups {
            let x0 = weights(b)
            let x1 = weights(b + weightHalf)
            rows0.add(index, aStride, x0, x1)
            rows1.add(index, aStride, x0, x1)
            b += weightStep
            index &+= 1
        }
        rows0.put(output)
        rows1.put(output + 3 &* panelWidth)
    }

    /// 3 rows × one panel.
    @inline(never)
    func multiplyQuantizedBlock3(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        var rows = ThreeQuantizedRows(a)
        var b = panel
        var index = 0
        while index < groups {
            rows.add(index, aStride, weights(b), weights(b + weightHalf))
            b += weightStep
            index &+= 1
        }
        rows.put(output)
    }
#endif
