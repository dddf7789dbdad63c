#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    // Products of unsigned bytes, like the weights of attention, in panels of one vector: heads are often that narrow. Sums
    // have 32 bits, so rows of any numbers are equally fast.

    func matmulSmallRows(_ product: IntegerSmallRowProduct) {
        let (m, k, n) = (product.m, product.k, product.n)
        let panels = SmallRowPanels(k, n)
        let stride = byteRowStride(k)
        let packed = product.scratch
        let rows = packed + panels.byteCount
        let sums = (rows + m &* stride).assumingMemoryBound(to: RowSums16.self)
        _ = packPanels(product, panels, packed)
        var row = 0
        while row < m {
            sums[row] = unsignedRow(product.a + row &* product.aStride, rows + row &* stride, k)
            row &+= 1
        }
        var column = 0
        var panel = UnsafeRawPointer(packed)
        while column < n {
            let target = SmallRowTarget(product, sums, column)
            var row = 0
            while row < m {
                if m < 12 {
                    target.put(oneRow(rows + row &* stride, panel, panels.groups), row)
                    row &+= 1
                } else {
                    // The last block ends with the rows; some of them are computed twice.
                    row = row &+ 12 <= m ? row : m &- 12
                    twelveRows(target, row, rows + row &* stride, stride, panel, panels.groups)
                    row &+= 12
                }
            }
            column &+= 16
            panel += panels.panelByteCount
        }
    }

    /// Where sums of up to sixteen columns go.
    private struct SmallRowTarget {
        private let product: IntegerSmallRowProduct
        private let sums: UnsafePointer<RowSums16>
        private let c: UnsafeMutablePointer<Int8>
        private let count: Int
        private let scaling: TiedVectorScaling
        private let zeroPoint: __m512i
        private let low: __m128i
        private let high: __m128i

        @inline(__always)
        init(_ product: IntegerSmallRowProduct, _ sums: UnsafePointer<RowSums16>, _ column: Int) {
            self.product = product
            self.sums = sums
            c = product.c + column
            count = product.n &- column
            scaling = TiedVectorScaling(product.scaling)
            let output = product.scaling.output
            zeroPoint = _mm512_set1_epi32(output.zeroPoint)
            low = _mm_set1_epi8(Int8(truncatingIfNeeded: output.low))
            high = _mm_set1_epi8(Int8(truncatingIfNeeded: output.high))
        }

        @inline(__always)
        func put(_ products: __m512i, _ row: Int) {
            let sum = _mm512_add_epi32(products, _mm512_set1_epi32(rowOffset(product, sums[row])))
            let numbers = _mm512_cvtsepi32_epi8(_mm512_add_epi32(scaling.left(sum), zeroPoint))
            let bytes = _mm_min_epi8(_mm_max_epi8(numbers, low), high)
            storeBytes(unsafeBitCast(bytes, to: SIMD16<Int8>.self), c + row &* product.cStride, first: count)
        }
    }

    /// Four bytes of a row in every lane, times four numbers of each column, added.
    @inline(__always)
    private func added(_ c: __m512i, _ a: UnsafeRawPointer, _ y: __m512i) -> __m512i {
        _mm512_dpbusd_epi32(c, _mm512_set1_epi32(a.loadUnaligned(as: Int32.self)), y)
    }

    @inline(__always)
    private func oneRow(_ a: UnsafeRawPointer, _ panel: UnsafeRawPointer, _ groups: Int) -> __m512i {
        var c = noIntegers
        var group = 0
        while group < groups {
            c = added(c, a + group &* 4, (panel + group &* 64).loadUnaligned(as: __m512i.self))
            group &+= 1
        }
        return c
    }

    private struct ThreeSmallRows {
        var c0 = noIntegers
        var c1 = noIntegers
        var c2 = noIntegers

        @inline(__always)
        mutating func add(_ a: UnsafeRawPointer, _ stride: Int, _ y: __m512i) {
            c0 = added(c0, a, y)
            c1 = added(c1, a + stride, y)
            c2 = added(c2, a + 2 &* stride, y)
        }

        @inline(__always)
        func put(_ target: SmallRowTarget, _ row: Int) {
            target.put(c0, row)
            target.put(c1, row &+ 1)
            target.put(c2, row &+ 2)
        }
    }

    @inline(never)
    private func twelveRows(
        _ target: SmallRowTarget, _ row: Int, _ a: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeRawPointer,
        _ groups: Int
    ) {
        var (r0, r3, r6, r9) = (ThreeSmallRows(), ThreeSmallRows(), ThreeSmallRows(), ThreeSmallRows())
        var (a0, a3, a6, a9) = (a, a + 3 &* stride, a + 6 &* stride, a + 9 &* stride)
        var b = panel
        var group = 0
        while group < groups {
            let y = b.loadUnaligned(as: __m512i.self)
            r0.add(a0, stride, y)
            r3.add(a3, stride, y)
            r6.add(a6, stride, y)
            r9.add(a9, stride, y)
            a0 += 4
            a3 += 4
            a6 += 4
            a9 += 4
            b += 64
            group &+= 1
        }
        r0.put(target, row)
        r3.put(target, row &+ 3)
        r6.put(target, row &+ 6)
        r9.put(target, row &+ 9)
    }
#endif
