#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // Attention weights as powers of 2.

    /// x·2ⁿ, where n stands in the last bits of `shifted`.
    @inline(__always) private func scaled(_ x: Vector, _ shifted: Vector) -> Vector {
        _mm256_castsi256_ps(
            _mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(_mm256_castps_si256(shifted), 23)))
    }

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

    /// 2^(score·factor − top) for exponents that are known to be −126…126.
    struct BoundedWeights {
        private let factor: Vector

        @inline(__always) init(factor: Float) { self.factor = broadcast(factor) }

        /// The start value of a row's weights: 1.5·2²³ − `top`, rounded to an integer, the same for all weights of the
        /// row.
        @inline(__always) static func start(top: Float) -> Float { 12_582_912 - top }

        /// Within 2 units in the last place.
        @inline(__always) func callAsFunction(_ score: Vector, _ start: Vector) -> Vector {
            let shifted = multiplyAdd(score, factor, start)
            // Both are exact except for the last bit of the rest: a large top costs no accuracy.
            return scaled(powerOfTwoNearZero(multiplyAdd(score, factor, start - shifted)), shifted)
        }
    }
#endif
