#if EMOTIONFORMER_X86_KERNELS
    /// 12 rows × 32 columns; the addresses are those of every third row.
    @inline(never)
    func multiplyBlock12(
        _ a0: UnsafePointer<Float>, _ a1: UnsafePointer<Float>, _ a2: UnsafePointer<Float>,
        _ a3: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        var rows0 = ThreeRows()
        var rows1 = ThreeRows()
        var rows2 = ThreeRows()
        var rows3 = ThreeRows()
        var b = panel
        var index = 0
        while index < k {
            let x0 = load(b)
            let x1 = load(b + laneCount)
            fetchAhead(b)
            rows0.add(a0 + index, aStride, x0, x1)
            rows1.add(a1 + index, aStride, x0, x1)
            rows2.add(a2 + index, aStride, x0, x1)
            rows3.add(a3 + index, aStride, x0, x1)
            b += panelWidth
            index &+= 1
        }
        rows0.put(output, outputStride)
        rows1.put(output + 3 &* outputStride, outputStride)
        rows2.put(output + 6 &* outputStride, outputStride)
        rows3.put(output + 9 &* outputStride, outputStride)
    }
#endif
