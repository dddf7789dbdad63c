/// The windows of a convolution side by side, so that it becomes a matrix product: a row of the result for each window, of
/// `rows.extent` × `columns.extent` × `depth` values, 0 where the window reaches outside the input.
package struct WindowGathering {
    /// Bytes behind the last row that the kernel may write to.
    package static var margin: Int { 64 }

    /// (B, rows.length, columns.length, channels), from the first of the channels that are wanted.
    package var input: UnsafePointer<Float>
    /// One row after the other, beginning with the first window that is asked for.
    package var output: UnsafeMutablePointer<Float>
    package var rows: WindowAxis
    package var columns: WindowAxis
    package var channels: Int
    /// The number of channels that are wanted.
    package var depth: Int

    package init(
        input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, rows: WindowAxis, columns: WindowAxis,
        channels: Int, depth: Int
    ) {
        self.input = input
        self.output = output
        self.rows = rows
        self.columns = columns
        self.channels = channels
        self.depth = depth
    }
}
