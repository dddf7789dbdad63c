/// The types that a tensor's elements can have; raw values are the names in a manifest.
package enum ElementType: String, Sendable, CaseIterable, Hashable {
    case float32, float16, int8, uint8, int16, int32, int64, bool

    /// Bytes per element, in memory and in a weight file.
    package var byteCount: Int {
        switch self {
        case .float32, .int32: 4
        case .float16, .int16: 2
        case .int8, .uint8, .bool: 1
        case .int64: 8
        }
    }

    /// The integers of a type whose elements can stand for real numbers; nil for the others.
    package var quantizedRange: ClosedRange<Int>? {
        switch self {
        case .int8: -128...127
        case .uint8: 0...255
        case .int16: -32768...32767
        case .float32, .float16, .int32, .int64, .bool: nil
        }
    }

    package var isFloatingPoint: Bool { self == .float32 || self == .float16 }
    package var isInteger: Bool { !isFloatingPoint && self != .bool }
}

/// A Swift type that is stored as a tensor's element.
package protocol TensorElement: BitwiseCopyable, Sendable {
    static var elementType: ElementType { get }
}

extension Float: TensorElement { package static var elementType: ElementType { .float32 } }
extension Int8: TensorElement { package static var elementType: ElementType { .int8 } }
extension UInt8: TensorElement { package static var elementType: ElementType { .uint8 } }
extension Int16: TensorElement { package static var elementType: ElementType { .int16 } }
extension Int32: TensorElement { package static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { package static var elementType: ElementType { .int64 } }
/// A Boolean is one byte, 0 or 1.
extension Bool: TensorElement { package static var elementType: ElementType { .bool } }
