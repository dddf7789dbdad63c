import EmotionFormerSystem

/// Numbers as text, all of one width, as NumPy prints arrays.
enum NumberText {
    /// The most digits after the point.
    private static let precision = 8

    /// From this number on, the type does not hold every digit before the point; 10⁸ at most.
    private static func largestPositional<Number: TensorFloat>(_ type: Number.Type) -> Double {
        switch Number.significandBitCount {
        case ..<16: 1e3
        case ..<32: 1e6
        default: 1e8
        }
    }

    static func aligned(_ texts: [String]) -> [String] {
        let width = texts.map(\.utf8.count).max() ?? 0
        return texts.map { String(repeating: " ", count: width - $0.utf8.count) + $0 }
    }

    static func of<Number: TensorFloat>(_ numbers: [Number]) -> [String] {
        let finite = numbers.filter(\.isFinite)
        let sizes = finite.map(\.magnitude).filter { $0 != 0 }.map { Double($0) }
        var texts: [String?]
        if let largest = sizes.max(), let least = sizes.min(),
            largest >= largestPositional(Number.self) || least < 1e-4 || largest / least > 1000
        {
            texts = withExponents(numbers)
        } else {
            texts = positional(numbers)
        }
        let width = texts.compactMap { $0?.utf8.count }.max() ?? 0
        let others = numbers.map { $0.isNaN ? "nan" : $0 < 0 ? "-inf" : "inf" }
        texts = zip(texts, others).map { $0 ?? $1 }
        let needed = max(width, texts.compactMap { $0?.utf8.count }.max() ?? 0)
        return texts.map { text in
            let text = text ?? ""
            return String(repeating: " ", count: needed - text.utf8.count) + text
        }
    }

    /// `1.5`, `2.`: points below each other. nil for what is not finite.
    private static func positional<Number: TensorFloat>(_ numbers: [Number]) -> [String?] {
        let parts = numbers.map { number -> (whole: String, fraction: String)? in
            guard number.isFinite else { return nil }
            var digits = decimal(number)
            if digits.fraction.utf8.count > precision {
                digits = split(formatted(Double(number), "%.\(precision)f"))
            }
            while digits.fraction.hasSuffix("0") { digits.fraction.removeLast() }
            return digits
        }
        let whole = parts.compactMap { $0?.whole.utf8.count }.max() ?? 0
        let fraction = parts.compactMap { $0?.fraction.utf8.count }.max() ?? 0
        return parts.map { part in
            part.map {
                String(repeating: " ", count: whole - $0.whole.utf8.count) + $0.whole + "." + $0.fraction
                    + String(repeating: " ", count: fraction - $0.fraction.utf8.count)
            }
        }
    }

    /// `1.50e-05`: as many digits as the longest needs.
    private static func withExponents<Number: TensorFloat>(_ numbers: [Number]) -> [String?] {
        let digits = numbers.map { $0.isFinite ? min(significantDigits($0) - 1, precision) : 0 }.max() ?? 0
        let parts = numbers.map { number -> (mantissa: String, exponent: Int)? in
            guard number.isFinite else { return nil }
            let text = formatted(Double(number), "%.\(digits)e")
            guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "e")) else { return nil }
            return (String(text[..<mark]), Int(text[text.utf8.index(after: mark)...]) ?? 0)
        }
        let width = max(2, parts.compactMap { $0.map { "\(abs($0.exponent))".utf8.count } }.max() ?? 2)
        let texts = parts.map { part in
            part.map { part -> String in
                let exponent = "\(abs(part.exponent))"
                let mantissa = digits == 0 ? part.mantissa + "." : part.mantissa
                return mantissa + (part.exponent < 0 ? "e-" : "e+")
                    + String(repeating: "0", count: width - exponent.utf8.count) + exponent
            }
        }
        let longest = texts.compactMap { $0?.utf8.count }.max() ?? 0
        return texts.map { text in text.map { String(repeating: " ", count: longest - $0.utf8.count) + $0 } }
    }

    /// The digits before and after the point of the shortest text that is read as the same number.
    private static func decimal<Number: TensorFloat>(_ number: Number) -> (whole: String, fraction: String) {
        let shortest = shortestText(number)
        guard shortest.utf8.contains(UInt8(ascii: "e")) else { return split(shortest) }
        let places = max(0, significantDigits(number) - 1 - exponent(of: shortest))
        return split(formatted(Double(number), "%.\(places)f"))
    }

    /// How many digits the shortest text has that is read as the same number.
    private static func significantDigits<Number: TensorFloat>(_ number: Number) -> Int {
        var digits = shortestText(number).prefix { $0 != "e" }.filter(\.isWholeNumber)[...]
        digits = digits.drop { $0 == "0" }
        while digits.last == "0" { digits.removeLast() }
        return max(digits.count, 1)
    }

    private static func exponent(of text: String) -> Int {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "e")) else { return 0 }
        return Int(text[text.utf8.index(after: mark)...]) ?? 0
    }

    private static func shortestText<Number: TensorFloat>(_ number: Number) -> String { "\(number)" }

    private static func split(_ text: String) -> (whole: String, fraction: String) {
        guard let point = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return (text, "") }
        return (String(text[..<point]), String(text[text.utf8.index(after: point)...]))
    }

    /// C's `printf` of one number.
    private static func formatted(_ number: Double, _ format: String) -> String {
        withVaList([number]) { arguments in
            // The largest double has 309 digits before the point.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1600) { memory in
                guard let start = memory.baseAddress else { return "" }
                let length = vsnprintf(start, memory.count, format, arguments)
                let bytes = UnsafeRawBufferPointer(start: start, count: min(max(Int(length), 0), memory.count - 1))
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }
}
