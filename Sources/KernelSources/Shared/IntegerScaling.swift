#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // The loops below are written for one number at a time, in operations that the compiler turns into vectors.

    /// The nearest integer, ties to even, of a number between −2²² and 2²².
    @inline(__always)
    func nearestInteger(_ x: Float) -> Int32 {
        // In 1.5·2²³ + x the fraction has no bit.
        Int32(bitPattern: (x + 12_582_912).bitPattern) &- 0x4B40_0000
    }

    /// A number clamped; what is not a number becomes `low`.
    @inline(__always)
    func bounded(_ x: Float, _ low: Float, _ high: Float) -> Float {
        let above = x > low ? x : low
        return above < high ? above : high
    }

    @inline(__always)
    func bounded(_ x: Int32, _ low: Int32, _ high: Int32) -> Int32 {
        let above = x > low ? x : low
        return above < high ? above : high
    }

    /// Sums of sixteen columns to integers counted from the output's zero point.
    protocol ColumnScaling {
        func callAsFunction(_ low: SIMD8<Int32>, _ high: SIMD8<Int32>) -> (SIMD8<Int32>, SIMD8<Int32>)
    }

    struct FloatScaling: ColumnScaling {
        private let factors: SIMD16<Float>
        private let output: IntegerRange

        @inline(__always)
        init(_ scaling: IntegerScaling, _ column: Int, _ count: Int) {
            factors = lanes(scaling.factors + column, first: count)
            output = scaling.output
        }

        @inline(__always)
        func callAsFunction(_ low: SIMD8<Int32>, _ high: SIMD8<Int32>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            (
                output.nearest(IntegerLanes.floats(low) * factors.lowHalf),
                output.nearest(IntegerLanes.floats(high) * factors.highHalf)
            )
        }
    }

    /// One factor for all columns and a tie.
    struct TiedScaling: ColumnScaling {
        private let factor: SIMD8<Float>
        private let tie: SIMD8<Float>
        private let low: Float
        private let high: Float

        @inline(__always)
        init(_ scaling: IntegerScaling) {
            factor = SIMD8(repeating: scaling.factors.pointee)
            tie = SIMD8(repeating: scaling.tie)
            (low, high) = (
                Float(scaling.output.low &- scaling.output.zeroPoint),
                Float(scaling.output.high &- scaling.output.zeroPoint)
            )
        }

        @inline(__always)
        func callAsFunction(_ low: SIMD8<Int32>, _ high: SIMD8<Int32>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            (rounded(low), rounded(high))
        }

        @inline(__always)
        private func rounded(_ x: SIMD8<Int32>) -> SIMD8<Int32> {
            IntegerLanes.nearestSmall(IntegerLanes.scaled(IntegerLanes.floats(x), factor, tie), low, high)
        }
    }

    struct FixedPointScaling: ColumnScaling {
        private let low: FixedPointLanes
        private let high: FixedPointLanes
        private let isTwice: Bool

        @inline(__always)
        init(_ scaling: IntegerScaling, _ column: Int, _ count: Int) {
            let multipliers = lanes(scaling.multipliers + column, first: count)
            let exponents = lanes(scaling.exponents + column, first: count)
            low = FixedPointLanes(multipliers.lowHalf, exponents.lowHalf)
            high = FixedPointLanes(multipliers.highHalf, exponents.highHalf)
            isTwice = scaling.form == .twice
        }

        @inline(__always)
        func callAsFunction(_ low: SIMD8<Int32>, _ high: SIMD8<Int32>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            isTwice
                ? (self.low.roundedTwice(low), self.high.roundedTwice(high))
                : (self.low.roundedHalfUp(low), self.high.roundedHalfUp(high))
        }
    }

    /// One factor for all columns, rounded twice: products of two values, as in attention.
    struct UniformScaling: ColumnScaling {
        private let factor: FixedPointLanes

        @inline(__always)
        init(_ scaling: IntegerScaling) {
            factor = FixedPointLanes(
                SIMD8(repeating: scaling.multipliers.pointee), SIMD8(repeating: scaling.exponents.pointee))
        }

        @inline(__always)
        func callAsFunction(_ low: SIMD8<Int32>, _ high: SIMD8<Int32>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            (factor.roundedTwice(low), factor.roundedTwice(high))
        }
    }

    /// The same of a factor below 1/2, for which there is always a shift to the right and none to the left.
    struct SmallUniformScaling: ColumnScaling {
        private let multiplier: SIMD8<Int32>
        /// Less a last one by 1.
        private let right: SIMD8<Int32>

        /// nil for other factors.
        @inline(__always)
        init?(_ scaling: IntegerScaling) {
            guard scaling.exponents.pointee < 0 else { return nil }
            multiplier = SIMD8(repeating: scaling.multipliers.pointee)
            right = SIMD8(repeating: 0 &- scaling.exponents.pointee &- 1)
        }

        @inline(__always)
        func callAsFunction(_ low: SIMD8<Int32>, _ high: SIMD8<Int32>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            (rounded(low), rounded(high))
        }

        /// As `FixedPointLanes.roundedTwice`.
        @inline(__always)
        private func rounded(_ x: SIMD8<Int32>) -> SIMD8<Int32> {
            let one = SIMD8<Int32>(repeating: 1)
            let high = IntegerLanes.highProduct(x, multiplier)
            return (((high &+ (high &>> SIMD8(repeating: 31))) &>> right) &+ one) &>> one
        }
    }

    /// Exact sums of a block of a product, `stride` from one row to the next.
    struct SumBlock {
        let sums: UnsafePointer<Int32>
        let stride: Int
        /// Of the product.
        let row: Int
        let column: Int
        let rows: Int
        let columns: Int

        /// Stores the sums with their offsets as the output's integers.
        @inline(__always)
        func store(_ product: IntegerMatrixProduct) {
            let scaling = product.scaling
            var first = 0
            while first < columns {
                let count = columns &- first
                switch scaling.form {
                case .float: store(product, first, FloatScaling(scaling, column &+ first, count))
                case .tiedFloat: store(product, first, TiedScaling(scaling))
                case .twice where scaling.isUniform: store(product, first, UniformScaling(scaling))
                case .halfUp, .twice: store(product, first, FixedPointScaling(scaling, column &+ first, count))
                }
                first &+= 16
            }
        }

        /// Up to sixteen columns of every row.
        @inline(__always)
        private func store<Scaling: ColumnScaling>(_ product: IntegerMatrixProduct, _ first: Int, _ scaling: Scaling) {
            let count = columns &- first
            let output = product.scaling.output
            let offsets = lanes(product.offsets + (column &+ first), first: count)
            var to = product.c + (row &* product.cStride &+ column &+ first)
            var index = 0
            while index < rows {
                let sums = lanes(sums + (index &* stride &+ first), first: count)
                let rowOffset = SIMD8(repeating: product.rowOffsets.map { $0[row &+ index] } ?? 0)
                let (low, high) = scaling(
                    sums.lowHalf &+ offsets.lowHalf &+ rowOffset, sums.highHalf &+ offsets.highHalf &+ rowOffset)
                storeBytes(output.bytes(low, high), to, first: count)
                to += product.cStride
                index &+= 1
            }
        }
    }

    /// Int8 numbers with 128 added; the rest of a row is not written.
    func biasIntegers(
        _ input: UnsafePointer<Int8>, _ output: UnsafeMutableRawPointer, _ stride: Int, _ rows: Int, _ k: Int
    ) {
        var row = 0
        while row < rows {
            let from = input + row &* k
            let to = (output + row &* stride).assumingMemoryBound(to: QuantizedValue.self)
            var index = 0
            while index < k {
                to[index] = QuantizedValue(truncatingIfNeeded: UInt8(bitPattern: from[index]) ^ 0x80)
                index &+= 1
            }
            row &+= 1
        }
    }
#endif
