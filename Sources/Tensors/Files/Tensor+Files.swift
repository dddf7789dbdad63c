import EmotionFormerCore
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Tensor {
    /// A tensor from NumPy's `npy` file, of version 1, 2 or 3, in C or Fortran order, of either byte order.
    /// - Throws: `elementTypeMismatch` for elements of another type; `missing`, `unreadableFile`, `malformedFile`.
    public init(contentsOf url: URL) throws(TensorError) {
        self = try named { () throws(Fault) in
            let file = try ByteSource.path(url.path).bytes()
            do throws(Fault) {
                return try NumPyTensor.read(file[...], as: Scalar.self)
            } catch {
                throw error.within(url.path)
            }
        }
    }

    /// A tensor from the bytes of an `npy` file.
    /// - Throws: `elementTypeMismatch` for elements of another type; `malformedFile`.
    public init(numPyBytes bytes: [UInt8]) throws(TensorError) {
        self = try named { () throws(Fault) in try NumPyTensor.read(bytes[...], as: Scalar.self) }
    }

    /// The bytes of an `npy` file with this tensor.
    public var numPyBytes: [UInt8] { NumPyTensor.bytes(self) }

    /// Writes NumPy's `npy` file in one step; it replaces another such file, and nothing else.
    /// - Throws: `writeFailed`; what stood there is then unchanged.
    public func write(to url: URL) throws(TensorError) {
        try named { () throws(Fault) in
            try OutputFile(url.path, what: "NumPy array", recognize: NumPyTensor.isNumPy).write(numPyBytes)
        }
    }
}

extension Tensor where Scalar: TensorNumber {
    /// A tensor from an `npy` file with numbers of any type, which become numbers of this one.
    /// - Throws: like `init(contentsOf:)`; `malformedFile` for a number that this type cannot hold.
    public init(converting url: URL) throws(TensorError) {
        self = try named { () throws(Fault) in
            let file = try ByteSource.path(url.path).bytes()
            do throws(Fault) {
                return try NumPyTensor.convert(file[...], to: Scalar.self)
            } catch {
                throw error.within(url.path)
            }
        }
    }
}
