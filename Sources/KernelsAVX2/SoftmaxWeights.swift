#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    // Attention's weights, powers of 2.

    /// x·2ⁿ, where n stands in the last bits of `shifted`.
    @inline(__always) private func scaled(_ x: Vector, _ shifted: Vector) -> Vector {
        _mm256_castsi256_ps(
            _mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(_mm256_castps_si256(shifted), 23)))
    }

    /// Half of 2^((score − top)·factor): a softmax does not depend on a factor that all weights have.
    ///
    /// `top` is the row's largest score as it stands. The difference comes first, so that it is 0 for the largest score and
    /// below 0 for the others, however large they are: score·factor and top·factor would be rounded differently.
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
            // The operand order lets NaN through.
            let difference = larger(least, score - top)
            // 1.5·2²³: the sum's last bits are the whole part, raised by 126 to be an exponent's bits. Those of −126 are 0.
            let shifter = broadcast(12_582_912 + 126)
            let shifted = multiplyAdd(difference, factor, shifter)
            let rest = multiplyAdd(difference, factor, shifter - shifted)
            let power = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23))
            // A product: an addition to the exponent's bits would turn NaN into a number.
            return powerOfTwoNearZero(rest) * power
        }
    }

    /// 2^(score·factor − top) for exponents that are known to be −126…126.
    struct BoundedWeights {
        private let factor: Vector

        @inline(__always) init(factor: Float) { self.factor = broadcast(factor) }

        /// What a row's weights begin with: `top` taken from 1.5·2²³, whose last bit is 1, and so rounded to that, for all of
        /// the row's weights alike.
        @inline(__always) static func start(top: Float) -> Float { 12_582_912 - top }

        /// Within 2 units in the last place.
        @inline(__always) func callAsFunction(_ score: Vector, _ start: Vector) -> Vector {
            let shifted = multiplyAdd(score, factor, start)
            // Both without rounding but for the rest's last bit: a large top costs no accuracy.
            return scaled(powerOfTwoNearZero(multiplyAdd(score, factor, start - shifted)), shifted)
        }
    }
#endif
