/// Quotients of integers in fixed point, as the builtin kernels compute them.
enum IntegerQuotient {
    /// numerator / denominator · scale. LiteRT refuses a denominator of 0 when it runs; here it gives the largest magnitude.
    static func scaled(_ numerator: Int, _ denominator: Int, _ scale: FixedPointScale) -> Int {
        guard denominator != 0 else { return numerator == 0 ? 0 : numerator > 0 ? 1 << 20 : -(1 << 20) }
        let numerator = denominator < 0 ? -numerator : numerator
        let denominator = abs(denominator)
        // 1/denominator = reciprocal · 2^(−places), the denominator shifted to 2³¹ ..< 2³².
        let headRoom = denominator.leadingZeroBitCount - 32
        let reciprocal = reciprocal(denominator << headRoom - 1 << 31)
        let places = 31 - headRoom
        let spare = (numerator >= 0 ? numerator : ~numerator).leadingZeroBitCount - 33
        let quotient = FixedPoint.highProduct(numerator << spare, reciprocal)
        let shift = places + spare - scale.exponent
        let scaled = FixedPoint.highProduct(quotient, scale.multiplier)
        guard shift <= 31 else {
            // LiteRT shifts 32-bit numbers by the lowest five bits of such a count, and rounds up what is not negative.
            return scaled >> (shift & 31) + (scaled < 0 ? 0 : 1)
        }
        return shift >= 0 ? FixedPoint.shiftedRight(scaled, shift) : scaled << min(-shift, 30)
    }

    /// 1/(1 + x) for 0 ≤ x < 1, both with no integer bit.
    private static func reciprocal(_ x: Int) -> Int {
        let sum = x + Int(Int32.max)
        let half = (sum + (sum >= 0 ? 1 : -1)) / 2
        // With two integer bits.
        var y = 1_515_870_810 + FixedPoint.highProduct(half, -1_010_580_540)
        for _ in 0..<3 {
            let error = 1 << 29 - FixedPoint.highProduct(half, y)
            y += saturated(FixedPoint.highProduct(y, error) << 2)
        }
        return saturated(y << 1)
    }

    private static func saturated(_ x: Int) -> Int { FixedPoint.clamped(x, Int(Int32.min)...Int(Int32.max)) }
}
