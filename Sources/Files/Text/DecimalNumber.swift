/// Reads decimal numbers out of text, correctly rounded to a `Double`.
package enum DecimalNumber {
    /// The number that `bytes` represent: sign, digits, point, exponent; or `nan`, `inf`, `infinity` in any case. Nil
    /// for anything else, hexadecimal and empty text included.
    package static func parse(_ bytes: ArraySlice<UInt8>) -> Double? {
        var rest = bytes
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest.removeFirst()
        }
        guard let first = rest.first else { return nil }
        guard isDigit(first) || first == UInt8(ascii: ".") else { return named(rest, isNegative) }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var isExact = true
        var sawPoint = false
        while let byte = rest.first {
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
            } else if isDigit(byte) {
                digits += 1
                if mantissa < 100_000_000_000_000_000 {
                    mantissa = mantissa * 10 + UInt64(byte - UInt8(ascii: "0"))
                    if sawPoint { exponent -= 1 }
                } else {
                    isExact = false
                }
            } else {
                break
            }
            rest.removeFirst()
        }
        guard digits > 0 else { return nil }
        if let byte = rest.first {
            guard byte | 0x20 == UInt8(ascii: "e"), let power = self.exponent(rest.dropFirst()) else { return nil }
            exponent += power
        }
        guard isExact, mantissa <= 1 << 53, abs(exponent) < powers.count else {
            return Double(String(decoding: bytes, as: UTF8.self))
        }
        // Both operands are exact, so the one operation rounds correctly (Clinger, "How to read floating point numbers
        // accurately", 1990).
        let magnitude = exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
        return isNegative ? -magnitude : magnitude
    }

    /// Exponents of more than four digits are left to the fallback.
    private static func exponent(_ bytes: ArraySlice<UInt8>) -> Int? {
        var digits = bytes
        var sign = 1
        if let first = digits.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            sign = first == UInt8(ascii: "-") ? -1 : 1
            digits.removeFirst()
        }
        guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
        return sign * digits.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), 100_000) }
    }

    private static func named(_ bytes: ArraySlice<UInt8>, _ isNegative: Bool) -> Double? {
        switch String(decoding: bytes, as: UTF8.self).lowercased() {
        case "nan": .nan
        case "inf", "infinity": isNegative ? -.infinity : .infinity
        default: nil
        }
    }

    package static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
