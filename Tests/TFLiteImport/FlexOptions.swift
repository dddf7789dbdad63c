/// The options of one of TensorFlow's own operators, as its converter writes them: a FlexBuffer of two strings, the
/// operator's name and a serialized `NodeDef`.
struct FlexOptions {
    enum Attribute {
        case type(UInt64)
        case integer(Int64)
        case boolean(Bool)
    }

    var name: String
    /// The name inside the `NodeDef`.
    var operation: String
    var attributes: [(String, Attribute)]

    init(_ name: String, _ attributes: [(String, Attribute)] = [("element_dtype", .type(1))]) {
        self.name = name
        operation = name
        self.attributes = attributes
    }

    var node: [UInt8] {
        var result = field(1, text: "name") + field(2, text: operation) + field(3, text: "")
        for (key, attribute) in attributes {
            let content: [UInt8] =
                switch attribute {
                case .integer(let value): number(3, UInt64(bitPattern: value))
                case .boolean(let flag): number(5, flag ? 1 : 0)
                case .type(let type): number(6, type)
                }
            result += field(5, bytes: field(1, text: key) + field(2, bytes: content))
        }
        return result
    }

    var bytes: [UInt8] { FlexOptions.flexBuffer([Array(name.utf8), node]) }

    /// A vector of strings whose lengths and offsets take so many bytes each.
    static func flexBuffer(_ strings: [[UInt8]], width: Int = 2) -> [UInt8] {
        var result: [UInt8] = []
        var positions: [Int] = []
        func number(_ value: Int) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        for string in strings {
            result += number(string.count)
            positions.append(result.count)
            result += string + [0]
        }
        result += number(strings.count)
        let vector = result.count
        for position in positions { result += number(result.count - position) }
        let exponent = UInt8(width.trailingZeroBitCount)
        result += strings.map { _ in 5 << 2 | exponent }
        result += number(result.count - vector)
        return result + [10 << 2 | exponent, UInt8(width)]
    }

    private func varint(_ number: UInt64) -> [UInt8] {
        var (number, result) = (number, [UInt8]())
        while number >= 0x80 {
            result.append(UInt8(number & 0x7F) | 0x80)
            number >>= 7
        }
        return result + [UInt8(number)]
    }

    private func number(_ field: UInt64, _ number: UInt64) -> [UInt8] { varint(field << 3) + varint(number) }

    private func field(_ number: UInt64, bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    private func field(_ number: UInt64, text: String) -> [UInt8] { field(number, bytes: Array(text.utf8)) }
}
