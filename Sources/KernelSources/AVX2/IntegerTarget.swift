#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerKernelInterface

    /// Where the rows of a whole panel of integer sums go, straight from the registers in which they were summed, as the
    /// output's integers.
    private struct IntegerTarget<Scaling: ColumnScaling>: SumTarget {
        private let scaling: Scaling
        private let offsets: SIMD16<Int32>
        private var rowOffsets: UnsafePointer<Int32>?
        private let output: IntegerRange
        private var c: UnsafeMutablePointer<Int8>
        private let cStride: Int

        @inline(__always)
        init(_ scaling: Scaling, _ product: IntegerMatrixProduct, _ row: Int, _ column: Int) {
            self.scaling = scaling
            offsets = lanes(product.offsets + column)
            rowOffsets = product.rowOffsets.map { $0 + row }
            output = product.scaling.output
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
            UnsafeMutableRawPointer(c).storeBytes(of: output.bytes(low, high), as: SIMD16<Int8>.self)
            c += cStride
        }
    }

    extension IntegerBlocks {
        @inline(__always)
        static func finishTallest(
            _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ row: Int,
            _ column: Int
        ) -> Bool {
            switch product.scaling.form {
            case .float: finishFloatBlock(product, panel, groups, row, column)
            case .twice where product.scaling.isUniform: finishUniformBlock(product, panel, groups, row, column)
            case .halfUp, .twice: return false
            }
            return true
        }
    }

    @inline(never)
    private func finishFloatBlock(
        _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ row: Int, _ column: Int
    ) {
        finish(FloatScaling(product.scaling, column, panelWidth), product, panel, groups, row, column)
    }

    @inline(never)
    private func finishUniformBlock(
        _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int, _ row: Int, _ column: Int
    ) {
        if let scaling = SmallUniformScaling(product.scaling) {
            finish(scaling, product, panel, groups, row, column)
        } else {
            finish(UniformScaling(product.scaling), product, panel, groups, row, column)
        }
    }

    @inline(__always)
    private func finish<Scaling: ColumnScaling>(
        _ scaling: Scaling, _ product: IntegerMatrixProduct, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ row: Int, _ column: Int
    ) {
        let a = (product.a + row &* product.aStride).assumingMemoryBound(to: QuantizedValue.self)
        let rows = SixQuantizedRows(a, product.aStride / MemoryLayout<QuantizedValue>.stride, panel, groups)
        var target = IntegerTarget(scaling, product, row, column)
        rows.put(&target)
    }
#endif
