/// An exact number, for times and rates of frames.
///
/// Rates and ticks have parts of at most 2³¹. A time is at most 2⁵³ ticks whose numerator is small, and at most 2²⁴
/// seconds (`FrameClock`): nothing that is done with them here leaves 128 bits.
struct Fraction: Sendable, Hashable, Comparable {
    let numerator: Int128
    /// Positive, without a common factor.
    let denominator: Int128

    static let zero = Fraction(0)

    init(_ numerator: Int128, over denominator: Int128 = 1) {
        precondition(denominator > 0)
        let factor = Fraction.commonFactor(numerator.magnitude, denominator.magnitude)
        self.numerator = numerator / Int128(factor)
        self.denominator = denominator / Int128(factor)
    }

    /// `30`, `29.97` or `30000/1001`: a positive number.
    /// - Returns: nil for anything else, and for parts beyond 2³¹.
    init?(_ text: Substring) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let (top, tens) = Fraction.decimal(first) else { return nil }
        var bottom = tens
        if parts.count == 2 {
            guard tens == 1, let (divisor, tens) = Fraction.decimal(parts[1]), tens == 1 else { return nil }
            bottom = divisor
        }
        guard top > 0, bottom > 0 else { return nil }
        self.init(Int128(top), over: Int128(bottom))
    }

    /// The digits as a number, and the power of ten that it is divided by.
    private static func decimal(_ text: Substring) -> (digits: Int, tens: Int)? {
        var (digits, tens, hasPoint, isEmpty) = (0, 1, false, true)
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
                continue
            }
            guard (0x30...0x39).contains(byte), digits < Int(Int32.max) / 10, tens < Int(Int32.max) / 10 else {
                return nil
            }
            digits = digits * 10 + Int(byte - 0x30)
            if hasPoint { tens *= 10 }
            isEmpty = false
        }
        return isEmpty ? nil : (digits, tens)
    }

    private static func commonFactor(_ a: UInt128, _ b: UInt128) -> UInt128 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }

    static func + (a: Fraction, b: Fraction) -> Fraction {
        if a.denominator == b.denominator { return Fraction(a.numerator + b.numerator, over: a.denominator) }
        let factor = Int128(commonFactor(a.denominator.magnitude, b.denominator.magnitude))
        let (left, right) = (b.denominator / factor, a.denominator / factor)
        return Fraction(a.numerator * left + b.numerator * right, over: a.denominator * left)
    }

    static func - (a: Fraction, b: Fraction) -> Fraction { a + Fraction(-b.numerator, over: b.denominator) }

    static func * (a: Fraction, b: Fraction) -> Fraction {
        Fraction(a.numerator * b.numerator, over: a.denominator * b.denominator)
    }

    /// By a positive number.
    static func / (a: Fraction, b: Fraction) -> Fraction {
        Fraction(a.numerator * b.denominator, over: a.denominator * b.numerator)
    }

    static func < (a: Fraction, b: Fraction) -> Bool { (a - b).numerator < 0 }

    var magnitude: Fraction { numerator < 0 ? Fraction(-numerator, over: denominator) : self }

    /// The largest integer that is not larger.
    var floor: Int128 { (numerator - (numerator % denominator + denominator) % denominator) / denominator }

    /// The nearest integer, of two the even one.
    var rounded: Int128 {
        let low = floor
        let rest = (self - Fraction(low)) * Fraction(2)
        if rest == Fraction(1) { return low % 2 == 0 ? low : low + 1 }
        return rest < Fraction(1) ? low : low + 1
    }

    var double: Double { Double(numerator) / Double(denominator) }
}
