package import EmotionFormerCore

/// Where the windows of a convolution or pooling lie along one axis.
package struct SlidingWindow: Sendable, Hashable {
    package enum Padding: String, Sendable {
        case valid, same, causal
    }

    /// Elements of the window, and the distance between two of them.
    package let extent: Int
    package let dilation: Int
    package let stride: Int
    /// How many windows there are: the output's extent.
    package let count: Int
    /// The number of elements before the input that the first windows cover.
    package let before: Int
    /// The number of elements after the input that the last windows cover.
    package let after: Int

    /// - Throws: `shapeMismatch` if no window fits; `limitExceeded` if a window spans more than 2²⁰ elements.
    package init(
        over input: Int, extent: Int, stride: Int, dilation: Int, padding: Padding
    ) throws(Fault) {
        guard extent > 0, stride > 0, dilation > 0, input > 0 else {
            throw Fault(
                .shapeMismatch, at: "window", "the input or the window is empty", found: "\(input) and \(extent)")
        }
        let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: dilation)
        guard !overflow, reach < 1 << 20 else {
            throw Fault(.limitExceeded, at: "window", "the window spans too much", expected: "at most \(1 << 20)")
        }
        self.extent = extent
        self.dilation = dilation
        self.stride = stride
        switch padding {
        case .valid:
            guard reach < input else {
                throw Fault(
                    .shapeMismatch, at: "window", "the window is longer than the input", found: "\(reach + 1)",
                    expected: "at most \(input)")
            }
            count = (input - reach - 1) / stride + 1
            before = 0
            after = 0
        case .same:
            count = (input - 1) / stride + 1
            // The last window starts inside the input, so this cannot overflow.
            let total = max((count - 1) * stride + reach + 1 - input, 0)
            before = total / 2
            after = total - total / 2
        case .causal:
            count = (input - 1) / stride + 1
            before = reach
            after = 0
        }
    }
}
