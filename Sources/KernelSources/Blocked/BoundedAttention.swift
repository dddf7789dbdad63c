#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // A score is at most the query's length times the longest key's. Where that is small, it can stand for the row's
    // maximum: a softmax does not depend on what its exponents count from as long as none leaves the range of floats.
    // Scores then become weights in the registers in which they were summed, and are never written. Whether a row goes
    // this way, and all that happens to it, depends on the row and the keys alone.

    /// The powers of 2 up to which scores are taken to be small.
    @inline(__always) private var largestBound: Float { 60 }

    /// The power of 2 that is the largest weight there can be; the least is then 2⁻¹⁰⁴. Products with values of 1e-30 to 1e30
    /// neither vanish nor overflow.
    @inline(__always) private var largestExponent: Float { 16 }

    /// The largest factor of scores: with a larger one, squares that vanish could hide a score that does not.
    @inline(__always) private var largestFactor: Float { 64 }

    struct ScoreBound {
        /// Squared length of the longest key times the factor's square; infinite if scores are not products alone.
        private let square: Float

        init(_ head: borrowing AttentionHead, _ scratch: borrowing AttentionScratch) {
            // Turns scores into exponents of 2.
            let factor = head.scale * 1.442_695_04
            let isUsable = head.isPlain && factor <= largestFactor
            square = isUsable ? largestSquare(head, scratch.keys) * factor * factor : .infinity
            BoundedWeights.prepare(factor: factor, scratch.constants)
        }

        /// Shortens `rows` to those next ones that are all bounded or all not, and says which; writes what the bounded
        /// ones' weights begin with.
        @inline(__always)
        func holdsNext(
            _ head: borrowing AttentionHead, _ first: Int, _ rows: inout Int, _ scratch: borrowing AttentionScratch
        ) -> Bool {
            if !(square < .infinity) { return false }
            var row = 0
            var holdsFirst = false
            while row < rows {
                let query = head.query + (first &+ row) &* head.queryStride
                let top = (sumOfSquares(query, head.keyDimension) * square).squareRoot()
                let holds = top <= largestBound
                if row == 0 { holdsFirst = holds }
                if holds != holdsFirst { break }
                scratch.tops[row] = BoundedWeights.start(top: top - largestExponent)
                row &+= 1
            }
            rows = row
            return holdsFirst
        }
    }

    /// Of the packed keys, which stand side by side.
    private func largestSquare(_ head: borrowing AttentionHead, _ keys: UnsafePointer<Float>) -> Float {
        var best = broadcast(0)
        // Becomes NaN with the first sum that is not finite: the larger of two would lose it.
        var zero = best
        var panel = 0
        while panel < panelCount(head.keyCount) {
            var left = broadcast(0)
            var right = left
            var from = keys + panel &* panelWidth &* head.keyDimension
            var index = 0
            while index < head.keyDimension {
                let one = load(from)
                let other = load(from + laneCount)
                left = multiplyAdd(one, one, left)
                right = multiplyAdd(other, other, right)
                from += panelWidth
                index &+= 1
            }
            best = larger(best, larger(left, right))
            zero = zero + (left - left) + (right - right)
            panel &+= 1
        }
        return largestLane(best) + sumOfLanes(zero)
    }

    /// `scratch.tops` holds what the rows' weights begin with.
    func attendBoundedBlock(
        _ head: borrowing AttentionHead, _ first: Int, _ rows: Int, _ scratch: borrowing AttentionScratch
    ) {
        let width = scratch.sumStride
        let query = head.query + first &* head.queryStride
        var row = 0
        while row < rows {
            store(broadcast(0), scratch.totals + row &* laneCount)
            row &+= 1
        }
        var key = 0
        while key < head.keyCount {
            let count = head.keyCount &- key < keyTile ? head.keyCount &- key : keyTile
            weighTile(head, query, rows, scratch.keys + key &* head.keyDimension, count, scratch)
            let sums = key == 0 ? scratch.sums : scratch.products
            multiplyPanels(
                scratch.scores, scratch.scoreStride, rows, scratch.values + key &* width, count, head.valueDimension,
                sums, width)
            if key > 0 { binary(.add, scratch.sums, sums, scratch.sums, rows &* width) }
            key &+= keyTile
        }
        row = 0
        while row < rows {
            let total = sumOfLanes(load(scratch.totals + row &* laneCount))
            let output = head.output + (first &+ row) &* head.outputStride
            scale(scratch.sums + row &* width, 1 / total, output, head.valueDimension)
            row &+= 1
        }
    }

    /// The weights of a tile of keys, in the place of scores.
    @inline(__always)
    private func weighTile(
        _ head: borrowing AttentionHead, _ query: UnsafePointer<Float>, _ rows: Int, _ keys: UnsafePointer<Float>,
        _ count: Int, _ scratch: borrowing AttentionScratch
    ) {
        let weights = BoundedWeights(scratch.constants)
        let target = WeightTarget(
            starts: scratch.tops, totals: scratch.totals, values: scratch.scores, stride: scratch.scoreStride)
        var key = 0
        while key &+ panelWidth <= count {
            var here = target
            here.values += key
            let panel = keys + key &* head.keyDimension
            var row = 0
            while row < rows {
                row &+= weighBlock(
                    query + row &* head.queryStride, head.queryStride, rows &- row, panel, head.keyDimension, weights,
                    here.advanced(by: row))
            }
            key &+= panelWidth
        }
        if key == count { return }
        multiplyPanels(
            query, head.queryStride, rows, keys + key &* head.keyDimension, head.keyDimension, count &- key,
            scratch.scores + key, scratch.scoreStride)
        var here = target
        here.values += key
        var row = 0
        while row < rows {
            here.advanced(by: row).put(first: count &- key, weights)
            row &+= 1
        }
    }
#endif
