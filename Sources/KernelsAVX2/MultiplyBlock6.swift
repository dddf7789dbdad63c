#if EMOTIONFORMER_X86_KERNELS
    // Micro-kernels of the float product: a block of rows times one packed panel of 16 columns. Every element is one
    // accumulator over k in order, in each of them, so a row has the same bits whatever block it falls into.
    // The loops are not unrolled: the optimiser then loads a whole round ahead and spills it.

    /// 6 rows × 16 columns.
    @inline(never)
    func multiplyBlock6(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        var a0 = a + 0 &* aStride
        var a1 = a + 3 &* aStride
        var b = panel
        var c00 = broadcast(0)
        var c01 = broadcast(0)
        var c10 = broadcast(0)
        var c11 = broadcast(0)
        var c20 = broadcast(0)
        var c21 = broadcast(0)
        var c30 = broadcast(0)
        var c31 = broadcast(0)
        var c40 = broadcast(0)
        var c41 = broadcast(0)
        var c50 = broadcast(0)
        var c51 = broadcast(0)
        var x0: Vector
        var x1: Vector
        var e: Vector
        var left = k
        while left > 0 {
            x0 = load(b)
            x1 = load(b + 8)
            e = broadcast(at: a0)
            c00 = multiplyAdd(e, x0, c00)
            c01 = multiplyAdd(e, x1, c01)
            e = broadcast(at: a0 + aStride)
            c10 = multiplyAdd(e, x0, c10)
            c11 = multiplyAdd(e, x1, c11)
            e = broadcast(at: a0 + 2 &* aStride)
            c20 = multiplyAdd(e, x0, c20)
            c21 = multiplyAdd(e, x1, c21)
            e = broadcast(at: a1)
            c30 = multiplyAdd(e, x0, c30)
            c31 = multiplyAdd(e, x1, c31)
            e = broadcast(at: a1 + aStride)
            c40 = multiplyAdd(e, x0, c40)
            c41 = multiplyAdd(e, x1, c41)
            e = broadcast(at: a1 + 2 &* aStride)
            c50 = multiplyAdd(e, x0, c50)
            c51 = multiplyAdd(e, x1, c51)
            a0 += 1
            a1 += 1
            b += 16
            left &-= 1
        }
        var to = output
        store(c00, to)
        store(c01, to + 8)
        to += outputStride
        store(c10, to)
        store(c11, to + 8)
        to += outputStride
        store(c20, to)
        store(c21, to + 8)
        to += outputStride
        store(c30, to)
        store(c31, to + 8)
        to += outputStride
        store(c40, to)
        store(c41, to + 8)
        to += outputStride
        store(c50, to)
        store(c51, to + 8)
    }

    /// 3 rows × 16 columns.
    @inline(never)
    func multiplyBlock3(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        var a0 = a + 0 &* aStride
        var b = panel
        var c00 = broadcast(0)
        var c01 = broadcast(0)
        var c10 = broadcast(0)
        var c11 = broadcast(0)
        var c20 = broadcast(0)
        var c21 = broadcast(0)
        var x0: Vector
        var x1: Vector
        var e: Vector
        var left = k
        while left > 0 {
            x0 = load(b)
            x1 = load(b + 8)
            e = broadcast(at: a0)
            c00 = multiplyAdd(e, x0, c00)
            c01 = multiplyAdd(e, x1, c01)
            e = broadcast(at: a0 + aStride)
            c10 = multiplyAdd(e, x0, c10)
            c11 = multiplyAdd(e, x1, c11)
            e = broadcast(at: a0 + 2 &* aStride)
            c20 = multiplyAdd(e, x0, c20)
            c21 = multiplyAdd(e, x1, c21)
            a0 += 1
            b += 16
            left &-= 1
        }
        var to = output
        store(c00, to)
        store(c01, to + 8)
        to += outputStride
        store(c10, to)
        store(c11, to + 8)
        to += outputStride
        store(c20, to)
        store(c21, to + 8)
    }
#endif
