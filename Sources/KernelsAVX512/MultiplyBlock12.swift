#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerKernelInterface

    /// 12 rows × 32 columns, in registers.
    private struct TwelveRows {
        private var rows0: ThreeRows
        private var rows1: ThreeRows
        private var rows2: ThreeRows
        private var rows3: ThreeRows
        private var b: UnsafePointer<Float>

        @inline(__always)
        init(
            _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
            fetching next: UnsafePointer<Float>? = nil
        ) {
            rows0 = ThreeRows(a)
            rows1 = ThreeRows(a + 3 &* aStride)
            rows2 = ThreeRows(a + 6 &* aStride)
            rows3 = ThreeRows(a + 9 &* aStride)
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
            rows2.add(offset, aStride, x0, x1)
            rows3.add(offset, aStride, x0, x1)
        }

        @inline(__always)
        private mutating func beginRound() {
            b = opaque(b)
            rows0.beginRound()
            rows1.beginRound()
            rows2.beginRound()
            rows3.beginRound()
        }

        @inline(__always)
        private mutating func advance(by count: Int) {
            b += count &* panelWidth
            rows0.advance(by: count)
            rows1.advance(by: count)
            rows2.advance(by: count)
            rows3.advance(by: count)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
            rows0.put(output, stride)
            rows1.put(output + 3 &* stride, stride)
            rows2.put(output + 6 &* stride, stride)
            rows3.put(output + 9 &* stride, stride)
        }

        @inline(__always)
        func put(_ target: inout ProductTarget) {
            rows0.put(&target)
            rows1.put(&target)
            rows2.put(&target)
            rows3.put(&target)
        }

        @inline(__always)
        func weigh(_ weights: BoundedWeights, _ target: WeightTarget) {
            rows0.weigh(weights, target)
            rows1.weigh(weights, target.advanced(by: 3))
            rows2.weigh(weights, target.advanced(by: 6))
            rows3.weigh(weights, target.advanced(by: 9))
        }
    }

    /// 12 rows × one panel.
    @inline(never)
    func multiplyBlock12(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) {
        TwelveRows(a, aStride, panel, k).put(output, outputStride)
    }

    /// 12 rows × one panel from row `row` and column `column`, finished; fetches what begins at `next`.
    @inline(__always)
    func finishBlock12(_ product: PackedProduct, _ row: Int, _ column: Int, _ next: UnsafePointer<Float>?) {
        if let next {
            finishBlock12AndFetch(product, row, column, next)
        } else {
            finishBlock12(product, row, column)
        }
    }

    @inline(never)
    private func finishBlock12(_ product: PackedProduct, _ row: Int, _ column: Int) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        let rows = TwelveRows(product.a + row &* product.aStride, product.aStride, panel, product.k)
        var target = ProductTarget(product, row, column)
        rows.put(&target)
    }

    @inline(never)
    private func finishBlock12AndFetch(
        _ product: PackedProduct, _ row: Int, _ column: Int, _ next: UnsafePointer<Float>
    ) {
        let panel = product.b.assumingMemoryBound(to: Float.self) + column &* product.k
        let rows = TwelveRows(product.a + row &* product.aStride, product.aStride, panel, product.k, fetching: next)
        var target = ProductTarget(product, row, column)
        rows.put(&target)
    }

    /// The weights of 12 queries for a panel of keys.
    @inline(never)
    func weighBlock12(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafePointer<Float>, _ k: Int, _ factor: Float,
        _ target: WeightTarget
    ) {
        TwelveRows(a, aStride, panel, k).weigh(BoundedWeights(factor: factor), target)
    }
#endif
