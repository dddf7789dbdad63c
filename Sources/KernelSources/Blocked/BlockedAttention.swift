#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    // Keys and values are packed for the product's micro-kernels, then each block of queries goes through tiles of keys
    // with a running maximum and sum. Tiles begin at fixed keys, so a row's result depends on no other row.

    /// Keys in a tile: a block's scores fit into the first-level cache beside the panels.
    @inline(__always) var keyTile: Int { 512 }

    @inline(__always) func padded(_ count: Int) -> Int { panelCount(count) &* panelWidth }

    /// Where the parts of the scratch memory begin, in floats.
    struct AttentionScratch {
        var keys: UnsafeMutablePointer<Float>
        var values: UnsafeMutablePointer<Float>
        var scores: UnsafeMutablePointer<Float>
        var scoreStride: Int
        var sums: UnsafeMutablePointer<Float>
        var sumStride: Int
        /// Of a block's rows: another place for sums, then for one number and for a vector of each.
        var products: UnsafeMutablePointer<Float>
        var tops: UnsafeMutablePointer<Float>
        var totals: UnsafeMutablePointer<Float>
        /// What `BoundedWeights` computes with.
        var constants: UnsafeMutablePointer<Float>

        init(_ memory: UnsafeMutableRawPointer, _ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) {
            keys = memory.assumingMemoryBound(to: Float.self)
            values = keys + padded(keyCount) &* keyDimension
            scores = values + keyCount &* padded(valueDimension)
            scoreStride = padded(keyCount < keyTile ? keyCount : keyTile)
            sums = scores + tallestBlock &* scoreStride
            sumStride = padded(valueDimension)
            products = sums + tallestBlock &* sumStride
            tops = products + tallestBlock &* sumStride
            totals = tops + tallestBlock
            constants = totals + tallestBlock &* laneCount
        }
    }

    func attentionScratchByteCount(_ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) -> Int {
        let tile = padded(keyCount < keyTile ? keyCount : keyTile)
        let scores = tallestBlock &* (tile &+ 2 &* padded(valueDimension) &+ 1 &+ laneCount)
        let matrices = padded(keyCount) &* keyDimension &+ keyCount &* padded(valueDimension)
        let floats = matrices &+ scores &+ BoundedWeights.constantCount
        return floats &* MemoryLayout<Float>.stride
    }

    func attention(_ head: AttentionHead, _ queries: Range<Int>, _ memory: UnsafeMutableRawPointer) {
        if queries.isEmpty { return }
        let scratch = AttentionScratch(memory, head.keyCount, head.keyDimension, head.valueDimension)
        packMatrix(head.key, 1, head.keyStride, head.keyDimension, head.keyCount, scratch.keys)
        // Values are packed tile by tile, so that a tile's panels are whole.
        var first = 0
        while first < head.keyCount {
            let count = head.keyCount &- first < keyTile ? head.keyCount &- first : keyTile
            packMatrix(
                head.value + first &* head.valueStride, head.valueStride, 1, count, head.valueDimension,
                scratch.values + first &* padded(head.valueDimension))
            first &+= keyTile
        }
        let bound = ScoreBound(head, scratch)
        var row = queries.lowerBound
        while row < queries.upperBound {
            let left = queries.upperBound &- row
            var rows = left < tallestBlock ? left : tallestBlock
            fetchQueries(head, row &+ rows, queries.upperBound)
            let isBounded = bound.holdsNext(head, row, &rows, scratch)
            if isBounded {
                attendBoundedBlock(head, row, rows, scratch)
            } else {
                attendBlock(head, row, rows, scratch)
            }
            row &+= rows
        }
        if head.weights != nil { writeWeights(head, queries, scratch) }
    }

    /// Fetches the next block's rows: they lie far apart, where no processor expects them.
    @inline(__always)
    private func fetchQueries(_ head: borrowing AttentionHead, _ first: Int, _ end: Int) {
        var row = first
        while row < end && row < first &+ tallestBlock {
            var index = 0
            while index < head.keyDimension {
                emotionformer_prefetch(head.query + (row &* head.queryStride &+ index))
                index &+= 16
            }
            row &+= 1
        }
    }

    /// Products of `rows` rows of A with all panels of one packed matrix.
    @inline(__always)
    func multiplyPanels(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ rows: Int, _ panels: UnsafePointer<Float>, _ k: Int, _ n: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        var column = 0
        while column < n {
            var row = 0
            while row < rows {
                row &+= multiplyBlock(
                    a + row &* aStride, aStride, rows &- row, panels + column &* k, k,
                    output + (row &* outputStride &+ column), outputStride)
            }
            column &+= panelWidth
        }
    }

    /// Largest score and sum of weights of up to twelve rows.
    private typealias RowStates = (
        SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>,
        SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>
    )

    extension AttentionHead {
        /// Nothing but a positive scale comes between products and weights.
        @inline(__always) var isPlain: Bool {
            keyMask == nil && mask == nil && !isCausal && scale > 0
        }
    }

    private func attendBlock(_ head: AttentionHead, _ first: Int, _ rows: Int, _ scratch: AttentionScratch) {
        // A finite one: between two infinite scores there is no difference.
        let start = SIMD2<Float>(-.greatestFiniteMagnitude, 0)
        var memory: RowStates = (
            start, start, start, start, start, start, start, start, start, start, start, start
        )
        withUnsafeMutableBytes(of: &memory) { bytes in
            guard let address = bytes.baseAddress else { return }
            let states = address.assumingMemoryBound(to: SIMD2<Float>.self)
            var key = 0
            while key < head.keyCount {
                let count = head.keyCount &- key < keyTile ? head.keyCount &- key : keyTile
                attendTile(head, first, rows, key, count, states, scratch)
                key &+= keyTile
            }
            var row = 0
            while row < rows {
                let sums = scratch.sums + row &* scratch.sumStride
                scale(sums, 1 / states[row].y, head.output + (first &+ row) &* head.outputStride, head.valueDimension)
                row &+= 1
            }
        }
    }

    @inline(__always)
    func scale(
        _ input: UnsafePointer<Float>, _ factor: Float, _ output: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        let factors = broadcast(factor)
        var index = 0
        while index &+ laneCount <= count {
            store(load(input + index) * factors, output + index)
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 { store(load(input + index, first: rest) * factors, output + index, first: rest) }
    }

    /// The difference of scores at which 2^(difference·factor) is 2^exponent; finite.
    @inline(__always) func leastDifference(_ exponent: Float, _ factor: Float) -> Float {
        let difference = exponent / factor
        return difference > -.greatestFiniteMagnitude ? difference : -.greatestFiniteMagnitude
    }

    /// Scores become weights in place, a multiple of `laneCount` of them; returns their sum.
    @inline(__always)
    private func weigh(
        _ scores: UnsafeMutablePointer<Float>, _ weights: SoftmaxWeights, _ top: Float, _ count: Int
    ) -> Float {
        let shift = broadcast(top)
        var sum = broadcast(0)
        var second = sum
        var index = 0
        while index &+ 2 &* laneCount <= count {
            let one = weights(load(scores + index), shift)
            let other = weights(load(scores + (index &+ laneCount)), shift)
            store(one, scores + index)
            store(other, scores + (index &+ laneCount))
            sum = sum + one
            second = second + other
            index &+= 2 &* laneCount
        }
        if index < count {
            let last = weights(load(scores + index), shift)
            store(last, scores + index)
            sum = sum + last
        }
        return sumOfLanes(sum + second)
    }

    @inline(__always)
    private func attendTile(
        _ head: AttentionHead, _ first: Int, _ rows: Int, _ key: Int, _ count: Int,
        _ states: UnsafeMutablePointer<SIMD2<Float>>, _ scratch: AttentionScratch
    ) {
        let stride = scratch.scoreStride
        multiplyPanels(
            head.query + first &* head.queryStride, head.queryStride, rows,
            scratch.keys + key &* head.keyDimension, head.keyDimension, count, scratch.scores, stride)
        let width = scratch.sumStride
        let products = scratch.products
        let tops = scratch.tops
        // Powers of 2 instead of e, and the scale goes in with the same factor if nothing comes between.
        let isPlain = head.isPlain
        let factor = isPlain ? head.scale * 1.442_695_04 : 1.442_695_04
        let paddedCount = (count &+ laneCount &- 1) / laneCount &* laneCount
        let weights = SoftmaxWeights(factor: factor)
        var row = 0
        // All maxima before all powers: their chains of lanes overlap.
        while row < rows {
            let scores = scratch.scores + row &* stride
            if !isPlain { finishScores(scores, head, first &+ row, key, count) }
            var lane = count
            while lane < paddedCount {
                scores[lane] = -.infinity
                lane &+= 1
            }
            let tileMaximum = largest(scores, paddedCount)
            tops[row] = tileMaximum > states[row].x ? tileMaximum : states[row].x
            row &+= 1
        }
        row = 0
        while row < rows {
            let old = states[row]
            let top = tops[row]
            let sum = weigh(scratch.scores + row &* stride, weights, top, paddedCount)
            if key == 0 {
                states[row] = SIMD2(top, sum)
            } else {
                let shrink = powerOfTwo(broadcast((old.x - top) * factor))[0]
                states[row] = SIMD2(top, old.y * shrink + sum)
                let sums = scratch.sums + row &* width
                scale(sums, shrink, sums, width)
            }
            row &+= 1
        }
        let values = scratch.values + key &* width
        if key == 0 {
            multiplyPanels(scratch.scores, stride, rows, values, count, head.valueDimension, scratch.sums, width)
            return
        }
        multiplyPanels(scratch.scores, stride, rows, values, count, head.valueDimension, products, width)
        binary(.add, scratch.sums, products, scratch.sums, rows &* width)
    }

    /// The weights as a matrix, by a second pass; only for who asks to see them.
    private func writeWeights(_ head: AttentionHead, _ queries: Range<Int>, _ scratch: AttentionScratch) {
        guard let weights = head.weights else { return }
        var row = queries.lowerBound
        while row < queries.upperBound {
            let output = weights + row &* head.weightsStride
            var key = 0
            while key < head.keyCount {
                let width = head.keyCount &- key < panelWidth ? head.keyCount &- key : panelWidth
                multiplyRow1(
                    head.query + row &* head.queryStride, scratch.keys + key &* head.keyDimension, head.keyDimension,
                    scratch.scores)
                mapVectors(scratch.scores, output + key, width) { $0 }
                key &+= panelWidth
            }
            finishScores(output, head, row, 0, head.keyCount)
            softmax(output, head.keyCount, output, head.keyCount, 1, head.keyCount)
            row &+= 1
        }
    }
#endif
