import EmotionFormerTensors

/// What a line of a JSON-lines clip file can hold. Arrays of numbers, which are nearly all of it, are kept packed.
enum JSONFrameValue {
    case null
    case number(Double)
    case string(String)
    case numbers([Float])
    case array([JSONFrameValue])
    case object([String: JSONFrameValue])
}

/// Reads one JSON value (RFC 8259) from a line; also NaN, which Python writes for numbers that are missing.
struct JSONScanner {
    private let bytes: ArraySlice<UInt8>
    private let line: Int
    private var position: Int
    /// Clip, frame, landmark, coordinate and the object around them need five.
    private static let depthLimit = 8

    init(_ bytes: ArraySlice<UInt8>, line: Int) {
        self.bytes = bytes
        self.line = line
        position = bytes.startIndex
    }

    /// - Throws: `malformedClip` with line and column.
    mutating func value() throws(Fault) -> JSONFrameValue {
        let result = try value(depth: 0)
        skipSpace()
        guard position == bytes.endIndex else { throw fault("text follows the value") }
        return result
    }

    private mutating func value(depth: Int) throws(Fault) -> JSONFrameValue {
        skipSpace()
        guard depth < JSONScanner.depthLimit else { throw fault("the value is nested too deeply") }
        switch peek {
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "n") where takeWord("null"): return .null
        default: return .number(try number())
        }
    }

    private mutating func array(depth: Int) throws(Fault) -> JSONFrameValue {
        position += 1
        var numbers: [Float] = []
        var values: [JSONFrameValue] = []
        if take("]") { return .numbers([]) }
        while true {
            let element = try value(depth: depth + 1)
            if case .number(let number) = element, values.isEmpty {
                numbers.append(Float(number))
            } else {
                if !numbers.isEmpty {
                    values = numbers.map { .number(Double($0)) }
                    numbers = []
                }
                values.append(element)
            }
            if take("]") { return values.isEmpty ? .numbers(numbers) : .array(values) }
            guard take(",") else { throw fault("',' or ']' is missing") }
        }
    }

    private mutating func object(depth: Int) throws(Fault) -> JSONFrameValue {
        position += 1
        var fields: [String: JSONFrameValue] = [:]
        if take("}") { return .object([:]) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw fault("a field's name is missing") }
            let key = try string()
            guard take(":") else { throw fault("':' is missing") }
            guard fields.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw fault("the field '\(key)' occurs twice")
            }
            if take("}") { return .object(fields) }
            guard take(",") else { throw fault("',' or '}' is missing") }
        }
    }

    private mutating func number() throws(Fault) -> Double {
        let start = position
        if takeWord("NaN") { return .nan }
        let text = bytes[position...].prefix { byte in
            DecimalNumber.isDigit(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        let isJSON =
            digits.first.map(DecimalNumber.isDigit) == true
            && !(digits.first == UInt8(ascii: "0") && digits.dropFirst().first.map(DecimalNumber.isDigit) == true)
        guard isJSON, let number = DecimalNumber.parse(text) else {
            position = start
            throw fault("this is not a JSON value")
        }
        position = text.endIndex
        return number
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("a control character stands in a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                text.append(contentsOf: try escape())
            } else {
                text.append(byte)
            }
        }
        guard peek != nil else { throw fault("a string does not end") }
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw fault("a string is not UTF-8") }
        return string
    }

    private mutating func escape() throws(Fault) -> [UInt8] {
        guard let byte = peek else { throw fault("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try unicodeEscape()).utf8)
        default: throw fault("a string has an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(Fault) -> Unicode.Scalar {
        let first = try codeUnit()
        guard (0xD800..<0xDC00).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw fault("a string has half of a surrogate pair") }
            return scalar
        }
        guard takeWord("\\u") else { throw fault("a string has half of a surrogate pair") }
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("a string has half of a surrogate pair") }
        return scalar
    }

    private mutating func codeUnit() throws(Fault) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.first != UInt8(ascii: "+"),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("a string has an unknown escape") }
        position += 4
        return unit
    }

    private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            guard bytes[position...].starts(with: word) else { return false }
            position += word.count
            return true
        }
    }

    private func fault(_ problem: String) -> Fault {
        Fault(.malformedClip, at: "line \(line), column \(position - bytes.startIndex + 1)", problem)
    }
}
