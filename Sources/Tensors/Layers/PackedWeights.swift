import EmotionFormerCore
import EmotionFormerKernels

/// A k × n matrix in the order in which the kernels read it, made once when a layer is.
struct PackedWeights: Sendable {
    let rows: Int
    let columns: Int
    private let storage: TensorStorage

    /// - Parameter matrix: two axes.
    init(_ matrix: Tensor<Float>) {
        (rows, columns) = (matrix.shape[0], matrix.shape[1])
        let kernels = Processor.kernels
        storage = TensorStorage(byteCount: rows == 0 ? 0 : kernels.packedMatrixByteCount(rows, columns)) { _ in }
        guard rows > 0, columns > 0, let memory = storage.bytes.baseAddress else { return }
        kernels.packMatrix(
            matrix.base + matrix.layout.offset, matrix.strides[0], matrix.strides[1], rows, columns, memory)
        withExtendedLifetime(matrix.storage) {}
    }

    /// epilogue(A·B) of `count` rows, `aStride` apart.
    func multiply(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ count: Int, _ result: UnsafeMutablePointer<Float>,
        _ epilogue: Epilogue
    ) {
        guard count > 0, columns > 0, rows > 0 else { return }
        let product = PackedProduct(
            a: a, aStride: aStride, b: address, c: result, cStride: columns, m: count, k: rows, n: columns,
            epilogue: epilogue)
        Processor.kernels.matmul(product, 0..<count)
        withExtendedLifetime(storage) {}
    }

    /// Valid as long as this value is.
    var address: UnsafeRawPointer { UnsafeRawPointer(storage.bytes.baseAddress.unsafelyUnwrapped) }
}

/// The error of a layer that is given a tensor, or a weight, of another shape.
func wrongShape(_ layer: String, _ what: String, _ found: [Int], _ expected: String) -> TensorError {
    TensorError(
        .shapeMismatch, at: layer, "\(what) is of another shape", found: "\(found)", expected: expected,
        shapes: [found])
}
