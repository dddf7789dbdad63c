#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    @inline(__always)
    func largest(_ input: UnsafePointer<Float>, _ count: Int) -> Float {
        var best = broadcast(-.infinity)
        var second = best
        var index = 0
        // Two chains hide the latency of one.
        while index &+ 2 &* laneCount <= count {
            best = larger(best, load(input + index))
            second = larger(second, load(input + (index &+ laneCount)))
            index &+= 2 &* laneCount
        }
        best = larger(best, second)
        let whole = count &- laneCount
        while index <= whole {
            best = larger(best, load(input + index))
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 { best = larger(best, load(input + index, first: rest, padding: -.infinity)) }
        return largestLane(best)
    }

    /// output = e^(input − offset); returns the sum.
    @inline(__always)
    func exponentials(
        _ input: UnsafePointer<Float>, _ offset: Float, _ output: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Float {
        let shift = broadcast(offset)
        var sum = broadcast(0)
        var index = 0
        let whole = count &- laneCount
        while index <= whole {
            let value = exponential(load(input + index) - shift)
            store(value, output + index)
            sum = sum + value
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 {
            // Lanes past the end come back as 0; e^(−∞) would cost more than all the others.
            let value = exponential(load(input + index, first: rest, padding: offset) - shift)
            store(value, output + index, first: rest)
            sum = sum + load(output + index, first: rest)
        }
        return sumOfLanes(sum)
    }

    func softmax(
        _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
        _ outputStride: Int, _ rows: Int, _ columns: Int
    ) {
        var row = 0
        while row < rows {
            let from = input + row &* inputStride
            let to = output + row &* outputStride
            let factor = broadcast(1 / exponentials(from, largest(from, columns), to, columns))
            mapVectors(to, to, columns) { $0 * factor }
            row &+= 1
        }
    }

    func logSoftmax(
        _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
        _ outputStride: Int, _ rows: Int, _ columns: Int
    ) {
        var row = 0
        while row < rows {
            let from = input + row &* inputStride
            let to = output + row &* outputStride
            let top = largest(from, columns)
            let shift = broadcast(top)
            var sum = broadcast(0)
            var index = 0
            while index &+ laneCount <= columns {
                sum = sum + exponential(load(from + index) - shift)
                index &+= laneCount
            }
            let rest = columns &- index
            if rest > 0 {
                sum = sum + exponential(load(from + index, first: rest, padding: -.infinity) - shift)
            }
            let logarithmOfSum = logarithm(broadcast(sumOfLanes(sum)))
            mapVectors(from, to, columns) { ($0 - shift) - logarithmOfSum }
            row &+= 1
        }
    }
#endif
