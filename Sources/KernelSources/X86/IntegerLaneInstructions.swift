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

        /// The nearest integers of numbers between −2³⁰ and 2³⁰: clamped when they become bytes.
        @inline(__always)
        static func nearestSmall(_ x: SIMD8<Float>, _ low: Float, _ high: Float) -> SIMD8<Int32> {
            lanes(_mm256_cvtps_epi32(x))
        }

        @inline(__always)
        static func rounded(_ x: SIMD8<Float>) -> SIMD8<Float> { emotionformer_round_8(x) }

        /// x · factor + tie, or − tie where x is below 0.
        @inline(__always)
        static func scaled(_ x: SIMD8<Float>, _ factor: SIMD8<Float>, _ tie: SIMD8<Float>) -> SIMD8<Float> {
            _mm256_fmadd_ps(x, factor, _mm256_blendv_ps(tie, _mm256_sub_ps(_mm256_setzero_ps(), tie), x))
        }

        @inline(__always)
        static func store(
            _ x: SIMD8<Int32>, _ y: SIMD8<Int32>, _ z: SIMD8<Int32>, _ w: SIMD8<Int32>, _ range: IntegerRange,
            _ address: UnsafeMutablePointer<Int8>
        ) {
            let zeroPoint = _mm256_set1_epi16(Int16(truncatingIfNeeded: range.zeroPoint))
            let low = _mm256_set1_epi8(Int8(truncatingIfNeeded: range.low))
            let high = _mm256_set1_epi8(Int8(truncatingIfNeeded: range.high))
            UnsafeMutableRawPointer(address).storeBytes(
                of: bytes(words(x, y, zeroPoint), words(z, w, zeroPoint), low, high), as: __m256i.self)
        }

        @inline(__always)
        static func smaller(_ x: SIMD8<Float>, _ y: SIMD8<Float>) -> SIMD8<Float> { _mm256_min_ps(x, y) }

        @inline(__always)
        static func truncated(_ x: SIMD8<Float>) -> SIMD8<Int32> { lanes(_mm256_cvttps_epi32(x)) }

        /// The largest of `count` numbers. The last ones may be compared twice.
        @inline(__always)
        static func largest(_ numbers: UnsafePointer<Int8>, _ count: Int) -> Int8 {
            if count < 32 {
                var (largest, index) = (Int8.min, 0)
                while index < count {
                    largest = numbers[index] > largest ? numbers[index] : largest
                    index &+= 1
                }
                return largest
            }
            let last = UnsafeRawPointer(numbers + (count &- 32))
            var bytes = last.loadUnaligned(as: __m256i.self)
            var next = UnsafeRawPointer(numbers)
            while next < last {
                bytes = _mm256_max_epi8(bytes, next.loadUnaligned(as: __m256i.self))
                next += 32
            }
            // The least of unsigned numbers has an instruction for eight words: 127 − x of each byte, in pairs.
            let half = _mm_max_epi8(_mm256_castsi256_si128(bytes), emotionformer_upper_half_8(bytes))
            let flipped = _mm_xor_si128(half, _mm_set1_epi8(127))
            let least = _mm_minpos_epu16(_mm_min_epu8(flipped, _mm_srli_epi16(flipped, 8)))
            return Int8(truncatingIfNeeded: _mm_cvtsi128_si32(least)) ^ 127
        }

        /// The sum of `count` numbers: with 128 added they are bytes, which one instruction adds by eights.
        @inline(__always)
        static func sum(_ numbers: UnsafePointer<Int8>, _ count: Int) -> Int32 {
            let sign = _mm256_set1_epi8(-128)
            let zero = _mm256_setzero_si256()
            var sums = zero
            var index = 0
            while index &+ 32 <= count {
                let bytes = UnsafeRawPointer(numbers + index).loadUnaligned(as: __m256i.self)
                sums = _mm256_add_epi64(sums, _mm256_sad_epu8(_mm256_xor_si256(bytes, sign), zero))
                index &+= 32
            }
            let parts: SIMD4<Int64> = sums
            var sum = parts.x &+ parts.y &+ parts.z &+ parts.w &- 128 &* Int64(index)
            while index < count {
                sum &+= Int64(numbers[index])
                index &+= 1
            }
            return Int32(truncatingIfNeeded: sum)
        }

        @inline(__always)
        static func addNext(_ sum: Float, _ table: UnsafePointer<Float>, _ places: inout UInt64) -> Float {
            emotionformer_add_next(sum, table, &places)
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

        /// The words of sixteen numbers of a row, in the order that `bytes` expects.
        @inline(__always)
        static func words(_ x: SIMD8<Int32>, _ y: SIMD8<Int32>, _ zeroPoint: __m256i) -> __m256i {
            _mm256_adds_epi16(_mm256_packs_epi32(bits(x), bits(y)), zeroPoint)
        }

        /// The bytes of two rows, one in each half, from their `words`.
        @inline(__always)
        static func bytes(_ one: __m256i, _ other: __m256i, _ low: __m256i, _ high: __m256i) -> __m256i {
            // Halves of vectors are packed by themselves: four bytes each of row, row, other row, other row.
            let mixed = _mm256_packs_epi16(one, other)
            let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)
            return _mm256_min_epi8(_mm256_max_epi8(_mm256_permutevar8x32_epi32(mixed, order), low), high)
        }

        @inline(__always)
        private static func words(_ x: __m256i) -> __m128i {
            _mm_packs_epi32(_mm256_castsi256_si128(x), emotionformer_upper_half_8(x))
        }
    }
#endif
