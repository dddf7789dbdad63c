/// The last step of a matrix product, applied while the result is still in registers or in the first-level cache:
///
///     y[i, j] = activation(scale · (A·B)[i, j] + bias[j] + rowTable[i, j]) + residual[i, j]
///
/// Rows are counted from the product's first row, not from the first row of the range that a call computes. The
/// residual may be the output itself (the same address and stride) if the activation is `linear`. What is added before
/// the activation, `rowTable`, may have fewer columns than the product: nothing is added to the others.
package struct Epilogue: @unchecked Sendable {
    // Sendable: addresses that the caller keeps valid and unwritten during the call; nothing is owned.
    package var scale: Float
    /// n values.
    package var bias: UnsafePointer<Float>?
    /// m × `rowTableColumns` values, for instance a table of positions, or what a network's shortcut adds.
    package var rowTable: UnsafePointer<Float>?
    package var rowTableStride: Int
    /// n, or fewer; more count as n.
    package var rowTableColumns: Int
    package var activation: Activation
    /// n values, which the activation `prelu` needs: a column's factor of negative values.
    package var slopes: UnsafePointer<Float>?
    /// m × n values.
    package var residual: UnsafePointer<Float>?
    package var residualStride: Int

    package init(
        scale: Float = 1, bias: UnsafePointer<Float>? = nil, rowTable: UnsafePointer<Float>? = nil,
        rowTableStride: Int = 0, rowTableColumns: Int = .max, activation: Activation = .linear,
        slopes: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil, residualStride: Int = 0
    ) {
        self.scale = scale
        self.bias = bias
        self.rowTable = rowTable
        self.rowTableStride = rowTableStride
        self.rowTableColumns = rowTableColumns
        self.activation = activation
        self.slopes = slopes
        self.residual = residual
        self.residualStride = residualStride
    }
}
