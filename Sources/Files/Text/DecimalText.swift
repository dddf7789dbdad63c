/// Numbers formatted for people.
package enum DecimalText {
    /// A finite number with `digits` decimals (at most 9), rounded as C's and Python's `%.Nf` do: to the nearest
    /// decimal of the exact binary value, ties to even. NaN and infinities are written as Swift does.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        let digits = min(max(digits, 0), 9)
        let power = (0..<digits).reduce(1.0) { product, _ in product * 10 }
        let magnitude = value.magnitude
        guard magnitude * power < 1e15 else { return "\(value)" }
        let product = magnitude * power
        // The rounding error of the product decides what seems to be a tie.
        let error = -product.addingProduct(-magnitude, power)
        var whole = product.rounded(.down)
        let rest = product - whole
        if rest > 0.5 || rest == 0.5 && (error > 0 || error == 0 && whole.truncatingRemainder(dividingBy: 2) == 1) {
            whole += 1
        }
        let integer = Int(whole)
        let divisor = Int(power)
        var text = (value.sign == .minus ? "-" : "") + "\(integer / divisor)"
        if digits > 0 {
            let fraction = "\(integer % divisor)"
            text += "." + String(repeating: "0", count: digits - fraction.count) + fraction
        }
        return text
    }

    /// The same in JSON, which has no other numbers than finite ones: they are 0.
    package static func fixedInJSON(_ value: Double, _ digits: Int) -> String {
        value.isFinite ? fixed(value, digits) : "0"
    }

    /// About three significant digits: `0.0123`, `12.3`, `-4560`, `1.2e+30`. NaN and infinities are written as Swift
    /// does.
    package static func short(_ value: Double) -> String {
        let magnitude = value.magnitude
        guard magnitude >= 0.001, magnitude < 99_999.5 else { return scientific(value) }
        return fixed(value, magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 4)
    }

    /// Two significant digits: `1.2e-07`, `-1.2e+30`, `0`.
    package static func scientific(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
        var exponent = 0
        var mantissa = value.magnitude
        while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while mantissa < 0.995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        let tenths = Int((mantissa * 10).rounded())
        let digits = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
        return "\(value < 0 ? "-" : "")\(tenths / 10).\(tenths % 10)e\(exponent < 0 ? "-" : "+")\(digits)"
    }
}
