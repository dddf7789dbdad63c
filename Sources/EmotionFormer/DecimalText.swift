/// Numbers as people read them.
package enum DecimalText {
    /// A finite number with so many decimals (at most 9), rounded as C's and Python's `%.Nf` do: to the nearest decimal
    /// of the exact binary value, ties to even. Other numbers as Swift writes them.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        let digits = min(max(digits, 0), 9)
        let power = (0..<digits).reduce(1.0) { product, _ in product * 10 }
        let magnitude = value.magnitude
        guard magnitude * power < 1e15 else { return "\(value)" }
        let product = magnitude * power
        // What rounding took from the product decides where it seems to lie on a half.
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
}
