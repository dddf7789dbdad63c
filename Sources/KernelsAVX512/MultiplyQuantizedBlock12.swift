#if EMOTIONFORMER_X86_KERNELS
    /// 12 rows × one panel, in registers.
    private struct TwelveQuantizedRows {
        private var rows0: ThreeQuantizedRows
        private var rows1: ThreeQuantizedRows
        private var rows2: ThreeQuantizedRows
        private var rows3: ThreeQuantizedRows
        private var b: UnsafePointer<PackedWeight>

        @inline(__always)
        init(_ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>) {
            rows0 = ThreeQuantizedRows(a)
            rows1 = ThreeQuantizedRows(a + 3 &* aStride)
            rows2 = ThreeQuantizedRows(a + 6 &* aStride)
            rows3 = ThreeQuantizedRows(a + 9 &* aStride)
            b = panel
        }

        @inline(__always)
        mutating func add(_ offset: Int, _ aStride: Int) {
            let from = b + offset &* weightStep
            let x0 = weights(from)
            let x1 = weights(from + weightHalf)
            rows0.add(offset, aStride, x0, x1)
            rows1.add(offset, aStride, x0, x1)
            rows2.add(offset, aStride, x0, x1)
            rows3.add(offset, aStride, x0, x1)
        }

        @inline(__always)
        mutating func begin() {
            b = opaque(b)
            rows0.begin()
            rows1.begin()
            rows2.begin()
            rows3.begin()
        }

        @inline(__always)
        mutating func advance(by count: Int) {
            b += count &* weightStep
            rows0.advance(by: count)
            rows1.advance(by: count)
            rows2.advance(by: count)
            rows3.advance(by: count)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Int32>) {
            rows0.put(output)
            rows1.put(output + 3 &* panelWidth)
            rows2.put(output + 6 &* panelWidth)
            rows3.put(output + 9 &* panelWidth)
        }
    }

    /// 12 rows × 32 columns.
    @inline(never)
    func multiplyQuantizedBlock12(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        var rows = TwelveQuantizedRows(a, aStride, panel)
        var left = groups
        while left >= 4 {
            rows.begin()
            rows.add(0, aStride)
            rows.add(1, aStride)
            rows.add(2, aStride)
            rows.add(3, aStride)
            rows.advance(by: 4)
            left &-= 4
        }
        while left > 0 {
            rows.add(0, aStride)
            rows.advance(by: 1)
            left &-= 1
        }
        rows.put(output)
    }
#endif
