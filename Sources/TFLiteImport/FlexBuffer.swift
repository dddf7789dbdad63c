import EmotionFormerCore

/// The strings of a FlexBuffer that is a vector of strings: how TensorFlow's own operators keep their options.
///
/// It is read from its end: the width of the root in bytes, the root's type, the root. An offset counts back from its own
/// place. A vector or string has its length before its first byte; a vector's types, a byte each, follow its elements.
/// Every type holds a kind and, in its lowest two bits, the width of what it points to.
struct FlexBuffer {
    private static let string: UInt8 = 5
    private static let vector: UInt8 = 10

    private let bytes: ArraySlice<UInt8>

    /// - Throws: `malformedTFLite` unless the bytes are such a vector of exactly `count` strings.
    static func strings(_ bytes: ArraySlice<UInt8>, count: Int) throws(Fault) -> [ArraySlice<UInt8>] {
        try FlexBuffer(bytes: bytes).strings(count)
    }

    private func strings(_ count: Int) throws(Fault) -> [ArraySlice<UInt8>] {
        guard bytes.count >= 3, let rootWidth = bytes.last else {
            throw malformed("it is too short", found: "\(bytes.count) bytes")
        }
        let type = bytes[bytes.endIndex - 2]
        guard type >> 2 == FlexBuffer.vector else {
            throw malformed("it is no vector", found: "type \(type)", expected: "type \(FlexBuffer.vector << 2)")
        }
        let width = 1 << Int(type & 3)
        let vector = try target(ofOffsetAt: bytes.endIndex - 2 - Int(rootWidth), width: Int(rootWidth))
        let length = try number(at: vector - width, width: width)
        guard length == UInt64(count) else {
            throw malformed("it does not hold \(count) strings", found: "\(length) elements")
        }
        var result: [ArraySlice<UInt8>] = []
        for index in 0..<count {
            let type = UInt8(try number(at: vector + count * width + index, width: 1))
            guard type >> 2 == FlexBuffer.string else {
                throw malformed(
                    "element \(index) is no string", found: "type \(type)", expected: "type \(FlexBuffer.string << 2)")
            }
            result.append(try string(at: try target(ofOffsetAt: vector + index * width, width: width), type))
        }
        return result
    }

    private func string(at position: Int, _ type: UInt8) throws(Fault) -> ArraySlice<UInt8> {
        let width = 1 << Int(type & 3)
        let length = try number(at: position - width, width: width)
        guard position <= bytes.endIndex, length <= UInt64(bytes.endIndex - position) else {
            throw malformed("a string reaches beyond the end", found: "\(length) bytes")
        }
        return bytes[position..<position + Int(length)]
    }

    private func target(ofOffsetAt position: Int, width: Int) throws(Fault) -> Int {
        let distance = try number(at: position, width: width)
        guard distance <= UInt64(position - bytes.startIndex) else {
            throw malformed("an offset points before the start", found: "\(distance)")
        }
        return position - Int(distance)
    }

    /// The little-endian number of 1, 2, 4 or 8 bytes at `position`.
    private func number(at position: Int, width: Int) throws(Fault) -> UInt64 {
        guard [1, 2, 4, 8].contains(width), position >= bytes.startIndex, position <= bytes.endIndex - width else {
            throw malformed(
                "a number lies outside", found: "\(width) bytes at \(position - bytes.startIndex)",
                expected: "inside \(bytes.count) bytes")
        }
        return bytes[position..<position + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func malformed(_ problem: String, found: String? = nil, expected: String? = nil) -> Fault {
        Fault(.malformedTFLite, at: "custom options", problem, found: found, expected: expected)
    }
}
