#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Eight integers at a time. A family of processors that has instructions for these has functions of its own, which go
    /// before those of the protocol.
    enum IntegerLanes: IntegerLaneDefaults {}

    protocol IntegerLaneDefaults {}

    extension IntegerLaneDefaults {
        /// x · multiplier / 2³¹, half up.
        @inline(__always)
        static func highProduct(_ x: SIMD8<Int32>, _ multiplier: SIMD8<Int32>) -> SIMD8<Int32> {
            var result = SIMD8<Int32>()
            var lane = 0
            while lane < 8 {
                let product = Int64(x[lane]) &* Int64(multiplier[lane]) &+ 0x4000_0000
                result[lane] = Int32(truncatingIfNeeded: product &>> 31)
                lane &+= 1
            }
            return result
        }

        @inline(__always)
        static func floats(_ x: SIMD8<Int32>) -> SIMD8<Float> { SIMD8<Float>(x) }

        /// The nearest integers, ties to even, of numbers that are first clamped to a range between −2²² and 2²².
        @inline(__always)
        static func nearest(_ x: SIMD8<Float>, _ low: Float, _ high: Float) -> SIMD8<Int32> {
            var result = SIMD8<Int32>()
            var lane = 0
            while lane < 8 {
                result[lane] = nearestInteger(bounded(x[lane], low, high))
                lane &+= 1
            }
            return result
        }

        /// The nearest integers of numbers between −2³⁰ and 2³⁰, of which those outside the range need not be exact.
        @inline(__always)
        static func nearestSmall(_ x: SIMD8<Float>, _ low: Float, _ high: Float) -> SIMD8<Int32> {
            nearest(x, low, high)
        }

        /// The nearest integers, ties to even, as floats, of numbers between −2²² and 2²².
        @inline(__always)
        static func rounded(_ x: SIMD8<Float>) -> SIMD8<Float> {
            let magic = SIMD8<Float>(repeating: 12_582_912)
            return (x + magic) - magic
        }

        /// x · factor + tie, or − tie where x is below 0; it may be rounded once or twice.
        @inline(__always)
        static func scaled(_ x: SIMD8<Float>, _ factor: SIMD8<Float>, _ tie: SIMD8<Float>) -> SIMD8<Float> {
            let sign = SIMD8<UInt32>(repeating: 0x8000_0000)
            let ties = (unsafeBitCast(x, to: SIMD8<UInt32>.self) & sign) | unsafeBitCast(tie, to: SIMD8<UInt32>.self)
            return x * factor + unsafeBitCast(ties, to: SIMD8<Float>.self)
        }

        /// Stores 32 numbers counted from the range's zero point, clamped to it.
        @inline(__always)
        static func store(
            _ x: SIMD8<Int32>, _ y: SIMD8<Int32>, _ z: SIMD8<Int32>, _ w: SIMD8<Int32>, _ range: IntegerRange,
            _ address: UnsafeMutablePointer<Int8>
        ) {
            storeBytes(range.bytes(x, y), address, first: 16)
            storeBytes(range.bytes(z, w), address + 16, first: 16)
        }

        @inline(__always)
        static func smaller(_ x: SIMD8<Float>, _ y: SIMD8<Float>) -> SIMD8<Float> {
            y.replacing(with: x, where: x .< y)
        }

        /// The integers of numbers from 0 to below 2²², without their fractions.
        @inline(__always)
        static func truncated(_ x: SIMD8<Float>) -> SIMD8<Int32> {
            var result = SIMD8<Int32>()
            var lane = 0
            while lane < 8 {
                result[lane] = nearestInteger(x[lane].rounded(.towardZero))
                lane &+= 1
            }
            return result
        }

        /// The largest of `count` numbers.
        @inline(__always)
        static func largest(_ numbers: UnsafePointer<Int8>, _ count: Int) -> Int8 {
            var largest = Int8.min
            var index = 0
            while index < count {
                largest = numbers[index] > largest ? numbers[index] : largest
                index &+= 1
            }
            return largest
        }

        /// The sum of `count` numbers.
        @inline(__always)
        static func sum(_ numbers: UnsafePointer<Int8>, _ count: Int) -> Int32 {
            var sum: Int32 = 0
            var index = 0
            while index < count {
                sum &+= Int32(numbers[index])
                index &+= 1
            }
            return sum
        }

        /// The sum with the float whose place in a table of 256 is the lowest byte of `places`, which is then shifted out.
        @inline(__always)
        static func addNext(_ sum: Float, _ table: UnsafePointer<Float>, _ places: inout UInt64) -> Float {
            let place = Int(UInt8(truncatingIfNeeded: places))
            places &>>= 8
            return sum + table[place]
        }

        @inline(__always)
        static func widened(_ x: SIMD16<Int8>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            (SIMD8<Int32>(truncatingIfNeeded: x.lowHalf), SIMD8<Int32>(truncatingIfNeeded: x.highHalf))
        }

        /// Numbers counted from the range's zero point, clamped to it.
        @inline(__always)
        static func narrowed(_ x: SIMD8<Int32>, _ y: SIMD8<Int32>, _ range: IntegerRange) -> SIMD16<Int8> {
            let (low, high) = (range.low &- range.zeroPoint, range.high &- range.zeroPoint)
            var result = SIMD16<Int8>()
            var lane = 0
            while lane < 8 {
                result[lane] = Int8(truncatingIfNeeded: bounded(x[lane], low, high) &+ range.zeroPoint)
                result[lane &+ 8] = Int8(truncatingIfNeeded: bounded(y[lane], low, high) &+ range.zeroPoint)
                lane &+= 1
            }
            return result
        }
    }

    /// Fixed-point factors of eight lanes: multiplier · 2^(exponent − 31).
    struct FixedPointLanes {
        private let multiplier: SIMD8<Int32>
        private let left: SIMD8<Int32>
        /// The shift to the right, less a last one by 1.
        private let right: SIMD8<Int32>
        /// 1, or 0 if there is no shift to the right.
        private let last: SIMD8<Int32>

        @inline(__always)
        init(_ multiplier: SIMD8<Int32>, _ exponent: SIMD8<Int32>) {
            let (zero, one) = (SIMD8<Int32>(), SIMD8<Int32>(repeating: 1))
            let isShifted = exponent .< zero
            self.multiplier = multiplier
            left = exponent.replacing(with: zero, where: isShifted)
            last = zero.replacing(with: one, where: isShifted)
            right = zero.replacing(with: zero &- exponent &- one, where: isShifted)
        }

        @inline(__always)
        init(_ scale: IntegerPairing.Scale) {
            self.init(SIMD8(repeating: scale.multiplier), SIMD8(repeating: scale.exponent))
        }

        /// x times the factor, rounded twice: the product half up, then its shift half away from zero.
        @inline(__always)
        func roundedTwice(_ x: SIMD8<Int32>) -> SIMD8<Int32> {
            let high = IntegerLanes.highProduct(x &<< left, multiplier)
            // A negative one less 1 is rounded half up as it was half away from zero.
            return shiftedHalfUp(high &- (last & (high &>> SIMD8(repeating: 31))))
        }

        /// The same with the shift rounded half up.
        @inline(__always)
        func roundedHalfUp(_ x: SIMD8<Int32>) -> SIMD8<Int32> {
            shiftedHalfUp(IntegerLanes.highProduct(x &<< left, multiplier))
        }

        @inline(__always)
        private func shiftedHalfUp(_ x: SIMD8<Int32>) -> SIMD8<Int32> { ((x &>> right) &+ last) &>> last }
    }

    extension IntegerRange {
        /// Numbers counted from the zero point, clamped.
        @inline(__always)
        func bytes(_ x: SIMD8<Int32>, _ y: SIMD8<Int32>) -> SIMD16<Int8> { IntegerLanes.narrowed(x, y, self) }

        /// The nearest integers, ties to even, counted from the zero point and clamped.
        @inline(__always)
        func nearest(_ x: SIMD8<Float>) -> SIMD8<Int32> {
            IntegerLanes.nearest(x, Float(low &- zeroPoint), Float(high &- zeroPoint))
        }
    }

    @inline(__always)
    func lanes<Element: SIMDScalar>(_ address: UnsafePointer<Element>) -> SIMD16<Element> {
        UnsafeRawPointer(address).loadUnaligned(as: SIMD16<Element>.self)
    }

    /// The first `count` of sixteen lanes, the first one in the others; nothing is read past them.
    @inline(__always)
    func lanes<Element: SIMDScalar>(
        _ address: UnsafePointer<Element>, first count: Int
    ) -> SIMD16<Element> {
        count >= 16 ? lanes(address) : someLanes(address, count)
    }

    @inline(never)
    private func someLanes<Element: SIMDScalar>(_ address: UnsafePointer<Element>, _ count: Int) -> SIMD16<Element> {
        var result = SIMD16(repeating: address[0])
        var lane = 1
        while lane < count {
            result[lane] = address[lane]
            lane &+= 1
        }
        return result
    }

    @inline(__always)
    func storeBytes(_ bytes: SIMD16<Int8>, _ address: UnsafeMutablePointer<Int8>, first count: Int) {
        if count >= 16 {
            UnsafeMutableRawPointer(address).storeBytes(of: bytes, as: SIMD16<Int8>.self)
        } else {
            storeSomeBytes(bytes, address, count)
        }
    }

    @inline(never)
    private func storeSomeBytes(_ bytes: SIMD16<Int8>, _ address: UnsafeMutablePointer<Int8>, _ count: Int) {
        var lane = 0
        while lane < count {
            address[lane] = bytes[lane]
            lane &+= 1
        }
    }
#endif
