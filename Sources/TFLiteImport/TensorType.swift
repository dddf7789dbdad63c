import EmotionFormerTensors

/// A tensor type by its number in the schema.
struct TensorType: Equatable {
    let rawValue: Int

    /// The type of TensorFlow's own values; in a TensorFlow Lite file they are tensor lists.
    static let variant = TensorType(rawValue: 14)

    /// Names in the schema's order.
    private static let names = [
        "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16", "COMPLEX64", "INT8", "FLOAT64",
        "COMPLEX128", "UINT64", "RESOURCE", "VARIANT", "UINT32", "UINT16", "INT4", "BFLOAT16", "INT2", "UINT4",
    ]

    var name: String {
        TensorType.names.indices.contains(rawValue) ? TensorType.names[rawValue] : "type \(rawValue)"
    }

    /// nil for types that the package does not have.
    var elementType: ElementType? {
        switch rawValue {
        case 0: .float32
        case 1: .float16
        case 2: .int32
        case 3: .uint8
        case 4: .int64
        case 6: .bool
        case 9: .int8
        default: nil
        }
    }
}
