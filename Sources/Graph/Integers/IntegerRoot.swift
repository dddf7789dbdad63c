/// Reciprocal square roots of integers in fixed point, by Newton's method.
enum IntegerRoot {
    /// 1/√value ≈ multiplier · 2^(exponent − 31); value ≥ 1.
    static func reciprocal(_ value: Int) -> (multiplier: Int, exponent: Int) {
        guard value > 1 else { return (Int(Int32.max), 0) }
        var value = value
        var shift = 11
        while value >= 1 << 29 {
            value /= 4
            shift += 1
        }
        // The value goes to 2²⁷ ..< 2²⁹ in steps of 4.
        let leadingZeros = 32 - (Int.bitWidth - value.leadingZeroBitCount)
        let pairs = (leadingZeros - 1) / 2 - 1
        shift -= pairs
        value <<= 2 * pairs
        let high = FixedPoint.highProduct
        // Numbers with 3 integer bits.
        let half = FixedPoint.shiftedRight(value >> 1, 1)
        let threeHalves = 1 << 28 + 1 << 27
        var x = 1 << 28
        for _ in 0..<5 {
            let cube = saturated(high(high(x, x), x) << 6)
            x = saturated((high(threeHalves, x) - high(half, cube)) << 3)
        }
        // √½ with no integer bit.
        x = high(x, 1_518_500_250)
        if shift < 0 {
            x <<= -shift
            shift = 0
        }
        return (x, -shift)
    }

    private static func saturated(_ x: Int) -> Int { FixedPoint.clamped(x, Int(Int32.min)...Int(Int32.max)) }
}
