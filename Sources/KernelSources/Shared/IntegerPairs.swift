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

    private typealias Sixteen = SIMD16<Int8>

    @inline(__always)
    private func pairs<Function: PairFunction>(
        _ function: Function, _ output: IntegerRange, _ a: UnsafePointer<Int8>, _ aStep: Int, _ b: UnsafePointer<Int8>,
        _ bStep: Int, _ c: UnsafeMutablePointer<Int8>, _ count: Int
    ) {
        var memory = (Sixteen(repeating: a[0]), Sixteen(repeating: b[0]), Sixteen())
        withUnsafeMutableBytes(of: &memory) { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: Int8.self) else { return }
            var a = aStep == 0 ? UnsafePointer(start) : a
            var b = bStep == 0 ? UnsafePointer(start + 16) : b
            var index = 0
            while index < count {
                let rest = count &- index
                var to = c + index
                if rest < 16 {
                    // Nothing is read or written past the end.
                    if aStep == 1 { start.update(from: a, count: rest) }
                    if bStep == 1 { (start + 16).update(from: b, count: rest) }
                    (a, b, to) = (UnsafePointer(start), UnsafePointer(start + 16), start + 32)
                }
                let (a0, a1) = IntegerLanes.widened(lanes(a))
                let (b0, b1) = IntegerLanes.widened(lanes(b))
                UnsafeMutableRawPointer(to).storeBytes(
                    of: output.bytes(function(a0, b0), function(a1, b1)), as: Sixteen.self)
                if rest < 16 { (c + index).update(from: to, count: rest) }
                a += aStep &* 16
                b += bStep &* 16
                index &+= 16
            }
        }
    }

    func pairIntegers(
        _ pairing: IntegerPairing, _ a: UnsafePointer<Int8>, _ aStep: Int, _ b: UnsafePointer<Int8>, _ bStep: Int,
        _ c: UnsafeMutablePointer<Int8>, _ count: Int
    ) {
        let output = pairing.output
        let scale = FixedPointLanes(pairing.scale)
        switch pairing.form {
        case .shiftedSum: pairs(ShiftedSum(pairing: pairing), output, a, aStep, b, bStep, c, count)
        case .floatProduct: pairs(FloatProduct(pairing: pairing), output, a, aStep, b, bStep, c, count)
        case .scaledProduct:
            pairs(ScaledProduct(pairing: pairing, scale: scale), output, a, aStep, b, bStep, c, count)
        case .scaledSum, .scaledDifference:
            let sign: Int32 = pairing.form == .scaledSum ? 1 : -1
            let sum = ScaledSum(operands: ScaledOperands(pairing), scale: scale, sign: sign)
            pairs(sum, output, a, aStep, b, bStep, c, count)
        case .squaredDifference:
            let square = SquaredDifference(operands: ScaledOperands(pairing), scale: scale)
            pairs(square, output, a, aStep, b, bStep, c, count)
        }
    }
#endif
