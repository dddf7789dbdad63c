#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Integers counted from the output's zero point, from eight pairs of numbers.
    private protocol PairFunction {
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32>
    }

    private struct ShiftedSum: PairFunction {
        let pairing: IntegerPairing

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
            let (first, second) = (SIMD8(repeating: pairing.first), SIMD8(repeating: pairing.second))
            return (first &* a &+ second &* b &+ SIMD8(repeating: pairing.offset)) &>> SIMD8(repeating: pairing.shift)
        }
    }

    private struct FloatProduct: PairFunction {
        let pairing: IntegerPairing

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
            let product = (a &- SIMD8(repeating: pairing.first)) &* (b &- SIMD8(repeating: pairing.second))
            return pairing.output.nearest(IntegerLanes.floats(product) * SIMD8(repeating: pairing.factor))
        }
    }

    private struct TiedProduct: PairFunction {
        let pairing: IntegerPairing

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
            let product = (a &- SIMD8(repeating: pairing.first)) &* (b &- SIMD8(repeating: pairing.second))
            return pairing.output.nearest(
                IntegerLanes.scaled(
                    IntegerLanes.floats(product), SIMD8(repeating: pairing.factor), SIMD8(repeating: pairing.tie)))
        }
    }

    private struct FloatSquare: PairFunction {
        let pairing: IntegerPairing

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
            let one = operand(a, pairing.first, pairing.firstFactor, pairing.firstTie)
            let other = operand(b, pairing.second, pairing.secondFactor, pairing.secondTie)
            let difference = one - other
            return pairing.output.nearest(
                IntegerLanes.scaled(
                    difference * difference, SIMD8(repeating: pairing.factor), SIMD8(repeating: pairing.tie)))
        }

        @inline(__always)
        private func operand(_ x: SIMD8<Int32>, _ zeroPoint: Int32, _ factor: Float, _ tie: Float) -> SIMD8<Float> {
            IntegerLanes.rounded(
                IntegerLanes.scaled(
                    IntegerLanes.floats(x &- SIMD8(repeating: zeroPoint)), SIMD8(repeating: factor),
                    SIMD8(repeating: tie)))
        }
    }

    private struct ScaledProduct: PairFunction {
        let pairing: IntegerPairing
        let scale: FixedPointLanes

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
            scale.roundedTwice((a &- SIMD8(repeating: pairing.first)) &* (b &- SIMD8(repeating: pairing.second)))
        }
    }

    /// Both operands, scaled to a common unit.
    private struct ScaledOperands {
        let pairing: IntegerPairing
        let first: FixedPointLanes
        let second: FixedPointLanes

        @inline(__always)
        init(_ pairing: IntegerPairing) {
            self.pairing = pairing
            first = FixedPointLanes(pairing.firstScale)
            second = FixedPointLanes(pairing.secondScale)
        }

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            let shift = SIMD8(repeating: pairing.shift)
            return (
                first.roundedTwice((a &- SIMD8(repeating: pairing.first)) &<< shift),
                second.roundedTwice((b &- SIMD8(repeating: pairing.second)) &<< shift)
            )
        }
    }

    private struct ScaledSum: PairFunction {
        let operands: ScaledOperands
        let scale: FixedPointLanes
        /// 1, or −1 for differences.
        let sign: Int32

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
            let (one, other) = operands(a, b)
            return scale.roundedTwice(one &+ other &* SIMD8(repeating: sign))
        }
    }

    private struct SquaredDifference: PairFunction {
        let operands: ScaledOperands
        let scale: FixedPointLanes

        @inline(__always)
        func callAsFunction(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
            let (one, other) = operands(a, b)
            return scale.roundedTwice((one &- other) &* (one &- other))
        }
    }

    @inline(__always)
    private func pairs<Function: PairFunction>(
        _ function: Function, _ output: IntegerRange, _ a: IntegerOperand, _ b: IntegerOperand,
        _ c: UnsafeMutablePointer<Int8>, _ rows: Int, _ columns: Int
    ) {
        var (a, b, c) = (a, b, c)
        var row = 0
        while row < rows {
            pairs(function, output, a, b, c, columns)
            a.numbers += a.rowStride
            b.numbers += b.rowStride
            c += columns
            row &+= 1
        }
    }

    /// One row.
    @inline(__always)
    private func pairs<Function: PairFunction>(
        _ function: Function, _ output: IntegerRange, _ a: IntegerOperand, _ b: IntegerOperand,
        _ c: UnsafeMutablePointer<Int8>, _ columns: Int
    ) {
        let (x, y) = (a.numbers, b.numbers)
        let (firsts, seconds) = (SIMD16(repeating: x[0]), SIMD16(repeating: y[0]))
        let (first, second) = (SIMD8(repeating: Int32(x[0])), SIMD8(repeating: Int32(y[0])))
        var index = 0
        while index &+ 32 <= columns {
            let (a0, b0) = (eight(a, first, index), eight(b, second, index))
            let (a1, b1) = (eight(a, first, index &+ 8), eight(b, second, index &+ 8))
            let (a2, b2) = (eight(a, first, index &+ 16), eight(b, second, index &+ 16))
            let (a3, b3) = (eight(a, first, index &+ 24), eight(b, second, index &+ 24))
            IntegerLanes.store(
                function(a0, b0), function(a1, b1), function(a2, b2), function(a3, b3), output, c + index)
            index &+= 32
        }
        while index &+ 16 <= columns {
            let (a0, a1) = IntegerLanes.widened(a.step == 0 ? firsts : lanes(x + index))
            let (b0, b1) = IntegerLanes.widened(b.step == 0 ? seconds : lanes(y + index))
            UnsafeMutableRawPointer(c + index).storeBytes(
                of: output.bytes(function(a0, b0), function(a1, b1)), as: SIMD16<Int8>.self)
            index &+= 16
        }
        guard index < columns else { return }
        // Nothing is read or written past the end.
        let count = columns &- index
        let (a0, a1) = IntegerLanes.widened(a.step == 0 ? firsts : lanes(x + index, first: count))
        let (b0, b1) = IntegerLanes.widened(b.step == 0 ? seconds : lanes(y + index, first: count))
        storeBytes(output.bytes(function(a0, b0), function(a1, b1)), c + index, first: count)
    }

    /// Eight numbers of an operand, `first` eight times if it is one number.
    @inline(__always)
    private func eight(_ operand: IntegerOperand, _ first: SIMD8<Int32>, _ index: Int) -> SIMD8<Int32> {
        if operand.step == 0 { return first }
        return SIMD8<Int32>(
            truncatingIfNeeded: UnsafeRawPointer(operand.numbers + index).loadUnaligned(as: SIMD8<Int8>.self))
    }

    func pairIntegers(
        _ pairing: IntegerPairing, _ a: IntegerOperand, _ b: IntegerOperand, _ c: UnsafeMutablePointer<Int8>,
        _ rows: Int, _ columns: Int
    ) {
        let output = pairing.output
        let scale = FixedPointLanes(pairing.scale)
        switch pairing.form {
        case .shiftedSum: pairs(ShiftedSum(pairing: pairing), output, a, b, c, rows, columns)
        case .floatProduct: pairs(FloatProduct(pairing: pairing), output, a, b, c, rows, columns)
        case .tiedProduct: pairs(TiedProduct(pairing: pairing), output, a, b, c, rows, columns)
        case .floatSquare: pairs(FloatSquare(pairing: pairing), output, a, b, c, rows, columns)
        case .scaledProduct:
            pairs(ScaledProduct(pairing: pairing, scale: scale), output, a, b, c, rows, columns)
        case .scaledSum, .scaledDifference:
            let sign: Int32 = pairing.form == .scaledSum ? 1 : -1
            let sum = ScaledSum(operands: ScaledOperands(pairing), scale: scale, sign: sign)
            pairs(sum, output, a, b, c, rows, columns)
        case .squaredDifference:
            let square = SquaredDifference(operands: ScaledOperands(pairing), scale: scale)
            pairs(square, output, a, b, c, rows, columns)
        }
    }
#endif
