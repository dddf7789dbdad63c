package import EmotionFormerCore

/// A Swift type that can be the element of a ``ModelTensor``.
public protocol ModelElement: BitwiseCopyable, Sendable {
    static var modelElementType: ModelTensor.ElementType { get }
}

extension Float: ModelElement { public static var modelElementType: ModelTensor.ElementType { .float32 } }
extension Int8: ModelElement { public static var modelElementType: ModelTensor.ElementType { .int8 } }
extension UInt8: ModelElement { public static var modelElementType: ModelTensor.ElementType { .uint8 } }
extension Int16: ModelElement { public static var modelElementType: ModelTensor.ElementType { .int16 } }
extension Int32: ModelElement { public static var modelElementType: ModelTensor.ElementType { .int32 } }
extension Int64: ModelElement { public static var modelElementType: ModelTensor.ElementType { .int64 } }
extension Bool: ModelElement { public static var modelElementType: ModelTensor.ElementType { .bool } }

/// The value of a model's input or output: elements with a type and a shape.
public struct ModelTensor: Sendable, Hashable {
    public enum ElementType: String, Sendable, CaseIterable {
        case float32, float16, int8, uint8, int16, int32, int64, bool
    }

    public let elementType: ElementType
    /// The extents, outermost axis first.
    public let shape: [Int]
    /// The elements in row-major order and the machine's byte order, without gaps.
    public let bytes: [UInt8]

    /// - Throws: `elementTypeMismatch` if the Swift type is not as long as the elements that it stands for;
    ///   `shapeMismatch` if there are more or fewer elements than the shape has, or if an extent is negative.
    public init<Element: ModelElement>(_ elements: [Element], shape: [Int]) throws(EmotionFormerError) {
        let bytes = elements.withUnsafeBytes { [UInt8]($0) }
        self = try publicly { () throws(Fault) in
            let type = EmotionFormerCore.ElementType(rawValue: Element.modelElementType.rawValue)
            guard type?.byteCount == MemoryLayout<Element>.stride else {
                throw Fault(
                    .elementTypeMismatch, at: "tensor", "the Swift type is not as long as the elements",
                    found: "\(MemoryLayout<Element>.stride) bytes",
                    expected: "\(type?.byteCount ?? 0) for \(Element.modelElementType.rawValue)")
            }
            guard try Shape(shape).elementCount == elements.count else {
                throw Fault(
                    .shapeMismatch, at: "tensor", "the number of elements does not fit the shape \(shape)",
                    found: "\(elements.count)", expected: "\(try Shape(shape).elementCount)")
            }
            return ModelTensor(elementType: Element.modelElementType, shape: shape, bytes: bytes)
        }
    }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The elements; nil if they are of another type.
    public func elements<Element: ModelElement>(as type: Element.Type) -> [Element]? {
        guard Element.modelElementType == elementType else { return nil }
        return bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / MemoryLayout<Element>.stride).map {
                bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.stride, as: Element.self)
            }
        }
    }

    /// The elements of a `float32` tensor; nil for another type.
    public var floats: [Float]? { elements(as: Float.self) }

    private init(elementType: ElementType, shape: [Int], bytes: [UInt8]) {
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
    }
}

extension ModelTensor {
    package init(_ tensor: Tensor) {
        self.init(
            elementType: ElementType(tensor.elementType), shape: tensor.shape.extents,
            bytes: tensor.withUnsafeBytes { [UInt8]($0) })
    }

    /// - Throws: `elementTypeMismatch` for a type that no model has.
    package func tensor() throws(Fault) -> Tensor {
        guard let type = EmotionFormerCore.ElementType(rawValue: elementType.rawValue) else {
            throw Fault(
                .elementTypeMismatch, at: "tensor", "models have no such element type", found: elementType.rawValue)
        }
        return Tensor(type, try Shape(shape)) { target in bytes.withUnsafeBytes { target.copyMemory(from: $0) } }
    }
}

extension ModelTensor.ElementType {
    package init(_ type: EmotionFormerCore.ElementType) { self = Self(rawValue: type.rawValue) ?? .uint8 }
}
