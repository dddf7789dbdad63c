#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    extension IntegerLanes {
        @inline(__always) private static func bits(_ x: SIMD8<Int32>) -> __m256i { unsafeBitCast(x, to: __m256i.self) }
        @inline(__always) private static func lanes(_ x: __m256i) -> SIMD8<Int32> {
            unsafeBitCast(x, to: SIMD8<Int32>.self)
        }

        /// x · multiplier / 2³¹, half up: the products of the even and of the odd lanes, 64 bits each.
        @inline(__always)
        static func highProduct(_ x: SIMD8<Int32>, _ multiplier: SIMD8<Int32>) -> SIMD8<Int32> {
            let half = _mm256_set1_epi64x(0x4000_0000)
            let (x, multiplier) = (bits(x), bits(multiplier))
            let even = _mm256_add_epi64(_mm256_mul_epi32(x, multiplier), half)
            let odd = _mm256_add_epi64(
                _mm256_mul_epi32(emotionformer_odd_8(x), emotionformer_odd_8(multiplier)), half)
            // Bits 31…62 of each, where the result has its place.
            return lanes(emotionformer_even_and_odd_8(_mm256_srli_epi64(even, 31), _mm256_add_epi64(odd, odd)))
        }

        @inline(__always)
        static func floats(_ x: SIMD8<Int32>) -> SIMD8<Float> { _mm256_cvtepi32_ps(bits(x)) }

        /// The nearest integers, ties to even, of numbers that are first clamped to a range.
        @inline(__always)
        static func nearest(_ x: SIMD8<Float>, _ low: Float, _ high: Float) -> SIMD8<Int32> {
            lanes(_mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(low)), _mm256_set1_ps(high))))
        }

        @inline(__always)
        static func widened(_ x: SIMD16<Int8>) -> (SIMD8<Int32>, SIMD8<Int32>) {
            let x = unsafeBitCast(x, to: __m128i.self)
            return (lanes(_mm256_cvtepi8_epi32(x)), lanes(_mm256_cvtepi8_epi32(_mm_unpackhi_epi64(x, x))))
        }

        /// Numbers counted from the range's zero point, clamped to it: every step saturates.
        @inline(__always)
        static func narrowed(_ x: SIMD8<Int32>, _ y: SIMD8<Int32>, _ range: IntegerRange) -> SIMD16<Int8> {
            let zeroPoint = _mm_set1_epi16(Int16(truncatingIfNeeded: range.zeroPoint))
            let bytes = _mm_packs_epi16(
                _mm_adds_epi16(words(bits(x)), zeroPoint), _mm_adds_epi16(words(bits(y)), zeroPoint))
            let low = _mm_set1_epi8(Int8(truncatingIfNeeded: range.low))
            let high = _mm_set1_epi8(Int8(truncatingIfNeeded: range.high))
            return unsafeBitCast(_mm_min_epi8(_mm_max_epi8(bytes, low), high), to: SIMD16<Int8>.self)
        }

        @inline(__always)
        private static func words(_ x: __m256i) -> __m128i {
            _mm_packs_epi32(_mm256_castsi256_si128(x), emotionformer_upper_half_8(x))
        }
    }
#endif
