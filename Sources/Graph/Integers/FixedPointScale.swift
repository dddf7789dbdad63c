package import EmotionFormerCore

/// A positive factor as TensorFlow Lite's integer kernels have it: multiplier · 2^(exponent − 31).
///
/// The kernels multiply 32-bit integers by it in three ways, which differ in how they round.
package struct FixedPointScale: Sendable, Hashable {
    /// In 2³⁰ ..< 2³¹, or 0 for a factor below 2⁻³².
    package let multiplier: Int
    /// −31 … 30
    package let exponent: Int

    /// - Throws: `invalidValue` for a factor that is not finite, negative, or at least 2³⁰.
    package init(_ factor: Double) throws(Fault) {
        guard factor.isFinite, factor >= 0, factor < 0x1p30 else {
            throw Fault(
                .invalidValue, at: "quantization", "the scales do not fit each other",
                found: "a ratio of \(factor)", expected: "at least 0 and below 2³⁰")
        }
        guard factor > 0 else {
            (multiplier, exponent) = (0, 0)
            return
        }
        var exponent = Int(factor.exponent) + 1
        var multiplier = Int((factor.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
        if multiplier == 1 << 31 {
            multiplier >>= 1
            exponent += 1
        }
        (self.multiplier, self.exponent) = exponent < -31 ? (0, 0) : (multiplier, exponent)
    }

    package init(multiplier: Int, exponent: Int) {
        self.multiplier = multiplier
        self.exponent = exponent
    }

    /// The left and the right part of the exponent.
    package var leftShift: Int { max(exponent, 0) }
    package var rightShift: Int { max(-exponent, 0) }

    /// x · scale, rounded twice: the product half away from zero, then the shift half away from zero (gemmlowp).
    package func roundedTwice(_ x: Int) -> Int {
        FixedPoint.shiftedRight(high(x), rightShift)
    }

    /// x · scale, rounded twice: the product half away from zero, then the shift half up (ruy).
    package func roundedHalfUp(_ x: Int) -> Int {
        let high = high(x)
        return rightShift == 0 ? high : (high + 1 << (rightShift - 1)) >> rightShift
    }

    /// x · scale for a 48-bit x, with the multiplier rounded to 16 bits: half up.
    package func roundedWide(_ x: Int) -> Int {
        let reduced = multiplier < 0x7FFF_0000 ? (multiplier + 1 << 15) >> 16 : 0x7FFF
        let shift = 15 - exponent
        return (x &* reduced &+ 1 << (shift - 1)) >> shift
    }

    private func high(_ x: Int) -> Int {
        FixedPoint.highProduct(Int(Int32(truncatingIfNeeded: x << leftShift)), multiplier)
    }
}

/// Arithmetic of numbers that are integers with a fixed point.
package enum FixedPoint {
    /// a · b / 2³¹, rounded half away from zero; 32-bit operands.
    package static func highProduct(_ a: Int, _ b: Int) -> Int {
        let product = a * b
        return (product + (product >= 0 ? 1 << 30 : 1 - 1 << 30)) / (1 << 31)
    }

    /// x / 2^shift, rounded half away from zero.
    package static func shiftedRight(_ x: Int, _ shift: Int) -> Int {
        guard shift > 0 else { return x }
        let mask = 1 << shift - 1
        let remainder = x & mask
        let threshold = mask >> 1 + (x < 0 ? 1 : 0)
        return x >> shift + (remainder > threshold ? 1 : 0)
    }

    package static func clamped(_ x: Int, _ range: ClosedRange<Int>) -> Int {
        min(max(x, range.lowerBound), range.upperBound)
    }
}
