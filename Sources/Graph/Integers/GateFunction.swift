/// Sigmoid and hyperbolic tangent of int16 fixed-point numbers by gemmlowp's algorithm: e⁻ˣ from a product of constants, then
/// 1/(1 + x) by Newton's method.
enum GateFunction {
    /// Of numbers with 3 integer bits; the result has none.
    static let sigmoid: [Int16] = table { x in
        if x == 0 { return 16384 }
        let half = FixedPoint.saturated16(
            reciprocal(exponential(x > 0 ? FixedPoint.wrapped16(-x) : x, integerBits: 3)) << 1)
        return x > 0 ? half : FixedPoint.wrapped16(32767 - half)
    }

    /// - Parameter integerBits: 0 … 6, of the numbers.
    static func tangent(integerBits: Int) -> [Int16] {
        switch integerBits {
        case 0: tangent0
        case 1: tangent1
        case 2: tangent2
        case 3: tangent3
        case 4: tangent4
        case 5: tangent5
        default: tangent6
        }
    }

    // Each is made when it is first needed.
    private static let tangent0 = makeTangent(0)
    private static let tangent1 = makeTangent(1)
    private static let tangent2 = makeTangent(2)
    private static let tangent3 = makeTangent(3)
    private static let tangent4 = makeTangent(4)
    private static let tangent5 = makeTangent(5)
    private static let tangent6 = makeTangent(6)

    private static func makeTangent(_ integerBits: Int) -> [Int16] {
        table { x in
            if x == 0 { return 0 }
            let power = exponential(x < 0 ? x : FixedPoint.wrapped16(-x), integerBits: integerBits + 1)
            let result = FixedPoint.saturated16(FixedPoint.wrapped16(reciprocal(power) - 1 << 13) << 2)
            return x < 0 ? FixedPoint.wrapped16(-result) : result
        }
    }

    private static func table(_ function: (Int) -> Int) -> [Int16] {
        (-32768...32767).map { Int16(truncatingIfNeeded: function($0)) }
    }

    /// e^x for −¼ ≤ x < 0 with no integer bit.
    private static func exponentialOfQuarter(_ a: Int) -> Int {
        let start = constant(1_895_147_668)
        let third = constant(715_827_883)
        let x = FixedPoint.wrapped16(a + 1 << 12)
        let square = FixedPoint.highProduct16(x, x)
        let cube = FixedPoint.highProduct16(square, x)
        let fourth = FixedPoint.shiftedRight(FixedPoint.highProduct16(square, square), 2)
        let inner = FixedPoint.wrapped16(
            FixedPoint.highProduct16(FixedPoint.wrapped16(fourth + cube), third) + square)
        let sum = FixedPoint.wrapped16(x + FixedPoint.shiftedRight(inner, 1))
        return FixedPoint.saturated16(start + FixedPoint.highProduct16(start, sum))
    }

    /// e^(−2^exponent) by exponent.
    private static let powers: [(exponent: Int, constant: Int)] = [
        (-2, 1_672_461_947), (-1, 1_302_514_674), (0, 790_015_084), (1, 290_630_308), (2, 39_332_535), (3, 720_401),
        (4, 242),
    ]

    /// e^x for x ≤ 0; the result has no integer bit.
    private static func exponential(_ a: Int, integerBits: Int) -> Int {
        if a == 0 { return 32767 }
        let fractionBits = 15 - integerBits
        let quarter = fractionBits >= 2 ? 1 << (fractionBits - 2) : 0
        let rest = (a & max(quarter - 1, 0)) - quarter
        var result = exponentialOfQuarter(FixedPoint.saturated16(rest << integerBits))
        let remainder = rest - a
        for power in powers where integerBits > power.exponent {
            let bit = fractionBits + power.exponent
            if bit >= 0, remainder & 1 << bit != 0 {
                result = FixedPoint.highProduct16(result, constant(power.constant))
            }
        }
        if integerBits > 5, a < -(1 << (fractionBits + 5)) { return 0 }
        return result
    }

    /// 1/(1 + x) for 0 ≤ x ≤ 1, with two integer bits.
    private static func reciprocal(_ a: Int) -> Int {
        let sum = a + 32767
        let half = (sum + (sum >= 0 ? 1 : -1)) / 2
        var x = FixedPoint.wrapped16(
            constant(1_515_870_810) + FixedPoint.highProduct16(half, constant(-1_010_580_540)))
        for _ in 0..<3 {
            let error = FixedPoint.wrapped16(1 << 13 - FixedPoint.highProduct16(half, x))
            x = FixedPoint.wrapped16(x + FixedPoint.saturated16(FixedPoint.highProduct16(x, error) << 2))
        }
        return x
    }

    /// A 32-bit constant rounded to 16 bits.
    private static func constant(_ wide: Int) -> Int { FixedPoint.shiftedRight(wide, 16) }
}
