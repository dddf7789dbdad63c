import EmotionFormerCore

/// Reads a protocol buffer's fields in order, without trusting it.
struct ProtocolBufferReader {
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field, or nil at the end.
    /// - Throws: `malformedTFLite` if a field is cut off or of a kind that is not known.
    mutating func next() throws(Fault) -> (field: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let tag = try number()
        let field = Int(clamping: tag >> 3)
        switch tag & 7 {
        case 0: return (field, .number(try number()))
        case 1: return (field, .bytes(try take(8)))
        case 2: return (field, .bytes(try take(try number())))
        case 5: return (field, .bytes(try take(4)))
        default: throw ProtocolBufferReader.malformed("a field is of an unknown kind", found: "kind \(tag & 7)")
        }
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    private mutating func number() throws(Fault) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw ProtocolBufferReader.malformed("a number is cut off") }
            // Of a tenth byte only one bit fits into 64.
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        throw ProtocolBufferReader.malformed("a number has more than ten bytes")
    }

    private mutating func take(_ count: UInt64) throws(Fault) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else {
            throw ProtocolBufferReader.malformed(
                "a field is longer than what holds it", found: "\(count) bytes", expected: "at most \(rest.count)")
        }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    private static func malformed(_ problem: String, found: String? = nil, expected: String? = nil) -> Fault {
        Fault(.malformedTFLite, at: "node definition", problem, found: found, expected: expected)
    }
}
