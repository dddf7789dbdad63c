#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    // Products of rows whose numbers have a small sum, like the weights of attention: the sums of their products fit 16 bits,
    // where one instruction multiplies twice as many numbers.

    func matmulSmallRows(_ product: IntegerSmallRowProduct) {
        let (m, k, n) = (product.m, product.k, product.n)
        let panels = SmallRowPanels(k, n)
        let stride = byteRowStride(k)
        let packed = product.scratch
        let rows = packed + panels.byteCount
        let sums = (rows + m &* stride).assumingMemoryBound(to: RowSums16.self)
        let largest = packPanels(product, panels, packed)
        // A sum of products is at most this often the largest magnitude of the second operand.
        let limit = largest == 0 ? Int32.max : 32767 / largest
        var row = 0
        while row < m {
            sums[row] = unsignedRow(product.a + row &* product.aStride, rows + row &* stride, k)
            row &+= 1
        }
        let scaling = TiedScaling(product.scaling)
        let output = product.scaling.output
        var column = 0
        var panel = UnsafeRawPointer(packed)
        while column < n {
            let count = n &- column < 16 ? n &- column : 16
            var row = 0
            while row < m {
                let a = UnsafeRawPointer(rows + row &* stride)
                let to = product.c + (row &* product.cStride &+ column)
                if m &- row >= 6 && count == 16 && areSmall(sums + row, 6, limit) {
                    sixRows(product, scaling, a, stride, panel, panels.groups, sums + row, to)
                    row &+= 6
                    continue
                }
                let (low, high) = oneRow(a, panel, panels.groups, isSmall: areSmall(sums + row, 1, limit))
                let offset = SIMD8(repeating: rowOffset(product, sums[row]))
                let (left, right) = scaling(low &+ offset, high &+ offset)
                storeBytes(output.bytes(left, right), to, first: count)
                row &+= 1
            }
            column &+= 16
            panel += panels.panelByteCount
        }
    }

    @inline(__always)
    private func areSmall(_ sums: UnsafePointer<RowSums16>, _ count: Int, _ limit: Int32) -> Bool {
        var largest: Int32 = 0
        var row = 0
        while row < count {
            largest = sums[row].first > largest ? sums[row].first : largest
            largest = sums[row].last > largest ? sums[row].last : largest
            row &+= 1
        }
        return largest <= limit
    }

    /// The sums of one row in 32 bits.
    @inline(__always)
    private func oneRow(
        _ a: UnsafeRawPointer, _ panel: UnsafeRawPointer, _ groups: Int, isSmall: Bool
    ) -> (SIMD8<Int32>, SIMD8<Int32>) {
        let ones = _mm256_set1_epi16(1)
        var (c0, c1) = (noIntegers, noIntegers)
        var group = 0
        var panel = panel
        if isSmall {
            while group < groups {
                let x = fourBytes(a + group &* 4)
                c0 = _mm256_add_epi16(c0, _mm256_maddubs_epi16(x, fourColumns(panel, 0)))
                c1 = _mm256_add_epi16(c1, _mm256_maddubs_epi16(x, fourColumns(panel, 1)))
                panel += 64
                group &+= 1
            }
            (c0, c1) = (_mm256_madd_epi16(c0, ones), _mm256_madd_epi16(c1, ones))
        } else {
            // In two parts, the lower seven bits and the highest one, so that no product of two numbers saturates.
            let lower = _mm256_set1_epi8(127)
            let one = _mm256_set1_epi8(1)
            let highest = _mm256_set1_epi16(128)
            while group < groups {
                let x = fourBytes(a + group &* 4)
                let low = _mm256_and_si256(x, lower)
                let high = _mm256_and_si256(_mm256_srli_epi16(x, 7), one)
                let (y0, y1) = (fourColumns(panel, 0), fourColumns(panel, 1))
                c0 = _mm256_add_epi32(c0, _mm256_madd_epi16(_mm256_maddubs_epi16(low, y0), ones))
                c1 = _mm256_add_epi32(c1, _mm256_madd_epi16(_mm256_maddubs_epi16(low, y1), ones))
                c0 = _mm256_add_epi32(c0, _mm256_madd_epi16(_mm256_maddubs_epi16(high, y0), highest))
                c1 = _mm256_add_epi32(c1, _mm256_madd_epi16(_mm256_maddubs_epi16(high, y1), highest))
                panel += 64
                group &+= 1
            }
        }
        return (unsafeBitCast(c0, to: SIMD8<Int32>.self), unsafeBitCast(c1, to: SIMD8<Int32>.self))
    }

    /// Four bytes of a row in every lane.
    @inline(__always)
    private func fourBytes(_ address: UnsafeRawPointer) -> __m256i {
        _mm256_set1_epi32(address.loadUnaligned(as: Int32.self))
    }

    @inline(__always)
    private func fourColumns(_ panel: UnsafeRawPointer, _ half: Int) -> __m256i {
        panel.loadUnaligned(fromByteOffset: half &* 32, as: __m256i.self)
    }

    /// Sums of six rows in 16 bits, two for each column: of the first two and of the last two numbers of every four.
    private struct SixSmallRows {
        var c00 = noIntegers
        var c01 = noIntegers
        var c10 = noIntegers
        var c11 = noIntegers
        var c20 = noIntegers
        var c21 = noIntegers
        var c30 = noIntegers
        var c31 = noIntegers
        var c40 = noIntegers
        var c41 = noIntegers
        var c50 = noIntegers
        var c51 = noIntegers

        /// The products of four numbers of each row, the upper and the lower three.
        @inline(__always)
        mutating func add(
            _ upper: UnsafeRawPointer, _ lower: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeRawPointer
        ) {
            let (y0, y1) = (fourColumns(panel, 0), fourColumns(panel, 1))
            var x = fourBytes(upper)
            c00 = emotionformer_add_byte_products_8(x, y0, c00)
            c01 = emotionformer_add_byte_products_8(x, y1, c01)
            x = fourBytes(upper + stride)
            c10 = emotionformer_add_byte_products_8(x, y0, c10)
            c11 = emotionformer_add_byte_products_8(x, y1, c11)
            x = fourBytes(upper + 2 &* stride)
            c20 = emotionformer_add_byte_products_8(x, y0, c20)
            c21 = emotionformer_add_byte_products_8(x, y1, c21)
            x = fourBytes(lower)
            c30 = emotionformer_add_byte_products_8(x, y0, c30)
            c31 = emotionformer_add_byte_products_8(x, y1, c31)
            x = fourBytes(lower + stride)
            c40 = emotionformer_add_byte_products_8(x, y0, c40)
            c41 = emotionformer_add_byte_products_8(x, y1, c41)
            x = fourBytes(lower + 2 &* stride)
            c50 = emotionformer_add_byte_products_8(x, y0, c50)
            c51 = emotionformer_add_byte_products_8(x, y1, c51)
        }
    }

    @inline(never)
    private func sixRows(
        _ product: IntegerSmallRowProduct, _ scaling: TiedScaling, _ a: UnsafeRawPointer, _ stride: Int,
        _ panel: UnsafeRawPointer, _ groups: Int, _ sums: UnsafePointer<RowSums16>, _ c: UnsafeMutablePointer<Int8>
    ) {
        var rows = SixSmallRows()
        var upper = a
        var lower = a + 3 &* stride
        var b = panel
        var group = 0
        while group &+ 2 <= groups {
            b = emotionformer_opaque(b).unsafelyUnwrapped
            rows.add(upper, lower, stride, b)
            rows.add(upper + 4, lower + 4, stride, b + 64)
            b += 128
            upper += 8
            lower += 8
            group &+= 2
        }
        if group < groups { rows.add(upper, lower, stride, b) }
        let ones = _mm256_set1_epi16(1)
        let output = product.scaling.output
        @inline(__always) func put(_ row: Int, _ left: __m256i, _ right: __m256i) {
            let offset = SIMD8(repeating: rowOffset(product, sums[row]))
            let low = unsafeBitCast(_mm256_madd_epi16(left, ones), to: SIMD8<Int32>.self)
            let high = unsafeBitCast(_mm256_madd_epi16(right, ones), to: SIMD8<Int32>.self)
            let (x, y) = scaling(low &+ offset, high &+ offset)
            UnsafeMutableRawPointer(c + row &* product.cStride).storeBytes(
                of: output.bytes(x, y), as: SIMD16<Int8>.self)
        }
        put(0, rows.c00, rows.c01)
        put(1, rows.c10, rows.c11)
        put(2, rows.c20, rows.c21)
        put(3, rows.c30, rows.c31)
        put(4, rows.c40, rows.c41)
        put(5, rows.c50, rows.c51)
    }
#endif
