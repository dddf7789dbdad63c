import EmotionFormerCore
import EmotionFormerTestSupport
import Testing

@Suite struct TensorViewTests {
    /// 0 … 23 in the shape [2, 3, 4].
    private func counting() throws -> TensorView {
        TensorView(try Tensor((0..<24).map { Float($0) }, shape: Shape([2, 3, 4])))
    }

    private func elements(_ view: TensorView) -> [Float] { view.contiguous().elements(as: Float.self) ?? [] }

    @Test("a transposition moves axes, and back again gives the tensor itself")
    func transposition() throws {
        let view = try counting().transposed([2, 0, 1])
        #expect(view.shape.extents == [4, 2, 3])
        #expect(elements(view) == (0..<4).flatMap { c in (0..<6).map { Float($0 * 4 + c) } })
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
                == "axis 1: there is no such index (found 3, expected 0..<3)")
    }

    @Test("what looks like the base and is not is copied: a square turned, the beginning of a tensor")
    func lookalikes() throws {
        let square = TensorView(try Tensor([1, 2, 3, 4] as [Float], shape: Shape([2, 2])))
        #expect(try !square.transposed([1, 0]).isContiguous)
        #expect(try elements(square.transposed([1, 0])) == [1, 3, 2, 4])
        let beginning = try counting().sliced(axis: 0, 0..<1)
        #expect(beginning.isContiguous)
        #expect(beginning.contiguous().shape.extents == [1, 3, 4])
        #expect(elements(beginning) == (0..<12).map { Float($0) })
    }

    @Test("reversing twice is no change, and reversing once is one")
    func reversal() throws {
        let view = try counting()
        #expect(try elements(view.reversed(axis: 1).reversed(axis: 1)) == elements(view))
        #expect(try elements(view.reversed(axis: -1)).prefix(4) == [3, 2, 1, 0])
    }

    @Test("a stretched axis repeats, a new one does not")
    func broadcasting() throws {
        let row = TensorView(Tensor([1, 2, 3] as [Float]))
        #expect(try elements(row.broadcast(to: Shape([2, 3]))) == [1, 2, 3, 1, 2, 3])
        #expect(try elements(row.expanded(at: 1).broadcast(to: Shape([3, 2]))) == [1, 1, 2, 2, 3, 3])
        #expect(
            refusal { try row.broadcast(to: Shape([2])) }
                == "broadcast: the shape does not broadcast (found [3], expected [2])")
        #expect(
            refusal { try row.expanded(at: 2) }
                == "axis 2: there is no such place for an axis (found shape [3], expected 0...1)")
    }

    @Test("views of views, checked element by element against index arithmetic")
    func composition() throws {
        let view = try counting().transposed([1, 2, 0]).sliced(axis: 1, 0..<4, step: -2).reversed(axis: 0)
        var expected: [Float] = []
        for row in [2, 1, 0] {
            for column in [3, 1] { for plane in [0, 1] { expected.append(Float(plane * 12 + row * 4 + column)) } }
        }
        #expect(elements(view) == expected)
        #expect(!view.isContiguous)
    }

    @Test("what is contiguous already is not copied")
    func sharing() throws {
        let tensor = Tensor([1, 2, 3] as [Int32])
        let address = tensor.withUnsafeBytes { $0.baseAddress }
        #expect(TensorView(tensor).contiguous().withUnsafeBytes { $0.baseAddress } == address)
        #expect(try TensorView(tensor).reversed(axis: 0).contiguous().elements(as: Int32.self) == [3, 2, 1])
    }
}
