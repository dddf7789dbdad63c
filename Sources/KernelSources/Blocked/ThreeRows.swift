#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    // What the micro-kernels are built of: the sums of three rows times one packed panel, in registers.

    /// Values of k in a round of the tallest blocks' loops: fewer instructions that only count.
    @inline(__always) var roundLength: Int { 4 }

    /// The same address, of which the optimiser knows nothing. Addresses that it can count from one another become
    /// indexed operands, which processors take apart from the multiplication they belong to.
    @inline(__always) func opaque<Element>(_ address: UnsafePointer<Element>) -> UnsafePointer<Element> {
        emotionformer_opaque(address).unsafelyUnwrapped.assumingMemoryBound(to: Element.self)
    }

    /// Float products. Every element is one accumulator over k in order, so a row has the same bits whatever block it
    /// falls into.
    struct ThreeRows {
        private var a: UnsafePointer<Float>
        private var c00 = broadcast(0)
        private var c01 = broadcast(0)
        private var c10 = broadcast(0)
        private var c11 = broadcast(0)
        private var c20 = broadcast(0)
        private var c21 = broadcast(0)

        @inline(__always) init(_ a: UnsafePointer<Float>) { self.a = a }

        /// Adds the products of the value of k that is `offset` ahead; `x0` and `x1` are its row of the panel.
        @inline(__always)
        mutating func add(_ offset: Int, _ aStride: Int, _ x0: Vector, _ x1: Vector) {
            // One row without an index, three instructions with two multiplications for the others.
            c00 = multiplyAdd(at: a + offset, x0, c00)
            c01 = multiplyAdd(at: a + offset, x1, c01)
            var e = broadcast(at: a + (offset &+ aStride))
            c10 = multiplyAdd(e, x0, c10)
            c11 = multiplyAdd(e, x1, c11)
            e = broadcast(at: a + (offset &+ 2 &* aStride))
            c20 = multiplyAdd(e, x0, c20)
            c21 = multiplyAdd(e, x1, c21)
        }

        @inline(__always) mutating func beginRound() { a = opaque(a) }
        @inline(__always) mutating func advance(by count: Int) { a += count }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            store(c00, output)
            store(c01, output + laneCount)
            store(c10, output + stride)
            store(c11, output + (stride &+ laneCount))
            store(c20, output + 2 &* stride)
            store(c21, output + (2 &* stride &+ laneCount))
        }

        @inline(__always)
        func put(_ target: inout ProductTarget) {
            target.put(c00, c01)
            target.put(c10, c11)
            target.put(c20, c21)
        }

        /// Turns the sums, scores of a panel's keys, into weights.
        @inline(__always)
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget) {
            target.put(c00, c01, weights)
            target.advanced(by: 1).put(c10, c11, weights)
            target.advanced(by: 2).put(c20, c21, weights)
        }
    }

    /// Blocks of rows whose products bring the next group of panels: each fetches a vector for every value of k.
    @inline(__always) var fetchingBlocks: Int { panelWidth / laneCount }

    /// Fetches a round's share of what is wanted later.
    @inline(__always)
    func fetchFar(_ address: UnsafePointer<Float>) {
        emotionformer_prefetch_far(address)
        emotionformer_prefetch_far(address + laneCount)
        emotionformer_prefetch_far(address + 2 &* laneCount)
        emotionformer_prefetch_far(address + 3 &* laneCount)
    }

    /// Fetches what a loop over a panel reads eight rounds later: panels come from the second-level cache.
    @inline(__always)
    func fetchAhead(_ panel: UnsafePointer<Float>) {
        emotionformer_prefetch(panel + 8 &* panelWidth)
        if panelWidth > 16 { emotionformer_prefetch(panel + (8 &* panelWidth &+ 16)) }
    }
#endif
