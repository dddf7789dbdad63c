import EmotionFormerCore

/// Reads the words of a JSON text as RFC 8259 has them: marks, names, numbers and strings. How words make values is its
/// owner's matter, and so is what an error says of the place.
struct JSONLexer {
    /// What is wrong with a word.
    struct Problem: Error {
        /// nil: the text is malformed.
        var code: Fault.Code?
        var problem: String
        var found: String?
        var expected: String?
        /// The byte's index.
        var offset: Int
    }

    let bytes: ArraySlice<UInt8>
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The byte at the position, or nil at the end.
    var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    func problem(_ problem: String, expected: String? = nil, at offset: Int? = nil) -> Problem {
        Problem(problem: problem, expected: expected, offset: offset ?? position)
    }

    mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Skips space, and the mark if it comes next.
    mutating func take(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        guard current == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    /// Skips the word if it stands at the position.
    mutating func takeWord(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            guard bytes[position...].starts(with: word) else { return false }
            position += word.count
            return true
        }
    }

    private var isDigit: Bool { current.map(DecimalNumber.isDigit) ?? false }

    private mutating func digits() throws(Problem) {
        guard isDigit else { throw problem("the number is incomplete", expected: "a digit") }
        while isDigit { position += 1 }
    }

    /// A number of the grammar `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    mutating func number() throws(Problem) -> (spelling: ArraySlice<UInt8>, isInteger: Bool) {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
            if isDigit { throw problem("a number starts with a superfluous zero", at: start) }
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
        return (bytes[start..<position], isInteger)
    }

    /// The string whose opening quotation mark is at the position.
    mutating func string() throws(Problem) -> String {
        position += 1
        var start = position
        var decoded: [UInt8] = []
        while let byte = current, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else {
                throw problem("a control character stands in a string", expected: "an escape such as \\n")
            }
            if byte == UInt8(ascii: "\\") {
                decoded += bytes[start..<position]
                decoded += try escape()
                start = position
            } else {
                position += 1
            }
        }
        guard current != nil else { throw problem("the string has no end", expected: "'\"'") }
        let rest = bytes[start..<position]
        let text =
            decoded.isEmpty
            ? String(validating: rest, as: UTF8.self) : String(validating: decoded + rest, as: UTF8.self)
        guard let text else { throw problem("the string is not UTF-8") }
        position += 1
        return text
    }

    /// What the escape at the position stands for.
    private mutating func escape() throws(Problem) -> [UInt8] {
        let start = position
        position += 1
        guard let letter = current else { throw problem("the string has no end", expected: "an escape") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try codeUnit()
            if code & 0xFC00 == 0xD800 {
                let low: UInt32? = takeWord("\\u") ? try codeUnit() : nil
                guard let low, low & 0xFC00 == 0xDC00 else {
                    throw problem("the first half of a surrogate pair stands alone", at: start)
                }
                code = 0x10000 + ((code & 0x3FF) << 10 | low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw problem("the second half of a surrogate pair stands alone", at: start)
            }
            return Array(String(scalar).utf8)
        default:
            throw problem(
                "there is no such escape", expected: "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", at: start)
        }
    }

    private mutating func codeUnit() throws(Problem) -> UInt32 {
        guard let unit = Hexadecimal.number(bytes[position...].prefix(4), digits: 4) else {
            throw problem("an escape \\u is incomplete", expected: "four hexadecimal digits")
        }
        position += 4
        return unit
    }
}
