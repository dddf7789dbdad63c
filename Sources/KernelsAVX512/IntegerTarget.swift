#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    /// Sums of a panel's columns to integers counted from the output's zero point. Those outside the output's range need
    /// not be exact, but stay outside on the same side.
    protocol VectorScaling {
        func left(_ x: __m512i) -> __m512i
        func right(_ x: __m512i) -> __m512i
    }

    struct FloatVectorScaling: VectorScaling {
        private let leftFactors: __m512
        private let rightFactors: __m512
        private let high: __m512

        @inline(__always)
        init(_ scaling: IntegerScaling, _ column: Int) {
            leftFactors = load(scaling.factors + column)
            rightFactors = load(scaling.factors + (column &+ laneCount))
            high = _mm512_set1_ps(Float(scaling.output.high &- scaling.output.zeroPoint))
        }

        @inline(__always) func left(_ x: __m512i) -> __m512i { rounded(x, leftFactors) }
        @inline(__always) func right(_ x: __m512i) -> __m512i { rounded(x, rightFactors) }

        /// A float that is too large becomes the least integer, as one that is too small does: only the first is wrong.
        @inline(__always)
        private func rounded(_ x: __m512i, _ factors: __m512) -> __m512i {
            _mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(x), factors), high))
        }
    }

    /// One factor below 1/2 for all columns, and a tie.
    struct TiedVectorScaling: VectorScaling {
        private let factor: __m512
        private let tie: __m512i
        private let sign: __m512i

        @inline(__always)
        init(_ scaling: IntegerScaling) {
            factor = _mm512_set1_ps(scaling.factors.pointee)
            tie = _mm512_castps_si512(_mm512_set1_ps(scaling.tie))
            sign = _mm512_set1_epi32(Int32.min)
        }

        @inline(__always)
        func left(_ x: __m512i) -> __m512i {
            let x = _mm512_cvtepi32_ps(x)
            let tie = _mm512_or_si512(_mm512_and_si512(_mm512_castps_si512(x), sign), tie)
            return _mm512_cvtps_epi32(_mm512_fmadd_ps(x, factor, _mm512_castsi512_ps(tie)))
        }

        @inline(__always) func right(_ x: __m512i) -> __m512i { left(x) }
    }

    /// Where the rows of a whole panel of integer sums go, straight from the registers in which they were summed, as the
    /// output's integers. The rows are an even number.
    private struct IntegerTarget<Scaling: VectorScaling>: SumTarget {
        private let scaling: Scaling
        private let leftOffsets: __m512i
        private let rightOffsets: __m512i
        private var rowOffsets: UnsafePointer<Int32>?
        private let zeroPoint: __m512i
        private let low: __m512i
        private let high: __m512i
        private let order: __m512i
        private var c: UnsafeMutablePointer<Int8>
        private let cStride: Int
        /// The row before, if it waits for the next one: two rows become bytes at once.
        private var pending = noIntegers
        private var isPending = false

        @inline(__always)
        init(_ scaling: Scaling, _ product: IntegerMatrixProduct, _ row: Int, _ column: Int) {
            self.scaling = scaling
            leftOffsets = integers(product.offsets + column)
            rightOffsets = integers(product.offsets + (column &+ laneCount))
            rowOffsets = product.rowOffsets.map { $0 + row }
            let output = product.scaling.output
            zeroPoint = _mm512_set1_epi16(Int16(truncatingIfNeeded: output.zeroPoint))
            low = _mm512_set1_epi8(Int8(truncatingIfNeeded: output.low))
            high = _mm512_set1_epi8(Int8(truncatingIfNeeded: output.high))
            // Quarters of vectors are packed by themselves: four bytes each of a row's left and right, and of the next row's.
            let places = SIMD16<Int32>(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
            order = unsafeBitCast(places, to: __m512i.self)
            c = product.c + (row &* product.cStride &+ column)
            cStride = product.cStride
        }

        @inline(__always)
        mutating func put(_ left: Integers, _ right: Integers) {
            var (one, other) = (_mm512_add_epi32(left, leftOffsets), _mm512_add_epi32(right, rightOffsets))
            if let address = rowOffsets {
                let offset = _mm512_set1_epi32(address.pointee)
                (one, other) = (_mm512_add_epi32(one, offset), _mm512_add_epi32(other, offset))
                rowOffsets = address + 1
            }
            let packed = _mm512_packs_epi32(scaling.left(one), scaling.right(other))
            let words = _mm512_adds_epi16(packed, zeroPoint)
            if isPending {
                let mixed = _mm512_packs_epi16(pending, words)
                let bounded = _mm512_min_epi8(_mm512_max_epi8(mixed, low), high)
                let bytes: SIMD8<Int64> = _mm512_permutexvar_epi32(order, bounded)
                let to = UnsafeMutableRawPointer(c)
                to.storeBytes(of: bytes.lowHalf, as: SIMD4<Int64>.self)
                (to + cStride).storeBytes(of: bytes.highHalf, as: SIMD4<Int64>.self)
                c += 2 &* cStride
            } else {
                pending = words
            }
            isPending.toggle()
        }
    }

    extension IntegerBlocks {
        @inline(__always)
        static func finishTallest(
            _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ rows: Range<Int>,
            _ column: Int
        ) -> Int {
            switch product.scaling.form {
            case .float: return finishFloatBlocks(product, panel, groups, rows, column)
            case .tiedFloat: return finishTiedBlocks(product, panel, groups, rows, column)
            case .halfUp, .twice: return rows.lowerBound
            }
        }
    }

    @inline(never)
    private func finishFloatBlocks(
        _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ rows: Range<Int>,
        _ column: Int
    ) -> Int {
        // A uniform factor stands once for each column as well.
        finish(FloatVectorScaling(product.scaling, column), product, panel, groups, rows, column)
    }

    @inline(never)
    private func finishTiedBlocks(
        _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ rows: Range<Int>,
        _ column: Int
    ) -> Int {
        finish(TiedVectorScaling(product.scaling), product, panel, groups, rows, column)
    }

    @inline(__always)
    private func finish<Scaling: VectorScaling>(
        _ scaling: Scaling, _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ rows: Range<Int>, _ column: Int
    ) -> Int {
        let stride = product.aStride / MemoryLayout<QuantizedValue>.stride
        let a = product.a.assumingMemoryBound(to: QuantizedValue.self)
        guard rows.count >= tallestBlock else { return rows.lowerBound }
        var row = rows.lowerBound
        while row < rows.upperBound {
            // The last block ends with the rows; some of them are computed twice.
            row = row &+ tallestBlock <= rows.upperBound ? row : rows.upperBound &- tallestBlock
            var target = IntegerTarget(scaling, product, row, column)
            TwelveQuantizedRows(a + row &* stride, stride, panel, groups)
                .put(&target)
            row &+= tallestBlock
        }
        return rows.upperBound
    }
#endif
