import EmotionFormerCore

extension Tensor where Scalar: TensorFloat {
    /// eˣ divided by the sum of all along an axis: numbers from 0 to 1 that sum to 1.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func softmax(axis: Int = -1) throws(TensorError) -> Tensor {
        try byRows(axis) { Scalar._softmax($0, $1, $2, $3, isLogarithm: false) }
    }

    /// The natural logarithm of ``softmax(axis:)``, exact for small probabilities too.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func logSoftmax(axis: Int = -1) throws(TensorError) -> Tensor {
        try byRows(axis) { Scalar._softmax($0, $1, $2, $3, isLogarithm: true) }
    }

    /// (x − mean)/√(variance + epsilon) along an axis: mean 0 and variance 1.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func layerNormalized(axis: Int = -1, epsilon: Scalar) throws(TensorError) -> Tensor {
        try byRows(axis) { Scalar._normalize($0, $1, $2, $3, epsilon: epsilon) }
    }

    private func byRows(
        _ axis: Int, _ body: (UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Int, Int) -> Void
    ) throws(TensorError) -> Tensor {
        let rows = try movingAxis(axis, to: -1).contiguous()
        let columns = rows.shape.last ?? 1
        let result = Tensor(rows.layout.shape) { target in
            if columns > 0 { body(rows.base + rows.layout.offset, target, count / columns, columns) }
        }
        return try result.movingAxis(-1, to: axis)
    }
}
