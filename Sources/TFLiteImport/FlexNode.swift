import EmotionFormerCore

/// One of TensorFlow's own operators in a file, from its options: a FlexBuffer of the operator's name and a serialized
/// `NodeDef`.
struct FlexNode {
    /// Numbers of the protocol buffers' fields.
    private enum Field {
        static let operation = 2
        static let attributes = 5
        static let key = 1
        static let value = 2
    }

    /// Fields of an attribute's value.
    enum Kind: Int {
        case integer = 3
        case boolean = 5
        case type = 6
    }

    /// TensorFlow's number of float32.
    static let float32 = 1

    /// TensorFlow's name of the operator: `TensorListReserve`.
    let operation: String
    private let attributes: [String: [Int: UInt64]]

    var attributeNames: [String] { attributes.keys.sorted() }

    /// - Parameter bytes: the operator's custom options.
    /// - Throws: `malformedTFLite` if they are not what TensorFlow's converter writes.
    init(_ bytes: ArraySlice<UInt8>) throws(Fault) {
        let strings = try FlexBuffer.strings(bytes, count: 2)
        var operation = ""
        var attributes: [String: [Int: UInt64]] = [:]
        var reader = ProtocolBufferReader(strings[1])
        while let (field, value) = try reader.next() {
            guard case .bytes(let content) = value else { continue }
            switch field {
            case Field.operation: operation = String(decoding: content, as: UTF8.self)
            case Field.attributes:
                let (key, numbers) = try FlexNode.attribute(content)
                attributes[key] = numbers
            default: break
            }
        }
        let name = String(decoding: strings[0], as: UTF8.self)
        guard name == operation else {
            throw Fault(
                .malformedTFLite, at: "custom options", "the operator's name and its node definition disagree",
                found: "'\(TFLiteFile.shortened(operation))'", expected: "'\(TFLiteFile.shortened(name))'")
        }
        self.operation = operation
        self.attributes = attributes
    }

    /// An attribute's number, or nil if there is no such attribute.
    /// - Throws: `malformedTFLite` if its value is of another kind.
    func number(_ name: String, _ kind: Kind) throws(Fault) -> Int? {
        guard let numbers = attributes[name] else { return nil }
        guard let number = numbers[kind.rawValue] else {
            throw Fault(
                .malformedTFLite, at: "custom options", "the attribute '\(name)' has another kind of value",
                found: numbers.isEmpty ? "no number" : "numbers in fields \(numbers.keys.sorted())",
                expected: "a number in field \(kind.rawValue)")
        }
        return Int(Int64(bitPattern: number))
    }

    /// An entry of the map: the key, and the numbers of the value by field.
    private static func attribute(_ bytes: ArraySlice<UInt8>) throws(Fault) -> (key: String, numbers: [Int: UInt64]) {
        var key = ""
        var numbers: [Int: UInt64] = [:]
        var reader = ProtocolBufferReader(bytes)
        while let (field, value) = try reader.next() {
            guard case .bytes(let content) = value else { continue }
            switch field {
            case Field.key: key = String(decoding: content, as: UTF8.self)
            case Field.value:
                numbers = [:]
                var fields = ProtocolBufferReader(content)
                while let (field, value) = try fields.next() {
                    if case .number(let number) = value { numbers[field] = number }
                }
            default: break
            }
        }
        return (key, numbers)
    }
}
