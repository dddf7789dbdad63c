#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    // Transcendental functions on vectors. The coefficients are minimax fits of our own (Lawson's iteration on Chebyshev
    // nodes); the bounds are those that the tests hold them to, over the whole range of floats.

    /// The reduced argument r = x − n·ln 2, |r| ≤ ½·ln 2, and n; x must be finite and within ±150.
    @inline(__always) private func reduced(_ x: Vector) -> (remainder: Vector, power: Vector) {
        let power = roundedToEven(x * broadcast(1.442_695_04))
        // ln 2 in two parts; the first has so few bits that its product with n is exact.
        let high = multiplyAdd(power, broadcast(-0.693_359_375), x)
        return (multiplyAdd(power, broadcast(2.121_944_4e-4), high), power)
    }

    /// eʳ − 1 for |r| ≤ ½·ln 2.
    @inline(__always) private func exponentialMinusOneNearZero(_ r: Vector) -> Vector {
        var q = broadcast(0.001_381_451_73)
        q = multiplyAdd(q, r, broadcast(0.008_368_755_69))
        q = multiplyAdd(q, r, broadcast(0.041_668_392_7))
        q = multiplyAdd(q, r, broadcast(0.166_665_196))
        q = multiplyAdd(q, r, broadcast(0.499_999_94))
        return multiplyAdd(q, r * r, r)
    }

    /// eˣ within 2 units in the last place, subnormal results included; 0 and ∞ beyond them; NaN stays.
    @inline(__always) func exponential(_ x: Vector) -> Vector {
        // This operand order of smaller and larger preserves NaN.
        let bounded = larger(broadcast(-150), smaller(broadcast(150), x))
        let (r, power) = reduced(bounded)
        return scaled(exponentialMinusOneNearZero(r) + broadcast(1), byPowerOfTwo: power)
    }

    /// eˣ − 1 within 4 units in the last place.
    @inline(__always) func exponentialMinusOne(_ x: Vector) -> Vector {
        let bounded = larger(broadcast(-150), smaller(broadcast(150), x))
        let (r, power) = reduced(bounded)
        let near = exponentialMinusOneNearZero(r)
        let scale = scaled(broadcast(1), byPowerOfTwo: power)
        let result = multiplyAdd(scale, near, scale - broadcast(1))
        // 2¹²⁸ is infinite before the factor below 1 is applied.
        let far = exponential(x) - broadcast(1)
        return whereLess(broadcast(64), x, far, copySign(result, x))
    }

    /// tanh x for |x| < 0.625.
    @inline(__always) func hyperbolicTangentNearZero(_ x: Vector) -> Vector {
        let square = x * x
        var p = broadcast(-0.005_704_987_33)
        p = multiplyAdd(p, square, broadcast(0.020_639_088))
        p = multiplyAdd(p, square, broadcast(-0.053_739_715_4))
        p = multiplyAdd(p, square, broadcast(0.133_314_416))
        p = multiplyAdd(p, square, broadcast(-0.333_332_807))
        return multiplyAdd(p * square, x, x)
    }

    /// tanh x within 3 units in the last place.
    @inline(__always) func hyperbolicTangent(_ x: Vector) -> Vector {
        let near = hyperbolicTangentNearZero(x)
        let size = magnitude(x)
        let far = broadcast(1) - broadcast(2) / (exponential(size + size) + broadcast(1))
        return whereLess(size, broadcast(0.625), near, copySign(far, x))
    }

    /// 1/(1 + e⁻ˣ) within 4 units in the last place, subnormal results included.
    @inline(__always) func logistic(_ x: Vector) -> Vector {
        let small = exponential(broadcast(0) - magnitude(x))
        return whereLess(x, broadcast(0), small, broadcast(1)) / (broadcast(1) + small)
    }

    /// erf t for |t| < 0.93.
    @inline(__always) private func errorFunctionNearZero(_ t: Vector) -> Vector {
        let square = t * t
        var p = broadcast(8.251_024_7e-5)
        p = multiplyAdd(p, square, broadcast(-0.000_811_405_422))
        p = multiplyAdd(p, square, broadcast(0.005_198_463_33))
        p = multiplyAdd(p, square, broadcast(-0.026_858_344_7))
        p = multiplyAdd(p, square, broadcast(0.112_836_763))
        p = multiplyAdd(p, square, broadcast(-0.376_126_319))
        p = multiplyAdd(p, square, broadcast(0.128_379_166))
        return multiplyAdd(p, t, t)
    }

    /// 1 − erf t for t ≥ 0.92; 0 beyond 4.3.
    @inline(__always) private func complementFarFromZero(_ t: Vector) -> Vector {
        let bounded = smaller(broadcast(4.3), t)
        var p = broadcast(-1.596_140_83e-5)
        p = multiplyAdd(p, bounded, broadcast(0.000_365_488_668))
        p = multiplyAdd(p, bounded, broadcast(-0.003_792_264_27))
        p = multiplyAdd(p, bounded, broadcast(0.024_020_081_4))
        p = multiplyAdd(p, bounded, broadcast(-0.106_461_376))
        p = multiplyAdd(p, bounded, broadcast(-0.635_062_873))
        p = multiplyAdd(p, bounded, broadcast(-1.128_658_65))
        return whereLess(broadcast(4.3), t, broadcast(0), exponential(p * bounded))
    }

    /// erf x within 4 units in the last place.
    @inline(__always) func errorFunction(_ x: Vector) -> Vector {
        let size = magnitude(x)
        let far = broadcast(1) - complementFarFromZero(size)
        return whereLess(size, broadcast(0.93), errorFunctionNearZero(x), copySign(far, x))
    }

    /// 2ˣ for |x| ≤ ½.
    @inline(__always) func powerOfTwoNearZero(_ x: Vector) -> Vector {
        // Pairs instead of one chain, because the loop is bound by the polynomial's latency.
        let square = x * x
        let low = multiplyAdd(broadcast(0.693_147_182), x, broadcast(1))
        let middle = multiplyAdd(broadcast(0.055_503_323_7), x, broadcast(0.240_226_477))
        let high = multiplyAdd(broadcast(0.001_339_892_62), x, broadcast(0.009_618_437_85))
        let upper = multiplyAdd(broadcast(0.000_153_533_198), square, high)
        return multiplyAdd(multiplyAdd(upper, square, middle), square, low)
    }

    /// 2ˣ within 3 units in the last place for x ≤ 127; 0 below −126.
    ///
    /// Subnormal results become 0, because each would take a processor about a hundred cycles.
    @inline(__always) func powerOfTwo(_ x: Vector) -> Vector {
        let least = broadcast(-126)
        let bounded = larger(least, x)
        let whole = roundedToEven(bounded)
        let power = powerOfTwoNearZero(bounded - whole)
        return whereLess(x, least, broadcast(0), scaled(power, byNormalPowerOfTwo: whole))
    }

    /// x·½·(1 + erf(x/√2)) within 3e-7 · max(1, |x|), and 1.5e-7 · |x| near 0.
    ///
    /// The tail |x|·½·erfc(|x|/√2) is the negated result for a negative x, and x minus the result for a positive x. The
    /// base-2 logarithm of erfc is smooth enough for one polynomial from 0 to where the tail vanishes.
    @inline(__always) func gaussianErrorLinearUnit(_ x: Vector) -> Vector {
        let bounded = larger(broadcast(-14), smaller(broadcast(14), x))
        let t = magnitude(bounded * broadcast(0.707_106_781))
        let square = t * t
        let fourth = square * square
        let p01 = multiplyAdd(broadcast(-0.918_359_876), t, broadcast(-1.627_913_36))
        let p23 = multiplyAdd(broadcast(0.028_639_884_7), t, broadcast(-0.148_703_635))
        let p45 = multiplyAdd(broadcast(-0.001_433_402_18), t, broadcast(-0.001_075_886_54))
        let p67 = multiplyAdd(broadcast(-8.182_292_37e-5), t, broadcast(0.000_505_084_87))
        let p89 = multiplyAdd(broadcast(-2.056_740_7e-7), t, broadcast(6.550_491_43e-6))
        let high = multiplyAdd(p89, fourth, multiplyAdd(p67, square, p45))
        let p = multiplyAdd(high, fourth, multiplyAdd(p23, square, p01))
        let tail = bounded * broadcast(0.5) * powerOfTwo(p * t)
        return whereLess(x, broadcast(0), tail, x - tail)
    }

    /// x·½·(1 + tanh(√(2/π)·(x + 0.044715·x³))) within 3e-7 · max(1, |x|).
    @inline(__always) func gaussianErrorLinearUnitByTangent(_ x: Vector) -> Vector {
        let bounded = larger(broadcast(-30), smaller(broadcast(30), x))
        let cubic = multiplyAdd(bounded * bounded * broadcast(0.044_715), bounded, bounded)
        let half = larger(broadcast(-1e30), x) * broadcast(0.5)
        return multiplyAdd(half, hyperbolicTangent(cubic * broadcast(0.797_884_561)), half)
    }

    /// x/(1 + e⁻ˣ); 0 at −∞.
    @inline(__always) func sigmoidLinearUnit(_ x: Vector) -> Vector {
        larger(broadcast(-1e30), x) * logistic(x)
    }

    /// ln x within 2 units in the last place; −∞ at 0, NaN below.
    @inline(__always) func logarithm(_ x: Vector) -> Vector {
        // Subnormal numbers are scaled to normal ones, so that the exponent can be read.
        let isSmall = broadcast(.leastNormalMagnitude)
        let lifted = whereLess(x, isSmall, x * broadcast(16_777_216), x)
        let shift = whereLess(x, isSmall, broadcast(-24), broadcast(0))
        let (fraction, exponent) = fractionAndExponent(lifted)
        let power = exponent + shift
        let f = fraction - broadcast(1)
        var p = broadcast(0.067_466_393_1)
        p = multiplyAdd(p, f, broadcast(-0.116_756_514))
        p = multiplyAdd(p, f, broadcast(0.118_881_628))
        p = multiplyAdd(p, f, broadcast(-0.124_055_892))
        p = multiplyAdd(p, f, broadcast(0.142_195_523))
        p = multiplyAdd(p, f, broadcast(-0.166_679_963))
        p = multiplyAdd(p, f, broadcast(0.200_021_192))
        p = multiplyAdd(p, f, broadcast(-0.250_000_089))
        p = multiplyAdd(p, f, broadcast(0.333_333_135))
        let square = f * f
        var tail = multiplyAdd(p * f, square, power * broadcast(-2.121_944_4e-4))
        tail = multiplyAdd(square, broadcast(-0.5), tail)
        let result = multiplyAdd(power, broadcast(0.693_359_375), f + tail)
        // Ordered so that NaN gives x.
        let infinite = broadcast(.infinity)
        let finite = whereLess(x, infinite, result, x)
        let positive = whereLess(broadcast(0), x, finite, x - x - infinite)
        return whereLess(x, broadcast(0), broadcast(.nan), positive)
    }

    /// ln(1 + eˣ) within 4 units in the last place.
    @inline(__always) func softplus(_ x: Vector) -> Vector {
        let u = exponential(broadcast(0) - magnitude(x))
        let w = broadcast(1) + u
        // ln(1 + u), corrected for the rounding error of 1 + u.
        let grown = logarithm(w) + (u - (w - broadcast(1))) / w
        return larger(broadcast(0), x) + grown
    }
#endif
