#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Where the rows of a whole panel of integer sums go, straight from the registers in which they were summed, as
    /// floats: for the epilogues that `ProductTarget` serves.
    struct QuantizedTarget {
        private let leftScale: Vector
        private let rightScale: Vector
        private let leftBias: Vector
        private let rightBias: Vector
        private let leftDigits: Integers
        private let rightDigits: Integers
        /// What values are raised to: −∞ or 0.
        private let least: Vector
        private let rule: QuantizationRule
        private var quantization: UnsafePointer<RowQuantization>
        private let quantizationStride: Int
        private var c: UnsafeMutablePointer<Float>
        private let cStride: Int
        private var table: UnsafePointer<Float>?
        private let tableStride: Int
        private var residual: UnsafePointer<Float>?
        private let residualStride: Int

        /// `sums` are those of the columns from `column` on.
        @inline(__always)
        init(_ product: borrowing QuantizedProduct, _ sums: UnsafePointer<Int32>, _ row: Int, _ column: Int) {
            let epilogue = product.epilogue
            leftScale = load(product.weightScales + column)
            rightScale = load(product.weightScales + (column &+ laneCount))
            if let bias = epilogue.bias {
                leftBias = load(bias + column)
                rightBias = load(bias + (column &+ laneCount))
            } else {
                leftBias = broadcast(0)
                rightBias = leftBias
            }
            leftDigits = digits(sums)
            rightDigits = digits(sums + laneCount)
            least = broadcast(ProductTarget.leastValue(epilogue.activation) ?? -.infinity)
            rule = product.rule
            quantization = product.rowQuantization + row &* product.rowQuantizationStride
            quantizationStride = product.rowQuantizationStride
            c = product.c + (row &* product.cStride &+ column)
            cStride = product.cStride
            if let all = epilogue.rowTable { table = all + (row &* epilogue.rowTableStride &+ column) }
            tableStride = epilogue.rowTableStride
            if let all = epilogue.residual { residual = all + (row &* epilogue.residualStride &+ column) }
            residualStride = epilogue.residualStride
        }

        /// Stores the next row.
        @inline(__always)
        mutating func put(_ left: Integers, _ right: Integers) {
            let point = negativeDigits(quantization.pointee.zeroPoint)
            let scale = broadcast(quantization.pointee.scale)
            quantization += quantizationStride
            var one = corrected(left, leftDigits, point)
            var other = corrected(right, rightDigits, point)
            switch rule {
            case .xnnpack:
                one = multiplyAdd(one * scale, leftScale, leftBias)
                other = multiplyAdd(other * scale, rightScale, rightBias)
            case .builtin:
                one = leftBias + one * (leftScale * scale)
                other = rightBias + other * (rightScale * scale)
            }
            if let from = table {
                one = one + load(from)
                other = other + load(from + laneCount)
                table = from + tableStride
            }
            one = larger(least, one)
            other = larger(least, other)
            if let from = residual {
                one = one + load(from)
                other = other + load(from + laneCount)
                residual = from + residualStride
            }
            store(one, c)
            store(other, c + laneCount)
            c += cStride
        }
    }
#endif
