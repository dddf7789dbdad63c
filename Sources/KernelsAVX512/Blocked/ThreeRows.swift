#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    // What the micro-kernels are built of: the sums of three rows times one packed panel, in registers.
    // Their loops are not unrolled: the optimiser then loads a whole round ahead and spills it.

    /// Float products. Every element is one accumulator over k in order, so a row has the same bits whatever block it
    /// falls into.
    struct ThreeRows {
        private var c00 = broadcast(0)
        private var c01 = broadcast(0)
        private var c10 = broadcast(0)
        private var c11 = broadcast(0)
        private var c20 = broadcast(0)
        private var c21 = broadcast(0)

        @inline(__always) init() {}

        /// Adds the products of one value of k; `x0` and `x1` are its row of the panel.
        @inline(__always)
        mutating func add(_ a: UnsafePointer<Float>, _ aStride: Int, _ x0: Vector, _ x1: Vector) {
            var e = broadcast(at: a)
            c00 = multiplyAdd(e, x0, c00)
            c01 = multiplyAdd(e, x1, c01)
            e = broadcast(at: a + aStride)
            c10 = multiplyAdd(e, x0, c10)
            c11 = multiplyAdd(e, x1, c11)
            e = broadcast(at: a + 2 &* aStride)
            c20 = multiplyAdd(e, x0, c20)
            c21 = multiplyAdd(e, x1, c21)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            store(c00, output)
            store(c01, output + laneCount)
            store(c10, output + stride)
            store(c11, output + (stride &+ laneCount))
            store(c20, output + 2 &* stride)
            store(c21, output + (2 &* stride &+ laneCount))
        }
    }

    /// Fetches what a loop over a panel reads eight rounds later: panels come from the second-level cache.
    @inline(__always)
    func fetchAhead(_ panel: UnsafePointer<Float>) {
        emotionformer_prefetch(panel + 8 &* panelWidth)
        if panelWidth > 16 { emotionformer_prefetch(panel + (8 &* panelWidth &+ 16)) }
    }
#endif
