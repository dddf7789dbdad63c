import EmotionFormerCore
import EmotionFormerFiles

/// Tensors as the bytes of `npy` files.
enum NumPyTensor {
    /// - Throws: `elementTypeMismatch` for elements of another type; what `NumPyHeader` throws; `sizeMismatch`.
    static func read<Scalar: TensorScalar>(
        _ file: ArraySlice<UInt8>, as type: Scalar.Type
    ) throws(Fault) -> Tensor<Scalar> {
        let header = try Fault.reading(.invalidValue, NumPyHeader(file))
        guard header.descriptor.dropFirst() == Scalar._numPyName, let order = header.descriptor.first,
            "<>=|".contains(order)
        else {
            throw Fault(
                .elementTypeMismatch, at: "header", "the elements are of another type",
                found: header.descriptor, expected: "\(Scalar._numPyName), which is \(Scalar.self)")
        }
        return try elements(file, header, MemoryLayout<Scalar>.size, isBigEndian: order == ">")
    }

    /// Numbers of any type, as `Scalar`.
    /// - Throws: as above; `invalidValue` for a number that the type cannot hold.
    static func convert<Scalar: TensorNumber>(
        _ file: ArraySlice<UInt8>, to type: Scalar.Type
    ) throws(Fault) -> Tensor<Scalar> {
        let header = try Fault.reading(.invalidValue, NumPyHeader(file))
        let name = header.descriptor.dropFirst()
        if name == Scalar._numPyName { return try read(file, as: Scalar.self) }
        do throws(TensorError) {
            switch name {
            case Double._numPyName[...]: return try Tensor<Scalar>(faultless(file, as: Double.self))
            case Float._numPyName[...]: return try Tensor<Scalar>(faultless(file, as: Float.self))
            case Int8._numPyName[...]: return try Tensor<Scalar>(faultless(file, as: Int8.self))
            case UInt8._numPyName[...]: return try Tensor<Scalar>(faultless(file, as: UInt8.self))
            case Int32._numPyName[...]: return try Tensor<Scalar>(faultless(file, as: Int32.self))
            case Int64._numPyName[...]: return try Tensor<Scalar>(faultless(file, as: Int64.self))
            case Bool._numPyName[...]: return try Tensor<Scalar>(faultless(file, as: Bool.self))
            // Exactly as `Float`, whether or not the platform has the type.
            case "f2", "i2", "u2":
                let array = try fault { () throws(Fault) in try Fault.reading(.invalidValue, NumPyArray(file)) }
                return try Tensor<Scalar>(Tensor<Float>(array.floats(), shape: array.shape.extents))
            default: break
            }
        } catch {
            throw Fault(.invalidValue, at: error.place, error.problem, found: error.found, expected: error.expected)
        }
        throw Fault(
            .elementTypeMismatch, at: "header", "elements of this type are not read", found: header.descriptor,
            expected: "f2, f4, f8, i1, i2, i4, i8, u1, u2 or b1")
    }

    private static func faultless<Scalar: TensorScalar>(
        _ file: ArraySlice<UInt8>, as type: Scalar.Type
    ) throws(TensorError) -> Tensor<Scalar> {
        try fault { () throws(Fault) in try read(file, as: Scalar.self) }
    }

    private static func fault<Result>(_ body: () throws(Fault) -> Result) throws(TensorError) -> Result {
        try named([], body)
    }

    private static func elements<Scalar: TensorScalar>(
        _ file: ArraySlice<UInt8>, _ header: NumPyHeader, _ size: Int, isBigEndian: Bool
    ) throws(Fault) -> Tensor<Scalar> {
        // A Fortran array is the transpose of one in C order with its extents the other way round.
        let shape = try Shape(header.isFortranOrder ? header.extents.reversed() : header.extents)
        let payload = file.dropFirst(header.byteCount)
        guard payload.count == shape.elementCount * size else {
            throw Fault(
                .sizeMismatch, at: "array \(shape)",
                payload.count < shape.elementCount * size ? "the file is cut short" : "bytes follow the array",
                found: "\(payload.count) bytes of elements", expected: "\(shape.elementCount * size)")
        }
        if Scalar.self == Bool.self, let odd = payload.first(where: { $0 > 1 }) {
            throw Fault(.invalidValue, at: "array \(shape)", "a Boolean is neither 0 nor 1", found: "\(odd)")
        }
        let tensor = Tensor<Scalar>(shape) { target in
            payload.withUnsafeBytes { source in
                guard let from = source.baseAddress else { return }
                UnsafeMutableRawPointer(target).copyMemory(from: from, byteCount: source.count)
            }
            guard isBigEndian, size > 1 else { return }
            let bytes = UnsafeMutableRawBufferPointer(start: target, count: shape.elementCount * size)
            for element in stride(from: 0, to: bytes.count, by: size) {
                var number = UnsafeMutableRawBufferPointer(rebasing: bytes[element..<element + size])
                number.reverse()
            }
        }
        return header.isFortranOrder ? tensor.transposed() : tensor
    }

    static func bytes<Scalar>(_ tensor: Tensor<Scalar>) -> [UInt8] {
        let order = MemoryLayout<Scalar>.size == 1 ? "|" : "<"
        let header = NumPyHeader.bytes(descriptor: order + Scalar._numPyName, extents: tensor.shape)
        return tensor.withUnsafeBufferPointer { header + UnsafeRawBufferPointer($0) }
    }

    static func isNumPy(_ start: [UInt8]) -> Bool { start.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) }
}
