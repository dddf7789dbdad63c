/// The largest element, or the mean, of each channel in every window; what lies outside the input does not count.
package struct WindowPooling {
    /// (B, rows.length, columns.length, channels).
    package var input: UnsafePointer<Float>
    /// (B, rows.count, columns.count, channels).
    package var output: UnsafeMutablePointer<Float>
    package var rows: WindowAxis
    package var columns: WindowAxis
    package var channels: Int
    /// Otherwise means.
    package var isMaximum: Bool

    package init(
        input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, rows: WindowAxis, columns: WindowAxis,
        channels: Int, isMaximum: Bool
    ) {
        self.input = input
        self.output = output
        self.rows = rows
        self.columns = columns
        self.channels = channels
        self.isMaximum = isMaximum
    }
}
