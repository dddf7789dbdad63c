/// The last step of a matrix product, applied while the result is still in registers or in the first-level cache:
///
///     y[i, j] = activation(scale · (A·B)[i, j] + bias[j] + rowTable[i, j]) + residual[i, j]
///
/// Rows are counted from the product's first row, not from the first row of the range that a call computes. The
/// residual may be the output itself (the same address and stride) if the activation is `linear`.
package struct Epilogue: @unchecked Sendable {
    // Sendable: addresses that the caller keeps valid and unwritten during the call; nothing is owned.
    package var scale: Float
    /// n values.
    package var bias: UnsafePointer<Float>?
    /// m × n values, for instance a table of positions.
    package var rowTable: UnsafePointer<Float>?
    package var rowTableStride: Int
    package var activation: Activation
    /// m × n values.
    package var residual: UnsafePointer<Float>?
    package var residualStride: Int

    package init(
        scale: Float = 1, bias: UnsafePointer<Float>? = nil, rowTable: UnsafePointer<Float>? = nil,
        rowTableStride: Int = 0, activation: Activation = .linear, residual: UnsafePointer<Float>? = nil,
        residualStride: Int = 0
    ) {
        self.scale = scale
        self.bias = bias
        self.rowTable = rowTable
        self.rowTableStride = rowTableStride
        self.activation = activation
        self.residual = residual
        self.residualStride = residualStride
    }
}
