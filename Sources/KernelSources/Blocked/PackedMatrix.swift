#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    // Packed matrices are panels of `panelWidth` columns, each k × panelWidth, the last one filled up with zeros.

    @inline(__always) func panelCount(_ n: Int) -> Int { (n &+ panelWidth &- 1) / panelWidth }

    func packedMatrixByteCount(_ k: Int, _ n: Int) -> Int {
        panelCount(n) &* panelWidth &* k &* MemoryLayout<Float>.stride
    }

    func packMatrix(
        _ b: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, _ k: Int, _ n: Int,
        _ packed: UnsafeMutableRawPointer
    ) {
        var output = packed.assumingMemoryBound(to: Float.self)
        var first = 0
        while first < n {
            let width = n &- first < panelWidth ? n &- first : panelWidth
            let from = b + first &* columnStride
            if columnStride == 1 {
                packRows(from, rowStride, k, width, output)
            } else {
                packColumns(from, rowStride, columnStride, k, width, output)
            }
            output += panelWidth &* k
            first &+= panelWidth
        }
    }

    @inline(__always)
    private func packRows(
        _ b: UnsafePointer<Float>, _ rowStride: Int, _ k: Int, _ width: Int, _ output: UnsafeMutablePointer<Float>
    ) {
        var row = 0
        while row < k {
            let from = b + row &* rowStride
            let to = output + row &* panelWidth
            if width == panelWidth {
                store(load(from), to)
                store(load(from + laneCount), to + laneCount)
            } else if width > laneCount {
                store(load(from), to)
                store(load(from + laneCount, first: width &- laneCount), to + laneCount)
            } else {
                store(load(from, first: width), to)
                store(broadcast(0), to + laneCount)
            }
            row &+= 1
        }
    }

    @inline(__always)
    private func packColumns(
        _ b: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, _ k: Int, _ width: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var first = 0
        if rowStride == 1 {
            while first &+ laneCount <= width {
                packVectorOfColumns(b + first &* columnStride, columnStride, k, output + first)
                first &+= laneCount
            }
        }
        var row = 0
        while row < k {
            let to = output + row &* panelWidth
            var column = first
            while column < width {
                to[column] = b[row &* rowStride &+ column &* columnStride]
                column &+= 1
            }
            while column < panelWidth {
                to[column] = 0
                column &+= 1
            }
            row &+= 1
        }
    }

    /// A vector's width of columns, each contiguous in memory, turned four rows at a time.
    @inline(__always)
    private func packVectorOfColumns(
        _ b: UnsafePointer<Float>, _ columnStride: Int, _ k: Int, _ output: UnsafeMutablePointer<Float>
    ) {
        var row = 0
        while row &+ 4 <= k {
            let from = b + row
            let (first, second, third, fourth) = turned(
                everyFourth(from, columnStride), everyFourth(from + columnStride, columnStride),
                everyFourth(from + 2 &* columnStride, columnStride), everyFourth(from + 3 &* columnStride, columnStride)
            )
            let to = output + row &* panelWidth
            store(first, to)
            store(second, to + panelWidth)
            store(third, to + 2 &* panelWidth)
            store(fourth, to + 3 &* panelWidth)
            row &+= 4
        }
        while row < k {
            var column = 0
            while column < laneCount {
                output[row &* panelWidth &+ column] = b[row &+ column &* columnStride]
                column &+= 1
            }
            row &+= 1
        }
    }
#endif
