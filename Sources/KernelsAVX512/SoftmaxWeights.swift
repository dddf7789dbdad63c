#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // Attention weights as powers of 2. The exponent is split into a whole number, a 32nd part that a table in two
    // registers answers, and a rest of at most 1/64, for which two terms are enough.

    /// 2^(i/32), the first and the second 16.
    @inline(__always) private var powers: (low: Vector, high: Vector) {
        (
            Vector(
                1.0, 1.021_897_2, 1.044_273_7, 1.067_140_5, 1.090_507_7, 1.114_386_8, 1.138_788_6, 1.163_724_9,
                1.189_207_1, 1.215_247_4, 1.241_857_8, 1.269_051, 1.296_839_6, 1.325_236_7, 1.354_255_6, 1.383_91),
            Vector(
                1.414_213_5, 1.445_180_8, 1.476_826_2, 1.509_164_5, 1.542_210_8, 1.575_980_9, 1.610_490_3, 1.645_755_5,
                1.681_792_9, 1.718_619_3, 1.756_252_2, 1.794_709_1, 1.834_008_1, 1.874_167_7, 1.915_206_6, 1.957_144_1)
        )
    }

    /// 2^((score − top)·factor)
    ///
    /// `top` is the row's largest score. The difference is computed first, so that it is exactly 0 for the largest
    /// score and negative for the others; score·factor and top·factor would be rounded separately.
    struct SoftmaxWeights {
        private let low: Vector
        private let high: Vector
        private let factor: Vector
        /// The difference whose exponent is −126.
        private let least: Vector

        /// `factor` > 0
        @inline(__always) init(factor: Float) {
            self.factor = broadcast(factor)
            least = broadcast(leastDifference(-126, factor))
            (low, high) = powers
        }

        /// Within 2 units in the last place; 0 below 2⁻¹²⁶. NaN stays.
        @inline(__always) func callAsFunction(_ score: Vector, _ top: Vector) -> Vector {
            let difference = score - top
            // 1.5·2¹⁸: the sum's last bit is a 32nd.
            let shifter = broadcast(393_216)
            let shifted = multiplyAdd(difference, factor, shifter)
            let part = shifted - shifter
            let rest = _mm512_fmsub_ps(difference, factor, part)
            let power = _mm512_permutex2var_ps(low, unsafeBitCast(shifted, to: __m512i.self), high)
            let slope = multiplyAdd(broadcast(0.240_228_9), rest, broadcast(0.693_157_3))
            let result = multiplyAdd(power * rest, slope, power)
            return emotionformer_scale_from_16(result, part, difference, least)
        }
    }

    /// 2^(score·factor − top) for exponents that are known to be −126…126.
    struct BoundedWeights {
        /// Floats that `prepare` writes: the table and the factor.
        @inline(__always) static var constantCount: Int { 3 &* laneCount }

        /// The bits of 2^(i/32) less those that i adds to the exponent's field.
        private let low: Vector
        private let high: Vector
        private let factor: Vector

        /// - Parameter constants: from `prepare`.
        @inline(__always) init(_ constants: UnsafePointer<Float>) {
            low = load(constants)
            high = load(constants + laneCount)
            factor = load(constants + 2 &* laneCount)
        }

        static func prepare(factor: Float, _ constants: UnsafeMutablePointer<Float>) {
            let numbers = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
            let steps = unsafeBitCast(numbers, to: __m512i.self)
            let first = _mm512_slli_epi32(steps, 18)
            let second = _mm512_slli_epi32(_mm512_add_epi32(steps, _mm512_set1_epi32(16)), 18)
            let (low, high) = powers
            store(
                unsafeBitCast(_mm512_sub_epi32(unsafeBitCast(low, to: __m512i.self), first), to: Vector.self), constants
            )
            store(
                unsafeBitCast(_mm512_sub_epi32(unsafeBitCast(high, to: __m512i.self), second), to: Vector.self),
                constants + laneCount)
            store(broadcast(factor), constants + 2 &* laneCount)
        }

        /// What a row's weights begin with: `top` taken from 1.5·2¹⁸, whose last bit is a 32nd, and so rounded to that,
        /// for all of the row's weights alike.
        @inline(__always) static func start(top: Float) -> Float { 393_216 - top }

        /// Within 2 units in the last place.
        @inline(__always) func callAsFunction(_ score: Vector, _ start: Vector) -> Vector {
            let shifted = multiplyAdd(score, factor, start)
            // Both are exact except for the last bit of the rest: a large top costs no accuracy.
            let rest = multiplyAdd(score, factor, start - shifted)
            let bits = unsafeBitCast(shifted, to: __m512i.self)
            let entry = unsafeBitCast(_mm512_permutex2var_ps(low, bits, high), to: __m512i.self)
            let power = unsafeBitCast(_mm512_add_epi32(entry, _mm512_slli_epi32(bits, 18)), to: Vector.self)
            let slope = multiplyAdd(broadcast(0.240_228_9), rest, broadcast(0.693_157_3))
            return multiplyAdd(power * rest, slope, power)
        }
    }
#endif
