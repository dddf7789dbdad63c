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

    /// x · multiplier / 2³¹, half up.
    @inline(__always)
    func highProduct(_ x: Int32, _ multiplier: Int32) -> Int32 {
        Int32(truncatingIfNeeded: (Int64(x) &* Int64(multiplier) &+ 0x4000_0000) &>> 31)
    }

    /// x / 2^shift, half away from zero.
    @inline(__always)
    func shiftedAway(_ x: Int32, _ shift: Int32) -> Int32 {
        let mask = (1 &<< shift) &- 1
        let threshold = (mask &>> 1) &+ (x < 0 ? 1 : 0)
        return (x &>> shift) &+ ((x & mask) > threshold ? 1 : 0)
    }

    /// x times a fixed-point factor, rounded twice.
    @inline(__always)
    func scaledTwice(_ x: Int32, _ multiplier: Int32, _ left: Int32, _ right: Int32) -> Int32 {
        shiftedAway(highProduct(x &<< left, multiplier), right)
    }

    @inline(__always)
    func scaledHalfUp(_ x: Int32, _ multiplier: Int32, _ left: Int32, _ right: Int32) -> Int32 {
        let high = highProduct(x &<< left, multiplier)
        let half: Int32 = right > 0 ? 1 &<< (right &- 1) : 0
        return (high &+ half) &>> right
    }

    /// Sums of columns `column`… of a row, with their offsets, as the output's integers.
    @inline(__always)
    func storeScaled(
        _ sums: UnsafePointer<Int32>, _ offsets: UnsafePointer<Int32>, _ rowOffset: Int32, _ scaling: IntegerScaling,
        _ column: Int, _ output: UnsafeMutablePointer<Int8>, _ count: Int
    ) {
        let range = scaling.output
        let zeroPoint = range.zeroPoint
        switch scaling.form {
        case .float:
            let factors = scaling.factors + column
            let low = Float(range.low &- zeroPoint)
            let high = Float(range.high &- zeroPoint)
            var index = 0
            while index < count {
                let sum = sums[index] &+ offsets[index] &+ rowOffset
                let scaled = bounded(Float(sum) * factors[index], low, high)
                output[index] = Int8(truncatingIfNeeded: nearestInteger(scaled) &+ zeroPoint)
                index &+= 1
            }
        case .twice where scaling.isUniform && scaling.exponents[0] <= 0:
            // As in attention: no shift to the left, and one factor.
            let multiplier = Int64(scaling.multipliers[0])
            let shift = 0 &- scaling.exponents[0]
            let low = range.low &- zeroPoint
            let high = range.high &- zeroPoint
            var index = 0
            while index < count {
                let sum = sums[index] &+ offsets[index] &+ rowOffset
                let product = (Int64(sum) &* multiplier &+ 0x4000_0000) &>> 31
                let scaled = shiftedAway(Int32(truncatingIfNeeded: product), shift)
                output[index] = Int8(truncatingIfNeeded: bounded(scaled, low, high) &+ zeroPoint)
                index &+= 1
            }
        case .halfUp, .twice:
            let multipliers = scaling.multipliers + column
            let exponents = scaling.exponents + column
            let isTwice = scaling.form == .twice
            let low = range.low &- zeroPoint
            let high = range.high &- zeroPoint
            var index = 0
            while index < count {
                let sum = sums[index] &+ offsets[index] &+ rowOffset
                let exponent = exponents[index]
                let left = exponent > 0 ? exponent : 0
                let right = exponent < 0 ? 0 &- exponent : 0
                let scaled =
                    isTwice
                    ? scaledTwice(sum, multipliers[index], left, right)
                    : scaledHalfUp(sum, multipliers[index], left, right)
                output[index] = Int8(truncatingIfNeeded: bounded(scaled, low, high) &+ zeroPoint)
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
