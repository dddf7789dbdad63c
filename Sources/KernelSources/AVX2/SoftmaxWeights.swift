#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // Attention weights as powers of 2.

    /// Half of the attention weight 2^((score − top)·factor). A common factor of all weights does not change a softmax.
    ///
    /// `top` is the row's largest score. The difference is computed first, so that it is exactly 0 for the largest
    /// score and negative for the others; score·factor and top·factor would be rounded separately.
    struct SoftmaxWeights {
        private let factor: Vector
        /// The difference whose exponent is −126.
        private let least: Vector

        /// `factor` > 0
        @inline(__always) init(factor: Float) {
            self.factor = broadcast(factor)
            least = broadcast(leastDifference(-126, factor))
        }

        /// Within 2 units in the last place; 0 for exponents below −125.5. NaN stays.
        @inline(__always) func callAsFunction(_ score: Vector, _ top: Vector) -> Vector {
            // This operand order preserves NaN.
            let difference = larger(least, score - top)
            // 1.5·2²³: the sum's last bits are the whole part, raised by 126 to be an exponent's bits. Those of −126
            // are 0.
            let shifter = broadcast(12_582_912 + 126)
            let shifted = multiplyAdd(difference, factor, shifter)
            let rest = multiplyAdd(difference, factor, shifter - shifted)
            let power = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23))
            // A multiplication, because adding to the exponent's bits would turn NaN into a number.
            return powerOfTwoNearZero(rest) * power
        }
    }

    /// 2^(score·factor − top) for exponents that are known to be −126…126. The exponent is split into a whole number, an
    /// eighth part that a table in one register answers, and a rest of at most 1/16, for which three terms are enough: a
    /// short chain of instructions, beside which the next block's products begin.
    struct BoundedWeights {
        /// Floats that `prepare` writes: the table and the factor.
        @inline(__always) static var constantCount: Int { 2 &* laneCount }

        /// The bits of 2^(i/8) less those that i adds to the exponent's field.
        private let table: Vector
        private let factor: Vector

        /// - Parameter constants: from `prepare`.
        @inline(__always) init(_ constants: UnsafePointer<Float>) {
            table = load(constants)
            factor = load(constants + laneCount)
        }

        static func prepare(factor: Float, _ constants: UnsafeMutablePointer<Float>) {
            let powers = _mm256_setr_ps(
                1, 1.090_507_7, 1.189_207_1, 1.296_839_6, 1.414_213_5, 1.542_210_8, 1.681_792_9, 1.834_008_1)
            let steps = _mm256_slli_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), 20)
            store(_mm256_castsi256_ps(_mm256_sub_epi32(_mm256_castps_si256(powers), steps)), constants)
            store(broadcast(factor), constants + laneCount)
        }

        /// What a row's weights begin with: `top` taken from 1.5·2²⁰, whose last bit is an eighth, and so rounded to that,
        /// for all of the row's weights alike.
        @inline(__always) static func start(top: Float) -> Float { 1_572_864 - top }

        /// Within 2 units in the last place.
        @inline(__always) func callAsFunction(_ score: Vector, _ start: Vector) -> Vector {
            let shifted = multiplyAdd(score, factor, start)
            // Both are exact except for the last bit of the rest: a large top costs no accuracy.
            let rest = multiplyAdd(score, factor, start - shifted)
            let bits = _mm256_castps_si256(shifted)
            let entry = _mm256_castps_si256(_mm256_permutevar8x32_ps(table, bits))
            let power = _mm256_castsi256_ps(_mm256_add_epi32(entry, _mm256_slli_epi32(bits, 20)))
            let slope = multiplyAdd(broadcast(0.055_496_223), rest, broadcast(0.240_257_64))
            return multiplyAdd(power * rest, multiplyAdd(slope, rest, broadcast(0.693_147_24)), power)
        }
    }
#endif
