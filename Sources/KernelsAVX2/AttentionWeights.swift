#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    /// 2^(score·factor − top) for attention's weights.
    struct AttentionWeights {
        private let factor: Vector

        @inline(__always) init(factor: Float) { self.factor = broadcast(factor) }

        /// Within 2 units in the last place for exponents of at most 0; 0 below 2⁻¹²⁶.
        @inline(__always) func callAsFunction(_ score: Vector, _ top: Vector) -> Vector {
            let exponent = multiplyAdd(score, factor, top)
            // 1.5·2²³: the sum's last bits are the whole part.
            let shifter = broadcast(12_582_912)
            let shifted = exponent + shifter
            let f = exponent - (shifted - shifter)
            // Pairs instead of one chain: a polynomial's latency, not its work, is what a loop of these waits for.
            let square = f * f
            let first = multiplyAdd(broadcast(0.693_147_182), f, broadcast(1))
            let middle = multiplyAdd(broadcast(0.055_503_323_7), f, broadcast(0.240_226_477))
            let last = multiplyAdd(broadcast(0.001_339_892_62), f, broadcast(0.009_618_437_85))
            let upper = multiplyAdd(broadcast(0.000_153_533_198), square, last)
            let result = multiplyAdd(multiplyAdd(upper, square, middle), square, first)
            let scaled = _mm256_add_epi32(
                _mm256_castps_si256(result), _mm256_slli_epi32(_mm256_castps_si256(shifted), 23))
            return emotionformer_keep_from_8(_mm256_castsi256_ps(scaled), exponent, broadcast(-126))
        }
    }
#endif
