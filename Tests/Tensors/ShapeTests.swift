import EmotionFormerTensors
import Testing

@Suite struct ShapeTests {
    @Test("extents multiply, an empty axis makes nothing, a scalar has one element")
    func elementCount() throws {
        #expect(try Shape([2, 3, 4]).elementCount == 24)
        #expect(try Shape([2, 0, 4]).elementCount == 0)
        #expect(Shape.scalar.elementCount == 1)
        #expect(try Shape([2, 3, 4]).strides == [12, 4, 1])
    }

    @Test("negative extents and products that overflow are refused, also behind an empty axis")
    func refusals() throws {
        #expect(throws: Fault.self) { try Shape([2, -1]) }
        #expect(throws: Fault.self) { try Shape([1 << 40, 1 << 40]) }
        #expect(throws: Fault.self) { try Shape([0, 1 << 40, 1 << 40]) }
        #expect(throws: Fault.self) { try Shape([Int.max, 2]) }
        #expect(try Shape([1 << 24, 1 << 24]).elementCount == 1 << 48)
        #expect(throws: Fault.self) { try Shape([1 << 24, (1 << 24) + 1]) }
    }

    @Test("axes count from the back too")
    func axes() throws {
        let shape = try Shape([2, 3, 4])
        #expect(try shape.axis(-1) == 2)
        #expect(try shape.axis(0) == 0)
        #expect(throws: Fault.self) { try shape.axis(3) }
        #expect(throws: Fault.self) { try shape.axis(-4) }
        #expect(throws: Fault.self) { try Shape.scalar.axis(0) }
        #expect(throws: Fault.self) { try shape.axis(.min) }
    }

    @Test(
        "shapes broadcast as NumPy's do",
        arguments: [
            ([2, 3], [3], [2, 3]), ([2, 1], [1, 3], [2, 3]), ([], [4], [4]), ([5, 1, 2], [3, 1], [5, 3, 2]),
            ([0], [1], [0]),
        ])
    func broadcasting(first: [Int], second: [Int], expected: [Int]) throws {
        #expect(try Shape.broadcast(Shape(first), Shape(second)).extents == expected)
        #expect(try Shape.broadcast(Shape(second), Shape(first)).extents == expected)
    }

    @Test("shapes that do not broadcast are refused")
    func noBroadcasting() {
        #expect(throws: Fault.self) { try Shape.broadcast(Shape([2]), Shape([3])) }
        #expect(throws: Fault.self) { try Shape([2, 3]).strides(broadcastTo: Shape([3])) }
        #expect(throws: Fault.self) { try Shape([2]).strides(broadcastTo: Shape([3])) }
    }
}
