#if EMOTIONFORMER_X86_KERNELS
    // Micro-kernels of the float product that both levels have. `a0`, `a1` are the addresses of every third row:
    // the optimiser must not know that they are one stride apart, or it computes them anew in every round.

    /// 6 rows × one panel.
    @inline(never)
    func multiplyBlock6(
        _ a0: UnsafePointer<Float>, _ a1: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>,
        _ k: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        var rows0 = ThreeRows()
        var rows1 = ThreeRows()
        var b = panel
        var index = 0
        while index < k {
            let x0 = load(b)
            let x1 = load(b + laneCount)
            fetchAhead(b)
            rows0.add(a0 + index, aStride, x0, x1)
            rows1.add(a1 + index, aStride, x0, x1)
            b += panelWidth
            index &+= 1
        }
        rows0.put(output, outputStride)
        rows1.put(output + 3 &* outputStride, outputStride)
    }

    /// 3 rows × one panel.
    @inline(never)
    func multiplyBlock3(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        var rows = ThreeRows()
        var b = panel
        var index = 0
        while index < k {
            rows.add(a + index, aStride, load(b), load(b + laneCount))
            b += panelWidth
            index &+= 1
        }
        rows.put(output, outputStride)
    }
#endif
