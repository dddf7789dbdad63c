/// An immutable, row-major array of elements with a shape. Copies share the memory.
package struct Tensor: Sendable {
    package let elementType: ElementType
    package let shape: Shape
    package let storage: TensorStorage

    /// Bytes of all elements, without gaps.
    package var byteCount: Int { shape.elementCount &* elementType.byteCount }

    /// Makes a tensor whose bytes `fill` writes. The memory is zeroed before and aligned to 64 bytes.
    package init(
        _ elementType: ElementType, _ shape: Shape, fill: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        self.elementType = elementType
        self.shape = shape
        storage = TensorStorage(byteCount: shape.elementCount &* elementType.byteCount, fill: fill)
    }

    /// Makes a tensor of which `read` must write every byte. The memory is aligned to 64 bytes.
    /// - Parameter region: the region for a large tensor, if it has room.
    /// - Throws: what `read` throws; the memory is then freed.
    package init(
        _ elementType: ElementType, _ shape: Shape, in region: MemoryRegion? = nil,
        reading read: (UnsafeMutableRawBufferPointer) throws(Fault) -> Void
    ) throws(Fault) {
        self.elementType = elementType
        self.shape = shape
        let byteCount = shape.elementCount &* elementType.byteCount
        storage = try TensorStorage(byteCount: byteCount, in: region, reading: read)
    }

    /// - Throws: `shapeMismatch` if there are more or fewer elements than the shape has.
    package init<Element: TensorElement>(_ elements: [Element], shape: Shape) throws(Fault) {
        guard elements.count == shape.elementCount else {
            throw Fault(
                .shapeMismatch, at: "tensor", "the number of elements does not fit the shape \(shape)",
                found: "\(elements.count)", expected: "\(shape.elementCount)")
        }
        self.init(Element.elementType, shape) { bytes in
            elements.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
    }

    /// A tensor without axes.
    package init<Element: TensorElement>(scalar element: Element) {
        self.init(Element.elementType, .scalar) { $0.storeBytes(of: element, as: Element.self) }
    }

    /// A tensor with one axis.
    package init<Element: TensorElement>(_ elements: [Element]) {
        self.init(Element.elementType, Shape(unchecked: [elements.count])) { bytes in
            elements.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
    }

    /// The same elements in another shape.
    /// - Throws: `shapeMismatch` if the shapes have different numbers of elements.
    package func reshaped(to shape: Shape) throws(Fault) -> Tensor {
        guard shape.elementCount == self.shape.elementCount else {
            throw Fault(
                .shapeMismatch, at: "reshape", "the number of elements differs", found: "\(self.shape)",
                expected: "\(shape)")
        }
        return Tensor(elementType, shape, storage)
    }

    /// A tensor with the same elements that does not keep a region alive: they are copied if they lie in one.
    package func apart() -> Tensor {
        guard storage.isShared else { return self }
        return Tensor(elementType, shape) { bytes in withUnsafeBytes { bytes.copyMemory(from: $0) } }
    }

    /// Whose memory the elements are in; tensors of one memory that exist at the same time have the same.
    package var identity: ObjectIdentifier { ObjectIdentifier(storage) }

    /// The first elements in another shape, in the same memory.
    func prefix(_ shape: Shape) -> Tensor { Tensor(elementType, shape, storage) }

    /// A tensor of memory that exists. Its bytes are not written any more.
    /// - Parameter storage: at least as many bytes as the elements have.
    package init(_ elementType: ElementType, _ shape: Shape, _ storage: TensorStorage) {
        self.elementType = elementType
        self.shape = shape
        self.storage = storage
    }

    /// The elements' bytes; the pointer is valid during `body` only and starts at a multiple of 64.
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(rebasing: storage.bytes[0..<byteCount]))
    }

    /// The elements as `Element`, or nil if they are of another type.
    package func elements<Element: TensorElement>(as type: Element.Type) -> [Element]? {
        guard Element.elementType == elementType else { return nil }
        return withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }
    }
}
