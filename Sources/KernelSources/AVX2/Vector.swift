#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The vocabulary of the shared kernels with AVX2 and FMA; the portable module's file says what each function means.

    typealias Vector = __m256

    @inline(__always) var laneCount: Int { 8 }

    /// All bits set in the first `count` lanes.
    @inline(__always) func laneMask(_ count: Int) -> __m256i {
        _mm256_cmpgt_epi32(
            _mm256_set1_epi32(Int32(truncatingIfNeeded: count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
    }

    @inline(__always) func broadcast(_ value: Float) -> Vector { _mm256_set1_ps(value) }

    @inline(__always) func load(_ address: UnsafePointer<Float>) -> Vector { _mm256_loadu_ps(address) }

    @inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int) -> Vector {
        _mm256_maskload_ps(address, laneMask(count))
    }

    @inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int, padding: Float) -> Vector {
        let mask = laneMask(count)
        return _mm256_blendv_ps(_mm256_set1_ps(padding), _mm256_maskload_ps(address, mask), _mm256_castsi256_ps(mask))
    }

    @inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
        _mm256_storeu_ps(address, vector)
    }

    @inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, first count: Int) {
        _mm256_maskstore_ps(address, laneMask(count), vector)
    }

    /// The first `count` lanes; 0 in the others.
    @inline(__always) func keep(_ vector: Vector, first count: Int) -> Vector {
        _mm256_and_ps(_mm256_castsi256_ps(laneMask(count)), vector)
    }

    @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { _mm256_fmadd_ps(a, b, c) }

    @inline(__always) func larger(_ a: Vector, _ b: Vector) -> Vector { _mm256_max_ps(a, b) }

    @inline(__always) func smaller(_ a: Vector, _ b: Vector) -> Vector { _mm256_min_ps(a, b) }

    @inline(__always) func whereLess(_ a: Vector, _ b: Vector, _ x: Vector, _ y: Vector) -> Vector {
        emotionformer_where_less_8(a, b, x, y)
    }

    @inline(__always) func nanWhereNaN(_ x: Vector, _ y: Vector, _ z: Vector) -> Vector {
        emotionformer_nan_where_nan_8(x, y, z)
    }

    @inline(__always) func squareRoot(_ x: Vector) -> Vector { _mm256_sqrt_ps(x) }

    @inline(__always) func magnitude(_ x: Vector) -> Vector { _mm256_andnot_ps(_mm256_set1_ps(-0.0), x) }

    @inline(__always) func copySign(_ x: Vector, _ y: Vector) -> Vector {
        let sign = _mm256_set1_ps(-0.0)
        return _mm256_or_ps(_mm256_andnot_ps(sign, x), _mm256_and_ps(sign, y))
    }

    @inline(__always) func roundedToEven(_ x: Vector) -> Vector { emotionformer_round_8(x) }

    @inline(__always) func scaled(_ x: Vector, byPowerOfTwo n: Vector) -> Vector {
        let half = roundedToEven(n * broadcast(0.5))
        return x * withExponent(half) * withExponent(n - half)
    }

    @inline(__always) func scaled(_ x: Vector, byNormalPowerOfTwo n: Vector) -> Vector { x * withExponent(n) }

    @inline(__always) private func withExponent(_ n: Vector) -> Vector {
        let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127))
        return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23))
    }

    @inline(__always) func fractionAndExponent(_ x: Vector) -> (fraction: Vector, exponent: Vector) {
        let root = _mm256_set1_epi32(0x3F35_04F3)
        let bits = _mm256_sub_epi32(_mm256_castps_si256(x), root)
        let fraction = _mm256_add_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x007F_FFFF)), root)
        return (_mm256_castsi256_ps(fraction), _mm256_cvtepi32_ps(_mm256_srai_epi32(bits, 23)))
    }

    @inline(__always) private func halves(_ x: Vector) -> (low: __m128, high: __m128) {
        (_mm256_castps256_ps128(x), _mm256_castps256_ps128(emotionformer_swap_halves_8(x)))
    }

    @inline(__always) func sumOfLanes(_ x: Vector) -> Float {
        let (low, high) = halves(x)
        let four = _mm_add_ps(low, high)
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four))
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }

    @inline(__always) func largestLane(_ x: Vector) -> Float {
        let (low, high) = halves(x)
        let four = _mm_max_ps(low, high)
        let two = _mm_max_ps(four, _mm_movehl_ps(four, four))
        return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
    }

    @inline(__always) func smallestLane(_ x: Vector) -> Float { -largestLane(broadcast(0) - x) }
#endif
