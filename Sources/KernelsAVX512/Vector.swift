#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The vocabulary of the shared kernels with AVX-512; the portable module's file says what each function means.

    typealias Vector = __m512

    @inline(__always) var laneCount: Int { 16 }

    @inline(__always) func laneMask(_ count: Int) -> __mmask16 {
        __mmask16(truncatingIfNeeded: (1 &<< count) &- 1)
    }

    @inline(__always) func broadcast(_ value: Float) -> Vector { _mm512_set1_ps(value) }

    @inline(__always) func load(_ address: UnsafePointer<Float>) -> Vector { _mm512_loadu_ps(address) }

    @inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int) -> Vector {
        _mm512_maskz_loadu_ps(laneMask(count), address)
    }

    @inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int, padding: Float) -> Vector {
        _mm512_mask_loadu_ps(_mm512_set1_ps(padding), laneMask(count), address)
    }

    @inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
        _mm512_storeu_ps(address, vector)
    }

    @inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, first count: Int) {
        _mm512_mask_storeu_ps(address, laneMask(count), vector)
    }

    /// The first `count` lanes; 0 in the others.
    @inline(__always) func keep(_ vector: Vector, first count: Int) -> Vector {
        _mm512_maskz_mov_ps(laneMask(count), vector)
    }

    @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { _mm512_fmadd_ps(a, b, c) }

    @inline(__always) func larger(_ a: Vector, _ b: Vector) -> Vector { _mm512_max_ps(a, b) }

    @inline(__always) func smaller(_ a: Vector, _ b: Vector) -> Vector { _mm512_min_ps(a, b) }

    @inline(__always) func whereLess(_ a: Vector, _ b: Vector, _ x: Vector, _ y: Vector) -> Vector {
        emotionformer_where_less_16(a, b, x, y)
    }

    @inline(__always) func nanWhereNaN(_ x: Vector, _ y: Vector, _ z: Vector) -> Vector {
        emotionformer_nan_where_nan_16(x, y, z)
    }

    @inline(__always) func squareRoot(_ x: Vector) -> Vector { _mm512_sqrt_ps(x) }

    @inline(__always) func magnitude(_ x: Vector) -> Vector { _mm512_abs_ps(x) }

    @inline(__always) func copySign(_ x: Vector, _ y: Vector) -> Vector {
        let sign = _mm512_set1_ps(-0.0)
        return _mm512_or_ps(_mm512_andnot_ps(sign, x), _mm512_and_ps(sign, y))
    }

    @inline(__always) func roundedToEven(_ x: Vector) -> Vector { emotionformer_round_16(x) }

    @inline(__always) func scaled(_ x: Vector, byPowerOfTwo n: Vector) -> Vector { _mm512_scalef_ps(x, n) }

    @inline(__always) func scaled(_ x: Vector, byNormalPowerOfTwo n: Vector) -> Vector { _mm512_scalef_ps(x, n) }

    @inline(__always) func fractionAndExponent(_ x: Vector) -> (fraction: Vector, exponent: Vector) {
        let bits = unsafeBitCast(x, to: SIMD16<UInt32>.self) &- SIMD16(repeating: 0x3F35_04F3)
        let exponent = unsafeBitCast(bits, to: SIMD16<Int32>.self) &>> 23
        let fraction = (bits & SIMD16(repeating: 0x007F_FFFF)) &+ SIMD16(repeating: 0x3F35_04F3)
        return (
            unsafeBitCast(fraction, to: Vector.self), _mm512_cvtepi32_ps(unsafeBitCast(exponent, to: __m512i.self))
        )
    }

    typealias QuantizedValue = UInt8

    @inline(__always) func storeQuantized(_ x: Vector, _ address: UnsafeMutablePointer<QuantizedValue>) {
        let bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x))
        UnsafeMutableRawPointer(address).storeBytes(of: bytes, as: __m128i.self)
    }

    @inline(__always) func sumOfLanes(_ x: Vector) -> Float { _mm512_reduce_add_ps(x) }

    @inline(__always) func largestLane(_ x: Vector) -> Float { _mm512_reduce_max_ps(x) }

    @inline(__always) func smallestLane(_ x: Vector) -> Float { _mm512_reduce_min_ps(x) }
#endif
