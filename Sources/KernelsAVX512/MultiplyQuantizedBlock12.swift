#if EMOTIONFORMER_X86_KERNELS
    /// 12 rows × 32 columns; the addresses are those of every third row.
    @inline(never)
    func multiplyQuantizedBlock12(
        _ a0: UnsafePointer<UInt8>, _ a1: UnsafePointer<UInt8>, _ a2: UnsafePointer<UInt8>,
        _ a3: UnsafePointer<UInt8>, _ aStride: Int, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        var rows0 = ThreeQuantizedRows()
        var rows1 = ThreeQuantizedRows()
        var rows2 = ThreeQuantizedRows()
        var rows3 = ThreeQuantizedRows()
        var b = panel
        var index = 0
        let end = groups &* weightGroup
        while index < end {
            let x0 = weights(b)
            let x1 = weights(b + weightHalf)
            rows0.add(a0 + index, aStride, x0, x1)
            rows1.add(a1 + index, aStride, x0, x1)
            rows2.add(a2 + index, aStride, x0, x1)
            rows3.add(a3 + index, aStride, x0, x1)
            b += weightStep
            index &+= weightGroup
        }
        rows0.put(output)
        rows1.put(output + 3 &* panelWidth)
        rows2.put(output + 6 &* panelWidth)
        rows3.put(output + 9 &* panelWidth)
    }
#endif
