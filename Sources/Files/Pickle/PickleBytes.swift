import EmotionFormerCore

/// The bytes of a pickle, and the opcodes for constants.
struct PickleBytes {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var place: String { "byte \(position)" }

    func fault(_ problem: String) -> FileFormatError { FileFormatError(at: place, "the pickle is damaged: \(problem)") }

    mutating func byte() throws(FileFormatError) -> UInt8 {
        guard position < bytes.count else { throw fault("it ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func take(_ count: Int) throws(FileFormatError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else { throw fault("it ends early") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A little-endian count of `width` bytes.
    mutating func count(_ width: Int) throws(FileFormatError) -> Int {
        let value = try take(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let count = Int(exactly: value) else { throw fault("a length is absurd") }
        return count
    }

    /// The bytes up to the end of the line, which is skipped.
    private mutating func lineBytes() throws(FileFormatError) -> ArraySlice<UInt8> {
        guard let end = bytes[position...].firstIndex(of: 0x0A) else { throw fault("it ends early") }
        defer { position = end + 1 }
        return bytes[position..<end]
    }

    mutating func line() throws(FileFormatError) -> String { try PickleBytes.text(lineBytes(), at: self) }

    mutating func decimalLine() throws(FileFormatError) -> Int {
        guard let value = Int(try line()) else { throw fault("a number is malformed") }
        return value
    }

    /// The value that an opcode pushes; nil if it does not push plain data.
    mutating func constant(_ opcode: UInt8) throws(FileFormatError) -> PickleValue? {
        switch opcode {
        case UInt8(ascii: "N"): return PickleValue.none
        case 0x88: return .boolean(true)
        case 0x89: return .boolean(false)
        case UInt8(ascii: "I"): return try integerLine()
        case UInt8(ascii: "L"):
            let digits = try line()
            return .integer(try integer(digits.hasSuffix("L") ? String(digits.dropLast()) : digits))
        case UInt8(ascii: "F"):
            guard let value = Double(try line()) else { throw fault("a number is malformed") }
            return .number(value)
        case UInt8(ascii: "K"): return .integer(Int(try byte()))
        case UInt8(ascii: "M"): return .integer(try count(2))
        case UInt8(ascii: "J"): return .integer(Int(Int32(truncatingIfNeeded: try count(4))))
        case UInt8(ascii: "G"):
            return .number(Double(bitPattern: try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
        case 0x8A: return .integer(try long(Int(try byte())))
        case 0x8B: return .integer(try long(try count(4)))
        case UInt8(ascii: "V"): return .text(try escaped(lineBytes(), isUnicode: true))
        case UInt8(ascii: "S"):
            let quoted = try lineBytes()
            guard quoted.count >= 2, let quote = quoted.first, quote == quoted.last, quote == 0x27 || quote == 0x22
            else { throw fault("a string has no quotes") }
            return .text(try escaped(quoted.dropFirst().dropLast(), isUnicode: false))
        case UInt8(ascii: "X"): return .text(try PickleBytes.text(take(count(4)), at: self))
        case 0x8C: return .text(try PickleBytes.text(take(Int(byte())), at: self))
        case 0x8D: return .text(try PickleBytes.text(take(count(8)), at: self))
        // Strings of Python 2, which are bytes.
        case UInt8(ascii: "T"): return .text(PickleBytes.latin(try take(count(4))))
        case UInt8(ascii: "U"): return .text(PickleBytes.latin(try take(Int(byte()))))
        case UInt8(ascii: "B"): return .bytes(Array(try take(count(4))))
        case UInt8(ascii: "C"): return .bytes(Array(try take(Int(byte()))))
        case 0x8E, 0x96: return .bytes(Array(try take(count(8))))
        default: return nil
        }
    }

    /// Protocol 0 writes Booleans as the numbers 00 and 01.
    private mutating func integerLine() throws(FileFormatError) -> PickleValue {
        let digits = try line()
        return digits == "00" ? .boolean(false) : digits == "01" ? .boolean(true) : .integer(try integer(digits))
    }

    private func integer(_ digits: String) throws(FileFormatError) -> Int {
        guard let value = Int(digits) else { throw fault("a number is malformed or too large") }
        return value
    }

    /// A little-endian two's complement number of `width` bytes.
    private mutating func long(_ width: Int) throws(FileFormatError) -> Int {
        let digits = try take(width)
        guard width <= 8 else { throw fault("a number is too large") }
        guard let highest = digits.last else { return 0 }
        let sign: UInt64 = highest >= 128 ? .max : 0
        return Int(Int64(bitPattern: digits.reversed().reduce(sign) { $0 << 8 | UInt64($1) }))
    }

    private static func latin(_ bytes: ArraySlice<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func text(_ bytes: ArraySlice<UInt8>, at place: PickleBytes) throws(FileFormatError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw place.fault("a text is not UTF-8") }
        return text
    }

    /// Text with Python's escapes: `\u00e4` in Unicode text, `\x41`, `\n` and the like in strings.
    private func escaped(_ bytes: ArraySlice<UInt8>, isUnicode: Bool) throws(FileFormatError) -> String {
        var text = String.UnicodeScalarView()
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == 0x5C, let kind = rest.first else {
                text.append(Unicode.Scalar(byte))
                continue
            }
            let width: Int
            switch (kind, isUnicode) {
            case (UInt8(ascii: "u"), true): width = 4
            case (UInt8(ascii: "U"), true): width = 8
            case (UInt8(ascii: "x"), false): width = 2
            default:
                if isUnicode {
                    text.append("\\")
                } else {
                    rest.removeFirst()
                    let plain: [UInt8: Unicode.Scalar] = [0x6E: "\n", 0x72: "\r", 0x74: "\t"]
                    text.append(plain[kind] ?? Unicode.Scalar(kind))
                }
                continue
            }
            rest.removeFirst()
            guard let code = Hexadecimal.number(rest.prefix(width), digits: width), let scalar = Unicode.Scalar(code)
            else { throw fault("an escape is malformed") }
            rest = rest.dropFirst(width)
            text.append(scalar)
        }
        return String(text)
    }
}
