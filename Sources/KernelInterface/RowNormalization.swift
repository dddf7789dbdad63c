/// Normalization of rows of `columns` values; the input may be the output.
package struct RowNormalization {
    package var input: UnsafePointer<Float>
    package var inputStride: Int
    /// Added to the input before normalization.
    package var residual: UnsafePointer<Float>?
    package var residualStride: Int
    package var output: UnsafeMutablePointer<Float>
    package var outputStride: Int
    /// `columns` values each.
    package var gamma: UnsafePointer<Float>?
    package var beta: UnsafePointer<Float>?
    package var epsilon: Float
    package var rows: Int
    package var columns: Int

    package init(
        input: UnsafePointer<Float>, inputStride: Int, residual: UnsafePointer<Float>? = nil, residualStride: Int = 0,
        output: UnsafeMutablePointer<Float>,
        outputStride: Int, gamma: UnsafePointer<Float>?, beta: UnsafePointer<Float>?, epsilon: Float, rows: Int,
        columns: Int
    ) {
        self.input = input
        self.inputStride = inputStride
        self.residual = residual
        self.residualStride = residualStride
        self.output = output
        self.outputStride = outputStride
        self.gamma = gamma
        self.beta = beta
        self.epsilon = epsilon
        self.rows = rows
        self.columns = columns
    }
}
