#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    /// Measures the peak of this level's vectors: rounds of twelve independent chains x ← x·factor + addend in
    /// registers, more than latency × throughput of any supported processor.
    ///
    /// Returns the floating-point operations done, a multiplication with its addition as two. The chains' sum is
    /// written to `result`, so that the compiler cannot remove the work.
    func multiplyAddPeak(
        _ rounds: Int, _ factor: Float, _ addend: Float, _ result: UnsafeMutablePointer<Float>
    ) -> Int {
        let a = broadcast(factor)
        let b = broadcast(addend)
        var x0 = broadcast(0)
        var x1 = broadcast(1)
        var x2 = broadcast(2)
        var x3 = broadcast(3)
        var x4 = broadcast(4)
        var x5 = broadcast(5)
        var x6 = broadcast(6)
        var x7 = broadcast(7)
        var x8 = broadcast(8)
        var x9 = broadcast(9)
        var x10 = broadcast(10)
        var x11 = broadcast(11)
        var round = 0
        while round < rounds {
            x0 = multiplyAdd(x0, a, b)
            x1 = multiplyAdd(x1, a, b)
            x2 = multiplyAdd(x2, a, b)
            x3 = multiplyAdd(x3, a, b)
            x4 = multiplyAdd(x4, a, b)
            x5 = multiplyAdd(x5, a, b)
            x6 = multiplyAdd(x6, a, b)
            x7 = multiplyAdd(x7, a, b)
            x8 = multiplyAdd(x8, a, b)
            x9 = multiplyAdd(x9, a, b)
            x10 = multiplyAdd(x10, a, b)
            x11 = multiplyAdd(x11, a, b)
            round &+= 1
        }
        let one = broadcast(1)
        x0 = multiplyAdd(x0, one, x1)
        x2 = multiplyAdd(x2, one, x3)
        x4 = multiplyAdd(x4, one, x5)
        x6 = multiplyAdd(x6, one, x7)
        x8 = multiplyAdd(x8, one, x9)
        x10 = multiplyAdd(x10, one, x11)
        x0 = multiplyAdd(x0, one, x2)
        x4 = multiplyAdd(x4, one, x6)
        x8 = multiplyAdd(x8, one, x10)
        result.pointee = sumOfLanes(multiplyAdd(multiplyAdd(x0, one, x4), one, x8))
        return rounds &* 12 &* laneCount &* 2
    }
#endif
