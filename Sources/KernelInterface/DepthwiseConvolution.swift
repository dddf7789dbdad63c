/// A convolution of each channel with weights of its own:
///
///     y[b, i, j, c·multiplier + t] = epilogue(Σ x[b, i′, j′, c] · w[t, p, q, c])
///
/// over the window's places p, q, with i′ = i·stride + p·dilation − before, and j′ likewise; outside of the input there is
/// nothing to add. The rows of the epilogue are the windows, its columns the output's channels; its scale is not used, and
/// what it adds may not be the output itself.
package struct DepthwiseConvolution {
    /// (B, rows.length, columns.length, channels).
    package var input: UnsafePointer<Float>
    /// (multiplier, rows.extent, columns.extent, channels): with a multiplier of 1 as TensorFlow Lite stores them.
    package var weights: UnsafePointer<Float>
    /// (B, rows.count, columns.count, channels·multiplier).
    package var output: UnsafeMutablePointer<Float>
    package var rows: WindowAxis
    package var columns: WindowAxis
    package var channels: Int
    package var multiplier: Int
    package var epilogue: Epilogue

    package init(
        input: UnsafePointer<Float>, weights: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        rows: WindowAxis, columns: WindowAxis, channels: Int, multiplier: Int = 1, epilogue: Epilogue = Epilogue()
    ) {
        self.input = input
        self.weights = weights
        self.output = output
        self.rows = rows
        self.columns = columns
        self.channels = channels
        self.multiplier = multiplier
        self.epilogue = epilogue
    }
}
