/// The windows of a convolution along one axis of its input.
package struct WindowAxis: Sendable {
    /// Places of a window, and the distance between two of them.
    package var extent: Int
    package var dilation: Int
    package var stride: Int
    /// Elements before the input that the first window covers.
    package var before: Int
    /// Elements of the input.
    package var length: Int
    /// Windows.
    package var count: Int

    package init(extent: Int, dilation: Int, stride: Int, before: Int, length: Int, count: Int) {
        self.extent = extent
        self.dilation = dilation
        self.stride = stride
        self.before = before
        self.length = length
        self.count = count
    }
}
