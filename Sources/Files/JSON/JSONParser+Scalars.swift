import EmotionFormerTensors

extension JSONParser {
    /// A number of the grammar `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    mutating func number() throws(Fault) -> JSONNode.Content {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
            if isDigit { throw malformed("a number starts with a superfluous zero", at: start) }
        } else {
            try digits()
        }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let spelling = String(decoding: text.bytes[start..<position], as: UTF8.self)
        if isInteger {
            guard let integer = Int(spelling) else { throw outside(spelling, at: start, "an integer of 64 bits") }
            return .integer(integer)
        }
        guard let number = Double(spelling), number.isFinite else {
            throw outside(spelling, at: start, "a finite number")
        }
        return .number(number)
    }

    private func outside(_ spelling: String, at start: Int, _ expected: String) -> Fault {
        Fault(
            .malformedJSON, at: text.place(of: start, path), "the number is out of range",
            found: JSONPath.shortened(spelling), expected: expected)
    }

    private var isDigit: Bool { current.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false }

    private mutating func digits() throws(Fault) {
        guard isDigit else { throw malformed("the number is incomplete", expected: "a digit") }
        while isDigit { position += 1 }
    }

    /// The string whose opening quotation mark is at the position.
    mutating func string() throws(Fault) -> String {
        position += 1
        var start = position
        var decoded: [UInt8] = []
        while true {
            guard let byte = current else { throw malformed("the string has no end", expected: "'\"'") }
            switch byte {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                guard !decoded.isEmpty else { return String(decoding: text.bytes[start..<position], as: UTF8.self) }
                decoded += text.bytes[start..<position]
                return String(decoding: decoded, as: UTF8.self)
            case UInt8(ascii: "\\"):
                decoded += text.bytes[start..<position]
                try escape(into: &decoded)
                start = position
            case 0..<0x20:
                throw malformed("a control character stands in a string", expected: "an escape such as \\n")
            default: position += 1
            }
        }
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(Fault) {
        let start = position
        position += 1
        guard let letter = current else { throw malformed("the string has no end", expected: "an escape") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            var scalar = UInt32(unit)
            if unit & 0xFC00 == 0xD800 {
                guard current == UInt8(ascii: "\\"), position + 1 < text.bytes.count,
                    text.bytes[position + 1] == UInt8(ascii: "u")
                else { throw malformed("the first half of a surrogate pair stands alone", at: start) }
                position += 2
                let low = try codeUnit()
                guard low & 0xFC00 == 0xDC00 else {
                    throw malformed("the first half of a surrogate pair stands alone", at: start)
                }
                scalar = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF))
            }
            guard let scalar = Unicode.Scalar(scalar) else {
                throw malformed("the second half of a surrogate pair stands alone", at: start)
            }
            decoded += Array(String(Character(scalar)).utf8)
        default:
            throw malformed(
                "there is no such escape", expected: "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", at: start)
        }
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw malformed("an escape \\u is incomplete", expected: "four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
