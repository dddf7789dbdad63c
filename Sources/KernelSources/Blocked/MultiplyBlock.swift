#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerKernelInterface

    // Micro-kernels of the float product that both levels have.

    /// 6 rows × one panel, in registers.
    private struct SixRows {
        private var rows0: ThreeRows
        private var rows1: ThreeRows
        private var b: UnsafePointer<Float>

        @inline(__always)
        init(
            _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
            fetching next: UnsafePointer<Float>? = nil
        ) {
            rows0 = ThreeRows(a)
            rows1 = ThreeRows(a + 3 &* aStride)
            b = panel
            var next = next
            var left = k
            while left >= roundLength {
                beginRound()
                if let address = next {
                    fetchFar(address)
                    next = address + roundLength &* laneCount
                }
                add(0, aStride)
                add(1, aStride)
                add(2, aStride)
                add(3, aStride)
                advance(by: roundLength)
                left &-= roundLength
            }
            while left > 0 {
                add(0, aStride)
                advance(by: 1)
                left &-= 1
            }
        }

        @inline(__always)
        private mutating func add(_ offset: Int, _ aStride: Int) {
            let from = b + offset &* panelWidth
            let x0 = load(from)
            let x1 = load(from + laneCount)
            fetchAhead(from)
            rows0.add(offset, aStride, x0, x1)
            rows1.add(offset, aStride, x0, x1)
        }

        @inline(__always)
        private mutating func beginRound() {
            b = opaque(b)
            rows0.beginRound()
            rows1.beginRound()
        }

        @inline(__always)
        private mutating func advance(by count: Int) {
            b += count &* panelWidth
            rows0.advance(by: count)
            rows1.advance(by: count)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            rows0.put(output, stride)
            rows1.put(output + 3 &* stride, stride)
        }

        @inline(__always)
        func put(_ target: inout ProductTarget) {
            rows0.put(&target)
            rows1.put(&target)
        }

        @inline(__always)
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget) {
            rows0.weigh(weights, target)
            rows1.weigh(weights, target.advanced(by: 3))
        }
    }

    /// 3 rows × one panel.
    @inline(__always)
    private func threeRows(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int
    ) -> ThreeRows {
        var rows = ThreeRows(a)
        var b = panel
        var left = k
        while left > 0 {
            rows.add(0, aStride, load(b), load(b + laneCount))
            rows.advance(by: 1)
            b += panelWidth
            left &-= 1
        }
        return rows
    }

    /// 6 rows × one panel.
    @inline(never)
    func multiplyBlock6(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        SixRows(a, aStride, panel, k).put(output, outputStride)
    }

    /// 3 rows × one panel.
    @inline(never)
    func multiplyBlock3(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        threeRows(a, aStride, panel, k).put(output, outputStride)
    }

    /// 6 rows × one panel from row `row` and column `column`, finished; fetches what begins at `next`.
    @inline(__always)
    func finishBlock6(_ product: PackedProduct, _ row: Int, _ column: Int, _ next: UnsafePointer<Float>?) {
        if let next {
            finishBlock6AndFetch(product, row, column, next)
        } else {
            finishBlock6(product, row, column)
        }
    }

    @inline(never)
    private func finishBlock6(_ product: PackedProduct, _ row: Int, _ column: Int) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        let rows = SixRows(product.a + row &* product.aStride, product.aStride, panel, product.k)
        var target = ProductTarget(product, row, column)
        rows.put(&target)
    }

    @inline(never)
    private func finishBlock6AndFetch(
        _ product: PackedProduct, _ row: Int, _ column: Int, _ next: UnsafePointer<Float>
    ) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        let rows = SixRows(product.a + row &* product.aStride, product.aStride, panel, product.k, fetching: next)
        var target = ProductTarget(product, row, column)
        rows.put(&target)
    }

    /// The weights of 6 queries for a panel of keys.
    @inline(never)
    func weighBlock6(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ factor: Float,
        _ target: WeightTarget
    ) {
        SixRows(a, aStride, panel, k).weigh(BoundedWeights(factor: factor), target)
    }

    /// The weights of 3 queries for a panel of keys.
    @inline(never)
    func weighBlock3(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ factor: Float,
        _ target: WeightTarget
    ) {
        threeRows(a, aStride, panel, k).weigh(BoundedWeights(factor: factor), target)
    }

    /// The weights of one query for a panel of keys.
    func weighRow(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ k: Int, _ factor: Float, _ target: WeightTarget
    ) {
        multiplyRow1(a, panel, k, target.values)
        target.put(load(target.values), load(target.values + laneCount), BoundedWeights(factor: factor))
    }
#endif
