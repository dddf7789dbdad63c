import EmotionFormerCore
import EmotionFormerTestSupport
import Testing

@Suite struct StridedLayoutTests {
    /// The places 0 … 23 in the shape [2, 3, 4].
    private func counting() throws -> StridedLayout {
        StridedLayout(try Shape([2, 3, 4]))
    }

    /// The places of a layout's elements in row-major order, plus one for a layout that begins with 1.
    private func elements(_ view: StridedLayout, from first: Int = 0) -> [Int] {
        var places: [Int] = []
        let walk = StridedWalk([view])
        walk.forEachRow { (start: Int) in
            places += (0..<walk.count).map { first + start + $0 * walk.steps[0] }
        }
        return places
    }

    @Test("a transposition moves axes, and back again gives the tensor itself")
    func transposition() throws {
        let view = try counting().transposed([2, 0, 1])
        #expect(view.shape.extents == [4, 2, 3])
        #expect(elements(view) == (0..<4).flatMap { c in (0..<6).map { $0 * 4 + c } })
        #expect(try elements(view.transposed([1, 2, 0])) == elements(counting()))
        #expect(
            refusal { try counting().transposed([0, 0, 1]) }
                == "transpose: every axis must occur once (found [0, 0, 1], expected a permutation of 3 axes)")
        #expect(
            refusal { try counting().transposed([0, 1]) }
                == "transpose: every axis must occur once (found [0, 1], expected a permutation of 3 axes)")
    }

    @Test("slices take every step-th index, from either end")
    func slices() throws {
        #expect(
            try elements(counting().selected(axis: 0, index: 1).sliced(axis: 1, 1..<4, step: 2)) == [
                13, 15, 17, 19, 21, 23,
            ])
        #expect(
            try elements(counting().selected(axis: 0, index: 0).sliced(axis: 0, 1..<3, step: -1)) == [
                8, 9, 10, 11, 4, 5, 6, 7,
            ])
        #expect(try counting().sliced(axis: 2, 2..<2).shape.extents == [2, 3, 0])
        #expect(try elements(counting().sliced(axis: 2, 2..<2, step: -3)).isEmpty)
        #expect(
            refusal { try counting().sliced(axis: 2, 0..<5) }
                == "slice of axis 2: the range is not inside the axis (found 0..<5, expected within 0..<4)")
        #expect(
            refusal { try counting().sliced(axis: 2, 0..<4, step: 0) }
                == "slice of axis 2: the step is 0 or too large (found 0)")
        #expect(
            refusal { try counting().sliced(axis: 2, 0..<4, step: .min) }
                == "slice of axis 2: the step is 0 or too large (found -9223372036854775808)")
        #expect(
            refusal { try counting().selected(axis: 1, index: 3) }
                == "axis 1: there is no such index (found 3, expected -3..<3)")
    }

    @Test("what looks like the base and is not is copied: a square turned, the beginning of a tensor")
    func lookalikes() throws {
        let square = StridedLayout(try Shape([2, 2]))
        #expect(try !square.transposed([1, 0]).isContiguous)
        #expect(try elements(square.transposed([1, 0]), from: 1) == [1, 3, 2, 4])
        let beginning = try counting().sliced(axis: 0, 0..<1)
        #expect(beginning.isContiguous)
        #expect(beginning.shape.extents == [1, 3, 4])
        #expect(elements(beginning) == Array(0..<12))
    }

    @Test("reversing twice is no change, and reversing once is one")
    func reversal() throws {
        let view = try counting()
        #expect(try elements(view.reversed(axis: 1).reversed(axis: 1)) == elements(view))
        #expect(try elements(view.reversed(axis: -1)).prefix(4) == [3, 2, 1, 0])
    }

    @Test("a stretched axis repeats, a new one does not")
    func broadcasting() throws {
        let row = StridedLayout(try Shape([3]))
        #expect(try elements(row.broadcast(to: Shape([2, 3])), from: 1) == [1, 2, 3, 1, 2, 3])
        #expect(try elements(row.expanded(at: 1).broadcast(to: Shape([3, 2])), from: 1) == [1, 1, 2, 2, 3, 3])
        #expect(
            refusal { try row.broadcast(to: Shape([2])) }
                == "broadcast: the shape does not broadcast (found [3], expected [2])")
        #expect(
            refusal { try row.expanded(at: 2) }
                == "axis 2: there is no such place for an axis (found shape [3], expected -2...1)")
    }

    @Test("views of views, checked element by element against index arithmetic")
    func composition() throws {
        let view = try counting().transposed([1, 2, 0]).sliced(axis: 1, 0..<4, step: -2).reversed(axis: 0)
        var expected: [Int] = []
        for row in [2, 1, 0] {
            for column in [3, 1] { for plane in [0, 1] { expected.append(plane * 12 + row * 4 + column) } }
        }
        #expect(elements(view) == expected)
        #expect(!view.isContiguous)
    }

    @Test("another shape is a view where strides can say so, and none where they cannot")
    func reshaping() throws {
        let turned = try counting().transposed([1, 0, 2])
        let kept = try #require(turned.reshaped(to: Shape([3, 2, 2, 2])))
        #expect(elements(kept) == elements(turned))
        #expect(turned.reshaped(to: try Shape([6, 4])) == nil)
        let every = try counting().sliced(axis: 2, 0..<4, step: 2)
        #expect(try every.reshaped(to: Shape([12])).map { elements($0) } == elements(every))
        #expect(try every.reshaped(to: Shape([6, 1, 2, 1])).map { elements($0) } == elements(every))
        #expect(try counting().reversed(axis: 2).reshaped(to: Shape([24])) == nil)
        #expect(try counting().reversed(axis: 0).reshaped(to: Shape([2, 12])).map { elements($0) } != nil)
    }

    @Test("neighboring axes that lie like one are walked as one")
    func walks() throws {
        #expect(try StridedWalk([counting()]).count == 24)
        #expect(try StridedWalk([counting(), counting().transposed([0, 1, 2])]).count == 24)
        #expect(try StridedWalk([counting().sliced(axis: 2, 0..<3)]).count == 3)
        #expect(try StridedWalk([counting().sliced(axis: 1, 0..<2)]).count == 8)
        var rows = 0
        try StridedWalk([counting().sliced(axis: 0, 1..<1)]).forEachRow { (_: Int) in rows += 1 }
        #expect(rows == 0)
    }

    @Test("a step as large as an integer can be takes the first index")
    func largestSteps() throws {
        #expect(try elements(counting().sliced(axis: 0, 0..<2, step: .max)) == Array(0..<12))
        #expect(try counting().sliced(axis: 2, 0..<4, step: .max).shape.extents == [2, 3, 1])
    }
}
