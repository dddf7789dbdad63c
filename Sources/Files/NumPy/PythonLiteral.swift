import EmotionFormerCore

/// Reads the kind of Python literal that NumPy writes into headers: a flat dictionary whose values are strings,
/// Booleans and tuples of integers.
struct PythonLiteral {
    enum Value {
        case string(String)
        case boolean(Bool)
        case tuple([Int])
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// - Throws: malformed, with the place in the header.
    mutating func dictionary() throws(FileFormatError) -> [String: Value] {
        var fields: [String: Value] = [:]
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            guard fields.updateValue(try value(), forKey: key) == nil else {
                throw fault("the key '\(key)' occurs twice")
            }
            if take("}") { break }
            try expect(",")
        }
        skipSpace()
        guard position == bytes.endIndex else { throw fault("text follows the dictionary") }
        return fields
    }

    private mutating func value() throws(FileFormatError) -> Value {
        skipSpace()
        switch peek {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "("): return .tuple(try tuple())
        case UInt8(ascii: "["): throw fault("structured arrays are not clips")
        default: break
        }
        let word = take { (UInt8(ascii: "A")...UInt8(ascii: "z")).contains($0) }
        switch String(decoding: word, as: UTF8.self) {
        case "True": return .boolean(true)
        case "False": return .boolean(false)
        default: throw fault("a value is not a string, a Boolean or a tuple")
        }
    }

    private mutating func tuple() throws(FileFormatError) -> [Int] {
        var extents: [Int] = []
        try expect("(")
        while !take(")") {
            skipSpace()
            let digits = take { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let extent = Int(String(decoding: digits, as: UTF8.self)) else {
                throw fault("an extent is not a number of elements")
            }
            // As Python 2 writes long integers.
            _ = take("L")
            extents.append(extent)
            guard extents.count <= 32 else { throw fault("the array has too many axes") }
            if take(")") { break }
            try expect(",")
        }
        return extents
    }

    private mutating func string() throws(FileFormatError) -> String {
        skipSpace()
        guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw fault("a quoted string is missing")
        }
        position += 1
        let text = take { $0 != quote && $0 != UInt8(ascii: "\\") }
        guard peek == quote else { throw fault("a string does not end") }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func skipSpace() {
        _ = take { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func take(while matches: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let rest = bytes[position...]
        let taken = rest.prefix(while: matches)
        position += taken.count
        return taken
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FileFormatError) {
        guard take(character) else { throw fault("'\(character)' is missing") }
    }

    private func fault(_ problem: String) -> FileFormatError {
        FileFormatError(at: "header, character \(position - bytes.startIndex)", problem)
    }
}
