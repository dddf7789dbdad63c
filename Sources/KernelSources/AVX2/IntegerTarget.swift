#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    /// Where the rows of a whole panel of integer sums go, straight from the registers in which they were summed, as the
    /// output's integers. The rows are an even number.
    private struct IntegerTarget<Scaling: ColumnScaling>: SumTarget {
        private let scaling: Scaling
        private let offsets: SIMD16<Int32>
        private var rowOffsets: UnsafePointer<Int32>?
        private let zeroPoint: __m256i
        private let low: __m256i
        private let high: __m256i
        private var c: UnsafeMutablePointer<Int8>
        private let cStride: Int
        /// The row before, if it waits for the next one: two rows become bytes at once.
        private var pending = noIntegers
        private var isPending = false

        @inline(__always)
        init(_ scaling: Scaling, _ product: IntegerMatrixProduct, _ row: Int, _ column: Int) {
            self.scaling = scaling
            offsets = lanes(product.offsets + column)
            rowOffsets = product.rowOffsets.map { $0 + row }
            let output = product.scaling.output
            zeroPoint = _mm256_set1_epi16(Int16(truncatingIfNeeded: output.zeroPoint))
            low = _mm256_set1_epi8(Int8(truncatingIfNeeded: output.low))
            high = _mm256_set1_epi8(Int8(truncatingIfNeeded: output.high))
            c = product.c + (row &* product.cStride &+ column)
            cStride = product.cStride
        }

        @inline(__always)
        mutating func put(_ left: Integers, _ right: Integers) {
            var low = unsafeBitCast(left, to: SIMD8<Int32>.self) &+ offsets.lowHalf
            var high = unsafeBitCast(right, to: SIMD8<Int32>.self) &+ offsets.highHalf
            if let address = rowOffsets {
                low = low &+ SIMD8(repeating: address.pointee)
                high = high &+ SIMD8(repeating: address.pointee)
                rowOffsets = address + 1
            }
            (low, high) = scaling(low, high)
            let words = IntegerLanes.words(low, high, zeroPoint)
            if isPending {
                let bytes = IntegerLanes.bytes(pending, words, self.low, self.high)
                let to = UnsafeMutableRawPointer(c)
                to.storeBytes(of: _mm256_castsi256_si128(bytes), as: __m128i.self)
                (to + cStride).storeBytes(of: emotionformer_upper_half_8(bytes), as: __m128i.self)
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
            case .twice where product.scaling.isUniform:
                return finishUniformBlocks(product, panel, groups, rows, column)
            case .halfUp, .twice: return rows.lowerBound
            }
        }
    }

    @inline(never)
    private func finishFloatBlocks(
        _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ rows: Range<Int>,
        _ column: Int
    ) -> Int {
        finish(FloatScaling(product.scaling, column, panelWidth), product, panel, groups, rows, column)
    }

    @inline(never)
    private func finishTiedBlocks(
        _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ rows: Range<Int>,
        _ column: Int
    ) -> Int {
        finish(TiedScaling(product.scaling), product, panel, groups, rows, column)
    }

    @inline(never)
    private func finishUniformBlocks(
        _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ rows: Range<Int>,
        _ column: Int
    ) -> Int {
        if let scaling = SmallUniformScaling(product.scaling) {
            finish(scaling, product, panel, groups, rows, column)
        } else {
            finish(UniformScaling(product.scaling), product, panel, groups, rows, column)
        }
    }

    @inline(__always)
    private func finish<Scaling: ColumnScaling>(
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
            SixQuantizedRows(a + row &* stride, stride, panel, groups).put(&target)
            row &+= tallestBlock
        }
        return rows.upperBound
    }
#endif
