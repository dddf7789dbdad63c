import EmotionFormerCore
import EmotionFormerTestSupport
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
        #expect(refusal { try Shape([2, -1]) } == "shape [2, -1]: an extent is negative (found -1)")
        #expect(
            refusal { try Shape([1 << 40, 1 << 40]) }
                == "shape [1099511627776, 1099511627776]: the shape has too many elements (expected at most 281474976710656)"
        )
        #expect(
            refusal { try Shape([0, 1 << 40, 1 << 40]) }
                == "shape [0, 1099511627776, 1099511627776]: the shape has too many elements (expected at most 281474976710656)"
        )
        #expect(
            refusal { try Shape([Int.max, 2]) }
                == "shape [9223372036854775807, 2]: the shape has too many elements (expected at most 281474976710656)")
        #expect(try Shape([1 << 24, 1 << 24]).elementCount == 1 << 48)
        #expect(
            refusal { try Shape([1 << 24, (1 << 24) + 1]) }
                == "shape [16777216, 16777217]: the shape has too many elements (expected at most 281474976710656)")
    }

    @Test("axes count from the back too")
    func axes() throws {
        let shape = try Shape([2, 3, 4])
        #expect(try shape.axis(-1) == 2)
        #expect(try shape.axis(0) == 0)
        #expect(
            refusal { try shape.axis(3) } == "axis 3: there is no such axis (found shape [2, 3, 4], expected -3...2)")
        #expect(
            refusal { try shape.axis(-4) } == "axis -4: there is no such axis (found shape [2, 3, 4], expected -3...2)")
        #expect(
            refusal { try Shape.scalar.axis(0) }
                == "axis 0: there is no such axis (found shape [], expected a shape with axes)")
        #expect(
            refusal { try shape.axis(.min) }
                == "axis -9223372036854775808: there is no such axis (found shape [2, 3, 4], expected -3...2)")
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
        #expect(
            refusal { try Shape.broadcast(Shape([2]), Shape([3])) }
                == "broadcast: the shapes do not broadcast together (found [2] and [3])")
        #expect(
            refusal { try Shape([2, 3]).strides(broadcastTo: Shape([3])) }
                == "broadcast: too many axes (found [2, 3], expected [3])")
        #expect(
            refusal { try Shape([2]).strides(broadcastTo: Shape([3])) }
                == "broadcast: the shape does not broadcast (found [2], expected [3])")
    }
}
