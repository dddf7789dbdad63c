#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    /// 12 rows × 32 columns.
    @inline(never)
    func multiplyQuantizedBlock12(
        _ a: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>, _ outputStride: Int
    ) {
        var a0 = a
        var a1 = a + 3 &* aStride
        var a2 = a + 6 &* aStride
        var a3 = a + 9 &* aStride
        var b = panel
        let zero = _mm512_setzero_si512()
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
        var c60 = zero
        var c61 = zero
        var c70 = zero
        var c71 = zero
        var c80 = zero
        var c81 = zero
        var c90 = zero
        var c91 = zero
        var c100 = zero
        var c101 = zero
        var c110 = zero
        var c111 = zero
        var x0: __m512i
        var x1: __m512i
        var e: __m512i
        var left = groups
        while left > 0 {
            x0 = weights(b)
            x1 = weights(b + 64)
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
            e = group(a2)
            c60 = accumulate(e, x0, c60)
            c61 = accumulate(e, x1, c61)
            e = group(a2 + aStride)
            c70 = accumulate(e, x0, c70)
            c71 = accumulate(e, x1, c71)
            e = group(a2 + 2 &* aStride)
            c80 = accumulate(e, x0, c80)
            c81 = accumulate(e, x1, c81)
            e = group(a3)
            c90 = accumulate(e, x0, c90)
            c91 = accumulate(e, x1, c91)
            e = group(a3 + aStride)
            c100 = accumulate(e, x0, c100)
            c101 = accumulate(e, x1, c101)
            e = group(a3 + 2 &* aStride)
            c110 = accumulate(e, x0, c110)
            c111 = accumulate(e, x1, c111)
            a0 += 4
            a1 += 4
            a2 += 4
            a3 += 4
            b += 128
            left &-= 1
        }
        var to = output
        put(c00, to)
        put(c01, to + 16)
        to += outputStride
        put(c10, to)
        put(c11, to + 16)
        to += outputStride
        put(c20, to)
        put(c21, to + 16)
        to += outputStride
        put(c30, to)
        put(c31, to + 16)
        to += outputStride
        put(c40, to)
        put(c41, to + 16)
        to += outputStride
        put(c50, to)
        put(c51, to + 16)
        to += outputStride
        put(c60, to)
        put(c61, to + 16)
        to += outputStride
        put(c70, to)
        put(c71, to + 16)
        to += outputStride
        put(c80, to)
        put(c81, to + 16)
        to += outputStride
        put(c90, to)
        put(c91, to + 16)
        to += outputStride
        put(c100, to)
        put(c101, to + 16)
        to += outputStride
        put(c110, to)
        put(c111, to + 16)
    }
#endif
