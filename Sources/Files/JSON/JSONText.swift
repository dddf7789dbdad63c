import EmotionFormerCore

/// The bytes of a JSON text, kept to turn offsets into lines and columns.
final class JSONText: Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// `line 3, column 14`; columns count Unicode scalars from 1.
    func place(of offset: Int) -> String {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return "line \(line), column \(column)"
    }

    /// `line 3, column 14: graphs[0].name`
    func place(of offset: Int, _ path: JSONPath) -> String {
        let path = path.description
        return path.isEmpty ? place(of: offset) : "\(place(of: offset)): \(path)"
    }

    /// A description of the existing target.
    func found(at offset: Int) -> String {
        guard offset < bytes.count else { return "the end of the text" }
        let byte = bytes[offset]
        guard byte >= 0x20, byte != 0x7F else { return "the control character 0x\(Hexadecimal.text(byte))" }
        return "'\(String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self).prefix(1))'"
    }

    /// - Throws: `malformedJSON`, with line and column, unless all bytes are UTF-8 without a byte order mark.
    func checkEncoding() throws(Fault) {
        let invalid = bytes.withUnsafeBytes { JSONText.firstInvalidByte($0) }
        if let invalid {
            throw Fault(
                .malformedJSON, at: place(of: invalid), "the text is not UTF-8",
                found: "the byte 0x\(Hexadecimal.text(bytes[invalid]))")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw Fault(.malformedJSON, at: place(of: 0), "the text starts with a byte order mark")
        }
    }

    /// The offset of the first byte that does not begin a well-formed UTF-8 sequence (Unicode 15, table 3-7).
    private static func firstInvalidByte(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            var second: ClosedRange<UInt8> = 0x80...0xBF
            let length: Int
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            case 0xF1...0xF3: length = 4
            default: return index
            }
            guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return index }
            for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return index }
            index += length
        }
        return nil
    }
}
