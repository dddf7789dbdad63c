#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    /// 2^(score·factor − top) for attention's weights.
    ///
    /// The exponent is split into a whole number, a 32nd part that a table in two registers answers, and a rest of at
    /// most 1/64, for which two terms are enough.
    struct AttentionWeights {
        private let low: Vector
        private let high: Vector
        private let factor: Vector

        @inline(__always) init(factor: Float) {
            self.factor = broadcast(factor)
            low = Vector(
                1.0, 1.021_897_2, 1.044_273_7, 1.067_140_5, 1.090_507_7, 1.114_386_8, 1.138_788_6, 1.163_724_9,
                1.189_207_1, 1.215_247_4, 1.241_857_8, 1.269_051, 1.296_839_6, 1.325_236_7, 1.354_255_6, 1.383_91)
            high = Vector(
                1.414_213_5, 1.445_180_8, 1.476_826_2, 1.509_164_5, 1.542_210_8, 1.575_980_9, 1.610_490_3, 1.645_755_5,
                1.681_792_9, 1.718_619_3, 1.756_252_2, 1.794_709_1, 1.834_008_1, 1.874_167_7, 1.915_206_6, 1.957_144_1)
        }

        /// Within 2 units in the last place; 0 below 2⁻¹²⁶.
        @inline(__always) func callAsFunction(_ score: Vector, _ top: Vector) -> Vector {
            let exponent = multiplyAdd(score, factor, top)
            // 1.5·2¹⁸: the sum's last bit is a 32nd.
            let shifter = broadcast(393_216)
            let shifted = exponent + shifter
            let part = shifted - shifter
            let rest = exponent - part
            let power = _mm512_permutex2var_ps(low, unsafeBitCast(shifted, to: __m512i.self), high)
            let slope = multiplyAdd(broadcast(0.240_228_9), rest, broadcast(0.693_157_3))
            let result = multiplyAdd(power * rest, slope, power)
            return emotionformer_scale_from_16(result, part, exponent, broadcast(-126))
        }
    }
#endif
