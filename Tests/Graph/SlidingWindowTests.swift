import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// Windows lie where TensorFlow puts them ("Notes on padding" of tf.nn.convolution); the numbers are computed by hand.
@Suite struct SlidingWindowTests {
    struct Case: Sendable {
        let input: Int
        let extent: Int
        let stride: Int
        let dilation: Int
        let padding: SlidingWindow.Padding
        /// How many windows, and elements before and behind the input.
        let expected: [Int]
    }

    private static func place(
        _ input: Int, _ extent: Int, _ stride: Int, _ dilation: Int, _ padding: SlidingWindow.Padding,
        _ expected: [Int]
    ) -> Case {
        Case(
            input: input, extent: extent, stride: stride, dilation: dilation, padding: padding, expected: expected)
    }

    @Test(
        "count, and padding on both sides",
        arguments: [
            place(7, 3, 1, 1, .valid, [5, 0, 0]), place(7, 3, 2, 1, .valid, [3, 0, 0]),
            place(8, 3, 2, 1, .valid, [3, 0, 0]), place(6, 4, 5, 1, .valid, [1, 0, 0]),
            place(7, 3, 1, 3, .valid, [1, 0, 0]), place(7, 3, 1, 1, .same, [7, 1, 1]),
            // What is odd goes behind.
            place(7, 4, 1, 1, .same, [7, 1, 2]), place(6, 3, 2, 1, .same, [3, 0, 1]),
            place(7, 3, 2, 1, .same, [4, 1, 1]), place(5, 3, 1, 2, .same, [5, 2, 2]),
            place(5, 1, 3, 1, .same, [2, 0, 0]), place(7, 3, 1, 1, .causal, [7, 2, 0]),
            place(7, 3, 2, 2, .causal, [4, 4, 0]), place(7, 4, 1, 1, .causal, [7, 3, 0]),
        ])
    func places(example: Case) throws {
        let window = try SlidingWindow(
            over: example.input, extent: example.extent, stride: example.stride, dilation: example.dilation,
            padding: example.padding)
        #expect([window.count, window.before, window.after] == example.expected)
    }

    @Test("a window that is longer than the input, spans too much, or is nothing is refused")
    func refusals() {
        func code(_ input: Int, _ extent: Int, _ stride: Int, _ dilation: Int) -> Fault.Code? {
            faultCode { () throws(Fault) in
                try SlidingWindow(over: input, extent: extent, stride: stride, dilation: dilation, padding: .valid)
            }
        }
        #expect(code(3, 3, 1, 1) == nil)
        #expect(code(3, 4, 1, 1) == .shapeMismatch)
        #expect(code(3, 2, 1, 3) == .shapeMismatch)
        #expect(code(0, 1, 1, 1) == .shapeMismatch)
        #expect(code(3, 1, 0, 1) == .shapeMismatch)
        #expect(code(1 << 30, 2, 1, 1 << 20) == .limitExceeded)
        #expect(code(1 << 30, 3, 1, .max) == .limitExceeded)
    }
}
