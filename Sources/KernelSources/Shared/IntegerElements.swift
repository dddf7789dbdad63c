#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

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
            let factors = SIMD8(repeating: factor)
            while index &+ 32 <= count {
                let (x, y) = (lanes(input + index), lanes(input + (index &+ 16)))
                IntegerLanes.store(
                    output.nearest(x.lowHalf * factors), output.nearest(x.highHalf * factors),
                    output.nearest(y.lowHalf * factors), output.nearest(y.highHalf * factors), output, integers + index)
                index &+= 32
            }
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
