#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Calls `function` with each pair of operands.
    @inline(__always)
    private func pairs(
        _ a: UnsafePointer<Int8>, _ aStep: Int, _ b: UnsafePointer<Int8>, _ bStep: Int,
        _ c: UnsafeMutablePointer<Int8>, _ count: Int, _ function: (Int32, Int32) -> Int32
    ) {
        var index = 0
        if aStep == 1, bStep == 1 {
            while index < count {
                c[index] = Int8(truncatingIfNeeded: function(Int32(a[index]), Int32(b[index])))
                index &+= 1
            }
        } else if aStep == 1 {
            let second = Int32(b[0])
            while index < count {
                c[index] = Int8(truncatingIfNeeded: function(Int32(a[index]), second))
                index &+= 1
            }
        } else if bStep == 1 {
            let first = Int32(a[0])
            while index < count {
                c[index] = Int8(truncatingIfNeeded: function(first, Int32(b[index])))
                index &+= 1
            }
        } else {
            c.update(repeating: Int8(truncatingIfNeeded: function(Int32(a[0]), Int32(b[0]))), count: count)
        }
    }

    /// The left and the right part of a power of 2.
    @inline(__always)
    private func shifts(_ scale: IntegerPairing.Scale) -> (left: Int32, right: Int32) {
        scale.exponent > 0 ? (scale.exponent, 0) : (0, 0 &- scale.exponent)
    }

    func pairIntegers(
        _ pairing: IntegerPairing, _ a: UnsafePointer<Int8>, _ aStep: Int, _ b: UnsafePointer<Int8>, _ bStep: Int,
        _ c: UnsafeMutablePointer<Int8>, _ count: Int
    ) {
        let (first, second, zeroPoint) = (pairing.first, pairing.second, pairing.output.zeroPoint)
        let low = pairing.output.low &- zeroPoint
        let high = pairing.output.high &- zeroPoint
        let shift = pairing.shift
        let (firstLeft, firstRight) = shifts(pairing.firstScale)
        let (secondLeft, secondRight) = shifts(pairing.secondScale)
        let (left, right) = shifts(pairing.scale)
        let firstMultiplier = pairing.firstScale.multiplier
        let secondMultiplier = pairing.secondScale.multiplier
        let multiplier = pairing.scale.multiplier
        switch pairing.form {
        case .shiftedSum:
            let offset = pairing.offset
            pairs(a, aStep, b, bStep, c, count) { a, b in
                let sum = (first &* a &+ second &* b &+ offset) &>> shift
                return bounded(sum, low, high) &+ zeroPoint
            }
        case .floatProduct:
            let factor = pairing.factor
            let (low, high) = (Float(low), Float(high))
            pairs(a, aStep, b, bStep, c, count) { a, b in
                nearestInteger(bounded(Float((a &- first) &* (b &- second)) * factor, low, high)) &+ zeroPoint
            }
        case .scaledProduct:
            pairs(a, aStep, b, bStep, c, count) { a, b in
                let product = scaledTwice((a &- first) &* (b &- second), multiplier, left, right)
                return bounded(product, low, high) &+ zeroPoint
            }
        case .scaledSum, .scaledDifference:
            let sign: Int32 = pairing.form == .scaledSum ? 1 : -1
            pairs(a, aStep, b, bStep, c, count) { a, b in
                let one = scaledTwice((a &- first) &<< shift, firstMultiplier, firstLeft, firstRight)
                let other = scaledTwice((b &- second) &<< shift, secondMultiplier, secondLeft, secondRight)
                return bounded(scaledTwice(one &+ sign &* other, multiplier, left, right), low, high) &+ zeroPoint
            }
        case .floatSquaredDifference:
            let (firstFactor, secondFactor, factor) = (pairing.firstFactor, pairing.secondFactor, pairing.factor)
            let (low, high) = (Float(low), Float(high))
            pairs(a, aStep, b, bStep, c, count) { a, b in
                let one = nearestInteger(Float(a &- first) * firstFactor)
                let difference = Float(one &- nearestInteger(Float(b &- second) * secondFactor))
                return nearestInteger(bounded(difference * difference * factor, low, high)) &+ zeroPoint
            }
        case .squaredDifference:
            pairs(a, aStep, b, bStep, c, count) { a, b in
                let one = scaledTwice((a &- first) &<< shift, firstMultiplier, firstLeft, firstRight)
                let other = scaledTwice((b &- second) &<< shift, secondMultiplier, secondLeft, secondRight)
                let difference = one &- other
                return bounded(scaledTwice(difference &* difference, multiplier, left, right), low, high)
                    &+ zeroPoint
            }
        }
    }

    func lookUpIntegers(
        _ table: UnsafePointer<Int8>, _ input: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<Int8>, _ count: Int
    ) {
        lookUpDescending(table, 16, 127, 0, input, output, count)
    }

    func quantizeIntegers(
        _ rule: IntegerQuantizationRule, _ scale: Float, _ output: IntegerRange, _ input: UnsafePointer<Float>,
        _ integers: UnsafeMutablePointer<Int8>, _ count: Int
    ) {
        let zeroPoint = output.zeroPoint
        let low = Float(output.low &- zeroPoint)
        let high = Float(output.high &- zeroPoint)
        var index = 0
        switch rule {
        case .reciprocal:
            let factor = 1 / scale
            while index < count {
                integers[index] = Int8(
                    truncatingIfNeeded: nearestInteger(bounded(input[index] * factor, low, high)) &+ zeroPoint)
                index &+= 1
            }
        case .exact:
            let divisor = Double(scale)
            // The largest number below one half: added to a magnitude, it makes ties round away from zero.
            let half = 0.499_999_999_999_999_94
            let (low, high) = (Double(low), Double(high))
            while index < count {
                let quotient = Double(input[index]) / divisor
                let above = quotient > low ? quotient : low
                let clamped = above < high ? above : high
                let rounded = (clamped < 0 ? clamped - half : clamped + half).rounded(.towardZero)
                // In 1.5·2⁵² + x the fraction has no bit.
                let bits = (rounded + 6_755_399_441_055_744).bitPattern
                integers[index] = Int8(truncatingIfNeeded: Int32(truncatingIfNeeded: bits) &+ zeroPoint)
                index &+= 1
            }
        }
    }

    func dequantizeIntegers(
        _ scale: Float, _ zeroPoint: Int32, _ integers: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<Float>,
        _ count: Int
    ) {
        var index = 0
        while index < count {
            output[index] = Float(Int32(integers[index]) &- zeroPoint) * scale
            index &+= 1
        }
    }
#endif
