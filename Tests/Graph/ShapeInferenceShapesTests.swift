import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct ShapeInferenceShapesTests {
    @Test("reshape resolves −1 and takes its shape from exactly one place")
    func reshape() throws {
        #expect(try infer(.reshape, [f32(2, 6)], ["shape": [3, -1]]) == [f32(3, 4)])
        #expect(try infer(.reshape, [f32(2, 6), i32(1)], constants: [1: known([12])]) == [f32(12)])
        #expect(try infer(.reshape, [f32(1)], ["shape": []]) == [f32()])
        for (shape, code) in [
            ([5, -1], Fault.Code.shapeMismatch), ([-1, -1], .invalidValue), ([-2, 6], .invalidValue),
            ([13], .shapeMismatch), ([0, -1], .shapeMismatch), ([1 << 40, 1 << 40, -1], .sizeOverflow),
        ] {
            #expect(
                faultCode { () throws(Fault) in try infer(.reshape, [f32(2, 6)], ["shape": .integers(shape)]) } == code,
                "\(shape)")
        }
        #expect(faultCode { () throws(Fault) in try infer(.reshape, [f32(2, 6)]) } == .missingField)
        #expect(faultCode { () throws(Fault) in try infer(.reshape, [f32(12), i32(1)]) } == .unsupportedOperation)
        #expect(
            faultCode { () throws(Fault) in
                try infer(.reshape, [f32(12), i32(1)], ["shape": [12]], constants: [1: known([12])])
            } == .invalidValue)
        #expect(
            faultCode { () throws(Fault) in
                try infer(.reshape, [f32(12), f32(1)], constants: [1: zeros(f32(1))])
            } == .elementTypeMismatch)
    }

    @Test("axes move, come and go")
    func arrangements() throws {
        #expect(try infer(.transpose, [f32(2, 3, 4)], ["permutation": [2, 0, 1]]) == [f32(4, 2, 3)])
        #expect(try infer(.expandDimensions, [f32(2, 3)], ["axis": -1]) == [f32(2, 3, 1)])
        #expect(try infer(.expandDimensions, [f32()], ["axis": 0]) == [f32(1)])
        #expect(try infer(.squeeze, [f32(1, 2, 1)]) == [f32(2)])
        #expect(try infer(.squeeze, [f32(1, 2, 1)], ["axes": [-1]]) == [f32(1, 2)])
        #expect(try infer(.reverse, [f32(2, 3)], ["axes": [1]]) == [f32(2, 3)])
        for permutation in [[0, 1], [0, 1, 1], [0, 1, 3], [0, 1, -1]] {
            #expect(
                faultCode { () throws(Fault) in
                    try infer(.transpose, [f32(2, 3, 4)], ["permutation": .integers(permutation)])
                } == .invalidValue)
        }
        #expect(faultCode { () throws(Fault) in try infer(.expandDimensions, [f32(2)], ["axis": 2]) } == .invalidValue)
        #expect(
            faultCode { () throws(Fault) in try infer(.expandDimensions, [f32(2)], ["axis": .integer(.min)]) }
                == .invalidValue)
        #expect(faultCode { () throws(Fault) in try infer(.squeeze, [f32(1, 2)], ["axes": [1]]) } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.reverse, [f32(2)], ["axes": [1]]) } == .invalidValue)
    }

    @Test("joining and parting")
    func joining() throws {
        #expect(try infer(.concatenate, [f32(2, 3), f32(2, 4)]) == [f32(2, 7)])
        #expect(try infer(.pack, [f32(2), f32(2), f32(2)], ["axis": -1]) == [f32(2, 3)])
        #expect(try infer(.unpack, [f32(2, 3)], ["axis": 1], outputs: 3) == [f32(2), f32(2), f32(2)])
        #expect(try infer(.split, [f32(2, 6)], ["axis": 1], outputs: 3) == [f32(2, 2), f32(2, 2), f32(2, 2)])
        #expect(
            try infer(.splitSizes, [f32(2, 6)], ["axis": 1, "sizes": [1, -1]], outputs: 2) == [f32(2, 1), f32(2, 5)])
        #expect(faultCode { () throws(Fault) in try infer(.concatenate, [f32(2, 3), f32(3, 3)]) } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.concatenate, [f32(2, 3), f32(2)]) } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.concatenate, [f32(2), i32(2)]) } == .elementTypeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.concatenate, []) } == .missingField)
        #expect(faultCode { () throws(Fault) in try infer(.pack, [f32(2), f32(3)]) } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.unpack, [f32(2)], outputs: 3) } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.split, [f32(6)], ["axis": 0], outputs: 4) } == .shapeMismatch)
        for sizes in [[1, 2], [7, -1], [-1, -1], [-2, 8]] {
            #expect(
                faultCode { () throws(Fault) in
                    try infer(.splitSizes, [f32(6)], ["axis": 0, "sizes": .integers(sizes)], outputs: 2)
                } != nil, "\(sizes)")
        }
    }

    @Test("a slice stays inside; its begin alone may come at run time")
    func slice() throws {
        #expect(try infer(.slice, [f32(4, 6)], ["begin": [1, 2], "size": [2, -1]]) == [f32(2, 4)])
        #expect(try infer(.slice, [f32(4, 6), i32(2)], ["size": [1, 6]]) == [f32(1, 6)])
        for (begin, size) in [([1, 2], [4, 1]), ([-1, 0], [1, 1]), ([5, 0], [0, 0]), ([0, 0], [-2, 1])] {
            #expect(
                faultCode { () throws(Fault) in
                    try infer(.slice, [f32(4, 6)], ["begin": .integers(begin), "size": .integers(size)])
                } == .outOfBounds)
        }
        #expect(
            faultCode { () throws(Fault) in try infer(.slice, [f32(4, 6), i32(2)], ["size": [-1, 6]]) }
                == .unsupportedOperation)
        #expect(
            faultCode { () throws(Fault) in try infer(.slice, [f32(4, 6)], ["begin": [0], "size": [1]]) }
                == .invalidValue)
    }

    @Test("gather: batch axes, types of indices, rank of coordinates")
    func gather() throws {
        #expect(try infer(.gather, [f32(4, 6), i32(2, 3)]) == [f32(2, 3, 6)])
        #expect(try infer(.gather, [f32(4, 6), i64()], ["axis": 1]) == [f32(4)])
        #expect(
            try infer(.gather, [f32(2, 4, 6), i32(2, 3)], ["axis": 1, "batchDimensions": 1]) == [f32(2, 3, 6)])
        #expect(try infer(.gatherND, [f32(4, 6), i32(3, 1)]) == [f32(3, 6)])
        #expect(faultCode { () throws(Fault) in try infer(.gather, [f32(4), f32(1)]) } == .elementTypeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.gather, [f32(4), i32(1)], ["axis": 1]) } == .invalidValue)
        #expect(
            faultCode { () throws(Fault) in
                try infer(.gather, [f32(2, 4), i32(3, 2)], ["axis": 1, "batchDimensions": 1])
            } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.gather, [f32(4), i32(1)], ["batchDimensions": 1]) }
                == .invalidValue)
        #expect(faultCode { () throws(Fault) in try infer(.gatherND, [f32(4), i32(1, 2)]) } == .shapeMismatch)
    }

    @Test("growing: tile, pad, broadcast, fill, range, one-hot")
    func growing() throws {
        #expect(try infer(.tile, [f32(2, 3)], ["multiples": [2, 0]]) == [f32(4, 0)])
        #expect(try infer(.pad, [f32(2, 3)], ["paddings": [1, 1, 0, 2]]) == [f32(4, 5)])
        #expect(try infer(.mirrorPad, [f32(3)], ["paddings": [2, 2], "mode": "reflect"]) == [f32(7)])
        #expect(try infer(.broadcastTo, [f32(3)], ["shape": [2, 3]]) == [f32(2, 3)])
        #expect(try infer(.fill, [nil, f32()], ["shape": [2, 3]]) == [f32(2, 3)])
        #expect(try infer(.shape, [f32(2, 3)]) == [i32(2)])
        #expect(try infer(.oneHot, [i32(2)], ["depth": 5, "axis": 0]) == [f32(5, 2)])
        let constants = [0: known([1]), 1: known([8]), 2: known([3])]
        #expect(try infer(.range, [i32(1), i32(1), i32(1)], constants: constants) == [i32(3)])
        func code(
            _ operation: EmotionFormerGraph.Operation, _ inputs: [ValueType?], _ attributes: Attributes
        ) -> Fault.Code? {
            faultCode { () throws(Fault) in try infer(operation, inputs, attributes) }
        }
        #expect(code(.tile, [f32(2)], ["multiples": [-1]]) == .invalidValue)
        #expect(code(.tile, [f32(4)], ["multiples": [4_611_686_018_427_387_904]]) == .sizeOverflow)
        #expect(code(.pad, [f32(2)], ["paddings": [-1, 0]]) == .invalidValue)
        #expect(code(.pad, [f32(2)], ["paddings": [9_223_372_036_854_775_807, 0]]) == .sizeOverflow)
        #expect(code(.pad, [f32(2)], ["paddings": [1]]) == .invalidValue)
        #expect(code(.mirrorPad, [f32(3)], ["paddings": [3, 0], "mode": "reflect"]) == .invalidValue)
        #expect(code(.mirrorPad, [f32(3)], ["paddings": [3, 0], "mode": "symmetric"]) == nil)
        #expect(code(.broadcastTo, [f32(3)], ["shape": [2, 4]]) == .shapeMismatch)
        #expect(code(.broadcastTo, [f32(3)], ["shape": []]) == .shapeMismatch)
        #expect(code(.fill, [nil, f32(2)], ["shape": [2]]) == .shapeMismatch)
        #expect(code(.fill, [nil, f32()], ["shape": [-1]]) == .invalidValue)
        #expect(code(.oneHot, [i32(2)], ["depth": -1]) == .invalidValue)
        #expect(code(.range, [i32(), i32(), i32()], [:]) == .unsupportedOperation)
        #expect(
            faultCode { () throws(Fault) in
                try infer(
                    .range, [i32(1), i32(1), i32(1)], constants: [0: known([1]), 1: known([8]), 2: known([0])])
            } == .invalidValue)
    }

    @Test("what is known whatever the elements are")
    func constants() throws {
        func known(_ operation: EmotionFormerGraph.Operation, _ input: ValueType) throws -> Tensor? {
            let context = context(operation, [input])
            return try ShapeInference.constantOutputs(context, types: ShapeInference.outputTypes(context))?[0].tensor
        }
        #expect(try known(.shape, f32(2, 3))?.integers == [2, 3])
        #expect(try known(.onesLike, f32(2))?.doubles == [1, 1])
        #expect(try known(.zerosLike, i64(2))?.doubles == [0, 0])
        #expect(try known(.negate, i64(2)) == nil)
    }
}
