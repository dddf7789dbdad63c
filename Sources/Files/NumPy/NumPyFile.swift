package import EmotionFormerCore

/// Tensors as `npy` files, with their element types unchanged.
package enum NumPyFile {
    /// - Throws: the error of reading the file; `unsupportedAttribute` for another byte order, layout or type.
    package static func read(_ path: String) throws(Fault) -> Tensor {
        let bytes = try ByteSource.path(path).bytes()
        do throws(Fault) {
            return try tensor(bytes[...])
        } catch {
            throw error.within(path)
        }
    }

    package static func tensor(_ bytes: ArraySlice<UInt8>) throws(Fault) -> Tensor {
        let header = try Fault.reading(.invalidValue, NumPyHeader(bytes))
        let shape = try Fault.reading(.invalidValue, header.shape())
        guard !header.isFortranOrder || shape.rank < 2 else {
            throw Fault(.unsupportedAttribute, at: "header", "the array is in Fortran order", expected: "C order")
        }
        guard let type = ElementType.allCases.first(where: { descriptor(of: $0) == header.descriptor }) else {
            throw Fault(
                .unsupportedAttribute, at: "header", "no tensor has such elements", found: header.descriptor,
                expected: ElementType.allCases.map { descriptor(of: $0) }.joined(separator: ", "))
        }
        let payload = bytes.dropFirst(header.byteCount)
        guard payload.count == shape.elementCount * type.byteCount else {
            throw Fault(
                .sizeMismatch, at: "array \(shape)", "the elements do not fill the file exactly",
                found: "\(payload.count) bytes", expected: "\(shape.elementCount * type.byteCount)")
        }
        return Tensor(type, shape) { memory in payload.withUnsafeBytes { memory.copyMemory(from: $0) } }
    }

    package static func bytes(_ tensor: Tensor) -> [UInt8] {
        var bytes = NumPyHeader.bytes(descriptor: descriptor(of: tensor.elementType), extents: tensor.shape.extents)
        tensor.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// NumPy's name of a little-endian element type.
    package static func descriptor(of type: ElementType) -> String {
        switch type {
        case .float32: "<f4"
        case .float16: "<f2"
        case .int8: "|i1"
        case .uint8: "|u1"
        case .int16: "<i2"
        case .int32: "<i4"
        case .int64: "<i8"
        case .bool: "|b1"
        }
    }
}
