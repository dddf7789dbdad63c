import EmotionFormerCore

/// A tensor type by its number in the schema.
struct TensorType: Hashable {
    let rawValue: Int

    /// The type of TensorFlow's own values; in a TensorFlow Lite file they are tensor lists.
    static let variant = TensorType(rawValue: 14)

    /// Handles of variables and tables.
    static let resource = TensorType(rawValue: 13)

    static let float32 = TensorType(rawValue: 0)
    static let float64 = TensorType(rawValue: 10)
    static let string = TensorType(rawValue: 5)

    /// Two numbers of 4 bits a byte, the lower half first.
    static let int4 = TensorType(rawValue: 17)

    /// Names in the schema's order.
    private static let names = [
        "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16", "COMPLEX64", "INT8", "FLOAT64",
        "COMPLEX128", "UINT64", "RESOURCE", "VARIANT", "UINT32", "UINT16", "INT4", "BFLOAT16", "INT2", "UINT4",
    ]

    var name: String {
        TensorType.names.indices.contains(rawValue) ? TensorType.names[rawValue] : "type \(rawValue)"
    }

    /// What to do about a type that the package does not have.
    var wayOut: String {
        switch self {
        case .float64:
            "numbers of 64 bits are read where the model casts them to float32, or from it, at its ends: convert it with "
                + "float32"
        case .string: "text is no input of a network: split the model behind the part that turns it into numbers"
        default: "convert the model with float32 or int8"
        }
    }

    /// The bytes of `count` elements in a file.
    func byteCount(_ count: Int) -> Int? {
        self == .int4 ? (count + 1) / 2 : elementType.map { count * $0.byteCount }
    }

    /// The type of the elements once they are read; nil for types that the package does not have.
    var elementType: ElementType? {
        switch rawValue {
        case 0: .float32
        case 1: .float16
        case 2: .int32
        case 3: .uint8
        case 4: .int64
        case 6: .bool
        case 7: .int16
        case 9, 17: .int8
        default: nil
        }
    }
}
