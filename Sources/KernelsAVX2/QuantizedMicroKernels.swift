#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    // Micro-kernels of the quantised product: a block of rows times one packed panel of 16 columns.
    // Two values of k go into one instruction, in 16 bits, which adds their exact products to 32.

    /// Two bytes of a row, widened to 16 bits, in every lane.
    @inline(__always) private func group(_ address: UnsafePointer<UInt8>) -> __m256i {
        _mm256_cvtepu8_epi16(_mm_set1_epi16(UnsafeRawPointer(address).loadUnaligned(as: Int16.self)))
    }

    /// Two weights of each of 8 columns.
    @inline(__always) private func weights(_ address: UnsafePointer<Int16>) -> __m256i {
        UnsafeRawPointer(address).loadUnaligned(as: __m256i.self)
    }

    /// c + Σ a·b over each lane's two products, in 32 bits: no step of it can saturate.
    @inline(__always) private func accumulate(_ a: __m256i, _ b: __m256i, _ c: __m256i) -> __m256i {
        _mm256_add_epi32(c, _mm256_madd_epi16(a, b))
    }

    @inline(__always) private func put(_ vector: __m256i, _ address: UnsafeMutablePointer<Int32>) {
        UnsafeMutableRawPointer(address).storeBytes(of: vector, as: __m256i.self)
    }

    /// 6 rows × 16 columns.
    @inline(never)
    func multiplyQuantizedBlock6(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>, _ outputStride: Int
    ) {
        var a0 = a
        var a1 = a + 3 &* aStride
        var b = panel
        let zero = _mm256_setzero_si256()
        var c00 = zero
        var c01 = zero
        var c10 = zero
        var c11 = zero
        var c20 = zero
        var c21 = zero
        var c30 = zero
        var c31 = zero
        var c40 = zero
        var c41 = zero
        var c50 = zero
        var c51 = zero
        var x0: __m256i
        var x1: __m256i
        var e: __m256i
        var left = groups
        while left > 0 {
            x0 = weights(b)
            x1 = weights(b + 16)
            e = group(a0)
            c00 = accumulate(e, x0, c00)
            c01 = accumulate(e, x1, c01)
            e = group(a0 + aStride)
            c10 = accumulate(e, x0, c10)
            c11 = accumulate(e, x1, c11)
            e = group(a0 + 2 &* aStride)
            c20 = accumulate(e, x0, c20)
            c21 = accumulate(e, x1, c21)
            e = group(a1)
            c30 = accumulate(e, x0, c30)
            c31 = accumulate(e, x1, c31)
            e = group(a1 + aStride)
            c40 = accumulate(e, x0, c40)
            c41 = accumulate(e, x1, c41)
            e = group(a1 + 2 &* aStride)
            c50 = accumulate(e, x0, c50)
            c51 = accumulate(e, x1, c51)
            a0 += 2
            a1 += 2
            b += 32
            left &-= 1
        }
        var to = output
        put(c00, to)
        put(c01, to + 8)
        to += outputStride
        put(c10, to)
        put(c11, to + 8)
        to += outputStride
        put(c20, to)
        put(c21, to + 8)
        to += outputStride
        put(c30, to)
        put(c31, to + 8)
        to += outputStride
        put(c40, to)
        put(c41, to + 8)
        to += outputStride
        put(c50, to)
        put(c51, to + 8)
    }

    /// 3 rows × 16 columns.
    @inline(never)
    func multiplyQuantizedBlock3(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>, _ outputStride: Int
    ) {
        var a0 = a
        var b = panel
        let zero = _mm256_setzero_si256()
        var c00 = zero
        var c01 = zero
        var c10 = zero
        var c11 = zero
        var c20 = zero
        var c21 = zero
        var x0: __m256i
        var x1: __m256i
        var e: __m256i
        var left = groups
        while left > 0 {
            x0 = weights(b)
            x1 = weights(b + 16)
            e = group(a0)
            c00 = accumulate(e, x0, c00)
            c01 = accumulate(e, x1, c01)
            e = group(a0 + aStride)
            c10 = accumulate(e, x0, c10)
            c11 = accumulate(e, x1, c11)
            e = group(a0 + 2 &* aStride)
            c20 = accumulate(e, x0, c20)
            c21 = accumulate(e, x1, c21)
            a0 += 2
            b += 32
            left &-= 1
        }
        var to = output
        put(c00, to)
        put(c01, to + 8)
        to += outputStride
        put(c10, to)
        put(c11, to + 8)
        to += outputStride
        put(c20, to)
        put(c21, to + 8)
    }

    /// 1 row × 16 columns.
    @inline(never)
    func multiplyQuantizedRow(
        _ a: UnsafePointer<UInt8>, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        var b = panel
        var c0 = _mm256_setzero_si256()
        var c1 = c0
        var d0 = c0
        var d1 = c0
        var index = 0
        // Integers may be added in any order: two chains hide the latency.
        while index &+ 2 <= groups {
            let e = group(a + index &* 2)
            let f = group(a + (index &+ 1) &* 2)
            c0 = accumulate(e, weights(b), c0)
            c1 = accumulate(e, weights(b + 16), c1)
            d0 = accumulate(f, weights(b + 32), d0)
            d1 = accumulate(f, weights(b + 48), d1)
            b += 64
            index &+= 2
        }
        if index < groups {
            let e = group(a + index &* 2)
            c0 = accumulate(e, weights(b), c0)
            c1 = accumulate(e, weights(b + 16), c1)
        }
        put(_mm256_add_epi32(c0, d0), output)
        put(_mm256_add_epi32(c1, d1), output + 8)
    }
#endif
