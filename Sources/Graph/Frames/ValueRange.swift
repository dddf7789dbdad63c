/// Bounds of all elements of a value, which are then finite numbers. Each operation widens them by more than its
/// rounding in 32 bits.
struct ValueRange: Hashable {
    let lower: Double
    let upper: Double

    /// No sum of products below it overflows on its way.
    private static let limit = 1e36

    var magnitude: Double { max(lower.magnitude, upper.magnitude) }

    /// nil unless the numbers are far from the largest of 32 bits.
    init?(_ lower: Double, _ upper: Double) {
        guard lower <= upper, lower >= -ValueRange.limit, upper <= ValueRange.limit else { return nil }
        self.lower = lower
        self.upper = upper
    }

    init?(magnitude: Double) { self.init(-magnitude, magnitude) }

    init?(_ tensor: StoredTensor) {
        guard tensor.quantization == nil, let numbers = tensor.tensor.extremes else { return nil }
        self.init(numbers.least, numbers.largest)
    }

    var widened: ValueRange? {
        ValueRange(
            lower - lower.magnitude * 1e-5 - (lower == 0 ? 0 : 1e-44),
            upper + upper.magnitude * 1e-5 + (upper == 0 ? 0 : 1e-44))
    }

    func union(_ other: ValueRange) -> ValueRange? {
        ValueRange(min(lower, other.lower), max(upper, other.upper))
    }

    static func + (left: ValueRange, right: ValueRange) -> ValueRange? {
        ValueRange(left.lower + right.lower, left.upper + right.upper)?.widened
    }

    static func - (left: ValueRange, right: ValueRange) -> ValueRange? {
        ValueRange(left.lower - right.upper, left.upper - right.lower)?.widened
    }

    static func * (left: ValueRange, right: ValueRange) -> ValueRange? {
        let products = [
            left.lower * right.lower, left.lower * right.upper, left.upper * right.lower, left.upper * right.upper,
        ]
        return ValueRange(products.min() ?? 0, products.max() ?? 0)?.widened
    }

    /// nil for a divisor that can be 0 or close to it.
    static func / (left: ValueRange, right: ValueRange) -> ValueRange? {
        guard right.lower >= 1e-30 || right.upper <= -1e-30 else { return nil }
        return ValueRange(1 / right.upper, 1 / right.lower).flatMap { left * $0 }
    }
}
