#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    /// Where the weights of a row of scores go, and what they need: a row of `values` and of the others for each query.
    struct WeightTarget {
        /// Of each query: from where its exponents count.
        var starts: UnsafePointer<Float>
        /// Of each query: the sums of its weights, lane by lane.
        var totals: UnsafeMutablePointer<Float>
        var values: UnsafeMutablePointer<Float>
        var stride: Int

        @inline(__always)
        func advanced(by rows: Int) -> WeightTarget {
            WeightTarget(
                starts: starts + rows, totals: totals + rows &* laneCount, values: values + rows &* stride,
                stride: stride)
        }

        /// A panel's scores of the first row.
        @inline(__always)
        func put(_ left: Vector, _ right: Vector, _ weights: BoundedWeights) {
            let start = broadcast(at: starts)
            let one = weights(left, start)
            let other = weights(right, start)
            store(one, values)
            store(other, values + laneCount)
            store(load(totals) + (one + other), totals)
        }

        /// The first `count` of a panel's scores of the first row, which stand in its place already, other numbers behind
        /// them.
        @inline(__always)
        func put(first count: Int, _ weights: BoundedWeights) {
            let start = broadcast(at: starts)
            let width = count < laneCount ? count : laneCount
            var sum = weights(load(values), start)
            store(sum, values)
            sum = keep(sum, first: width)
            if count > laneCount {
                let other = weights(load(values + laneCount), start)
                store(other, values + laneCount)
                sum = sum + keep(other, first: count &- laneCount)
            }
            store(load(totals) + sum, totals)
        }
    }
#endif
