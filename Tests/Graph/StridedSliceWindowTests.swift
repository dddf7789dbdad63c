import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// Expectations are Python's on an array of shape (5, 6, 7).
@Suite struct StridedSliceWindowTests {
    private let shape = Shape(unchecked: [5, 6, 7])

    private func window(
        _ begin: [Int], _ end: [Int], _ strides: [Int]? = nil, _ masks: StridedSliceWindow.Masks = .init()
    ) throws(Fault) -> StridedSliceWindow {
        try StridedSliceWindow(
            of: shape, begin: begin, end: end, strides: strides ?? begin.map { _ in 1 }, masks: masks)
    }

    @Test("x[1:3]: axes that are not named follow whole")
    func leadingAxes() throws {
        let window = try window([1], [3])
        #expect(window.shape.extents == [2, 6, 7])
        #expect(window.starts == [1, 0, 0])
    }

    @Test("x[::-2, -4:-1, 100:]: negative steps, negative and clamped indices")
    func steps() throws {
        let window = try window([0, -4, 100], [0, -1, 200], [-2, 1, 1], .init(begin: 1, end: 1))
        #expect(window.starts[0] == 4)
        #expect(window.steps[0] == -2)
        #expect(window.shape.extents == [3, 3, 0])
    }

    @Test("x[..., 2]: an ellipsis before a single index")
    func ellipsis() throws {
        let window = try window([0, 2], [0, 3], nil, .init(ellipsis: 1, shrinkAxis: 2))
        #expect(window.shape.extents == [5, 6])
        #expect(window.starts == [0, 0, 2])
    }

    @Test("x[:, newaxis, ..., newaxis, -1]: new axes on both sides of an ellipsis")
    func newAxes() throws {
        let window = try window(
            [0, 0, 0, 0, -1], [0, 0, 0, 0, 0], nil,
            .init(begin: 1, end: 1, ellipsis: 4, newAxis: 0b1010, shrinkAxis: 0b10000))
        #expect(window.shape.extents == [5, 1, 6, 1])
        #expect(window.starts == [0, 0, 6])
    }

    @Test("x[-1]: the end that stands with a single index does not count")
    func last() throws {
        #expect(try window([-1], [0], nil, .init(shrinkAxis: 1)).starts[0] == 4)
    }

    @Test("what Python refuses is refused, and extremes do not trap")
    func errors() throws {
        #expect(faultCode { () throws(Fault) in try window([5], [6], nil, .init(shrinkAxis: 1)) } == .outOfBounds)
        #expect(faultCode { () throws(Fault) in try window([0], [1], [0]) } == .invalidValue)
        #expect(faultCode { () throws(Fault) in try window([0], [1], [-1], .init(shrinkAxis: 1)) } == .invalidValue)
        #expect(
            faultCode { () throws(Fault) in try window([0, 0], [1, 1], nil, .init(ellipsis: 3)) } == .invalidValue)
        #expect(faultCode { () throws(Fault) in try window([0, 0, 0, 0], [1, 1, 1, 1]) } == .outOfBounds)
        #expect(faultCode { () throws(Fault) in try window([0], [1, 2]) } == .invalidValue)
        #expect(faultCode { () throws(Fault) in try window([.min], [.max], [.min]) } == .invalidValue)
        #expect(try window([.min], [.max]).shape.extents == [5, 6, 7])
        #expect(try window([.max], [.min], [-1]).shape.extents == [5, 6, 7])
    }
}
