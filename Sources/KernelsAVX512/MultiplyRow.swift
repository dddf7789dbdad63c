#if EMOTIONFORMER_X86_KERNELS
    // A row alone, with the same order of additions as in the blocks.

    /// 1 row × 128 columns: 4 panels, `panelStride` apart.
    @inline(never)
    func multiplyRow4(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ panelStride: Int, _ k: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var b0 = panel
        var c00 = broadcast(0)
        var c01 = broadcast(0)
        var b1 = panel + 1 &* panelStride
        var c10 = broadcast(0)
        var c11 = broadcast(0)
        var b2 = panel + 2 &* panelStride
        var c20 = broadcast(0)
        var c21 = broadcast(0)
        var b3 = panel + 3 &* panelStride
        var c30 = broadcast(0)
        var c31 = broadcast(0)
        var index = 0
        while index < k {
            let e = broadcast(at: a + index)
            c00 = multiplyAdd(e, load(b0), c00)
            c01 = multiplyAdd(e, load(b0 + 16), c01)
            b0 += 32
            c10 = multiplyAdd(e, load(b1), c10)
            c11 = multiplyAdd(e, load(b1 + 16), c11)
            b1 += 32
            c20 = multiplyAdd(e, load(b2), c20)
            c21 = multiplyAdd(e, load(b2 + 16), c21)
            b2 += 32
            c30 = multiplyAdd(e, load(b3), c30)
            c31 = multiplyAdd(e, load(b3 + 16), c31)
            b3 += 32
            index &+= 1
        }
        store(c00, output)
        store(c01, output + 16)
        store(c10, output + 32)
        store(c11, output + 48)
        store(c20, output + 64)
        store(c21, output + 80)
        store(c30, output + 96)
        store(c31, output + 112)
    }

    /// 1 row × 32 columns.
    @inline(never)
    func multiplyRow1(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var b0 = panel
        var c00 = broadcast(0)
        var c01 = broadcast(0)
        var index = 0
        while index < k {
            let e = broadcast(at: a + index)
            c00 = multiplyAdd(e, load(b0), c00)
            c01 = multiplyAdd(e, load(b0 + 16), c01)
            b0 += 32
            index &+= 1
        }
        store(c00, output)
        store(c01, output + 16)
    }
#endif
