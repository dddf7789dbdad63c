import EmotionFormerCore
import EmotionFormerTestSupport
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Indices, reductions and conversions equal the reference") struct IndexingTests {
    @Test("gather along every axis, with batches, and gatherND")
    func gathers() {
        for axis in [0, 1, 2, -1] {
            for indices in [[], [5], [2, 3], [0]] {
                OperationCase(
                    .gather, [floats([3, 4, 3]), integers(indices, in: 0...2)], ["axis": .integer(axis)]
                ).check()
            }
        }
        OperationCase(
            .gather, [floats([2, 4, 3]), integers([2, 5], in: 0...3, as: Int64.self)],
            ["axis": .integer(1), "batchDimensions": .integer(1)]
        ).check()
        OperationCase(
            .gather, [floats([2, 3, 4, 2]), integers([2, 2], in: 0...3)],
            ["axis": .integer(2), "batchDimensions": .integer(1)]
        ).check()
        OperationCase(.gather, [truths([9, 2]), integers([4], in: 0...8)]).check()
        for depth in [1, 2, 3] {
            OperationCase(.gatherND, [floats([3, 4, 5]), integers([2, 3, depth], in: 0...2)]).check()
        }
        OperationCase(
            .embedding, [integers([1, 6], in: 0...4)], weights: ["table": floats([5, 3])]
        ).check()
        OperationCase(.embedding, [floats([2, 3], scale: 0.9, offset: 2)], weights: ["table": floats([5, 3])]).check()
    }

    @Test("an index outside the table is an error, and nothing is read there")
    func outside() {
        for index in [-1, 3, Int(Int32.max), Int(Int32.min)] {
            for operation in [.gather, .gatherND] as [EmotionFormerGraph.Operation] {
                #expect(
                    refusal {
                        try OperationCase(operation, [floats([3, 2]), Tensor([Int32(index)])]).engine()
                    } == "prediction: an index lies outside the table it points into")
            }
        }
        for index in [Float.nan, -1, 5, .infinity, -.infinity, 1e30] {
            #expect(
                refusal {
                    try OperationCase(.embedding, [Tensor([index])], weights: ["table": floats([5, 3])]).engine()
                } == "prediction: an index lies outside the table it points into")
        }
    }

    @Test(
        "reductions over every set of axes",
        arguments: [.reduceSum, .reduceMean, .reduceMaximum, .reduceMinimum, .reduceProduct]
            as [EmotionFormerGraph.Operation])
    func reductions(_ operation: EmotionFormerGraph.Operation) {
        for axes in [[0], [1], [2], [-1], [0, 1], [1, 2], [0, 2], [0, 1, 2], []] {
            for keeps in [true, false] {
                let attributes: Attributes = ["axes": .integers(axes), "keepDimensions": .boolean(keeps)]
                for extents in [[1, 7, 5], [3, 2, 33], [2, 1, 3]] {
                    OperationCase(operation, [floats(extents)], attributes).check()
                    if operation != .reduceMean {
                        OperationCase(operation, [integers(extents, in: -2...2)], attributes).check()
                        OperationCase(operation, [integers(extents, in: -2...2, as: Int64.self)], attributes).check()
                    }
                }
            }
        }
        if operation == .reduceSum || operation == .reduceProduct {
            OperationCase(operation, [floats([2, 0, 3])], ["axes": .integers([1])]).check()
        }
    }

    @Test("reduceAny and reduceAll")
    func logic() {
        for operation in [.reduceAny, .reduceAll] as [EmotionFormerGraph.Operation] {
            for axes in [[0], [1], [0, 2], [-1], [0, 1, 2], []] {
                OperationCase(operation, [truths([3, 2, 4])], ["axes": .integers(axes)]).check()
                OperationCase(operation, [truths([2, 0, 3])], ["axes": .integers(axes)]).check()
            }
        }
    }

    @Test("argMaximum, argMinimum, cumulativeSum")
    func scans() {
        for axis in [0, 1, 2, -1] {
            for operation in [.argMaximum, .argMinimum] as [EmotionFormerGraph.Operation] {
                for type in ["int32", "int64"] {
                    let attributes: Attributes = ["axis": .integer(axis), "elementType": .text(type)]
                    OperationCase(operation, [floats([2, 5, 3])], attributes).check()
                    OperationCase(operation, [integers([2, 5, 3], in: 0...2)], attributes).check()
                    OperationCase(operation, [integers([2, 5, 3], in: 0...2, as: UInt8.self)], attributes).check()
                }
            }
            for (exclusive, reverse) in [(false, false), (true, false), (false, true), (true, true)] {
                let attributes: Attributes = [
                    "axis": .integer(axis), "exclusive": .boolean(exclusive), "reverse": .boolean(reverse),
                ]
                OperationCase(.cumulativeSum, [floats([2, 5, 3])], attributes).check()
                OperationCase(.cumulativeSum, [integers([2, 5, 3], in: -5...5)], attributes).check()
                OperationCase(.cumulativeSum, [integers([1, 1, 4], in: -5...5, as: Int64.self)], attributes).check()
            }
        }
    }

    @Test("casts between all types")
    func casts() {
        let sources: [Tensor] = [
            floats([2, 3], scale: 100), integers([2, 3], in: -100...100, as: Int8.self),
            integers([2, 3], in: 0...255, as: UInt8.self), integers([2, 3], in: -9...9), truths([2, 3]),
            integers([2, 3], in: -9...9, as: Int64.self),
        ]
        for source in sources {
            for target in ["float32", "int32", "int64", "bool"] {
                OperationCase(.cast, [source], ["to": .text(target)]).check()
            }
        }
        OperationCase(.cast, [floats([2, 3], scale: 100)], ["to": .text("int8")]).check()
        OperationCase(.cast, [floats([2, 3], scale: 100, offset: 110)], ["to": .text("uint8")]).check()
    }

    @Test("floats that no integer holds become the nearest, and NaN becomes 0")
    func castOutside() throws {
        let result = try OperationCase(
            .cast, [Tensor([Float.nan, .infinity, -.infinity, 3e9, -3e9, -0.9])], ["to": .text("int32")]
        ).engine()
        #expect(result[0].integers == [0, Int(Int32.max), Int(Int32.min), Int(Int32.max), Int(Int32.min), 0])
    }

    @Test("quantize and dequantize")
    func quantization() {
        for (type, zeroPoint) in [("int8", -3), ("uint8", 120)] {
            OperationCase(
                .quantize, [floats([3, 7], scale: 20)],
                ["to": .text(type), "scale": .number(0.125), "zeroPoint": .integer(zeroPoint)]
            ).check()
        }
        var quantized = OperationCase(
            .dequantize, [integers([2, 3, 4], in: -100...100, as: Int8.self)], constants: [0])
        quantized.inputs[0]?.quantization = Quantization(scales: [0.5, 0.25, 2], zeroPoints: [0, 3, -4], axis: 1)
        quantized.check()
        quantized.inputs[0]?.quantization = Quantization(scales: [0.1], zeroPoints: [5], axis: nil)
        quantized.check()
        let halves = Tensor(.float16, Shape(unchecked: [5])) { bytes in
            for (index, bits) in ([0x3C00, 0xC100, 0x0001, 0x7BFF, 0x8000] as [UInt16]).enumerated() {
                bytes.storeBytes(of: bits, toByteOffset: 2 * index, as: UInt16.self)
            }
        }
        OperationCase(.dequantize, [halves]).check()
    }

    @Test("generators")
    func generators() {
        OperationCase(.fill, [list([2, 3]), floats([])], constants: [0]).check()
        OperationCase(.fill, [nil, truths([])], ["shape": .integers([4])]).check()
        for (start, limit, delta) in [(0, 5, 1), (3, -4, -2), (1, 1, 1)] {
            OperationCase(
                .range,
                [integers([], in: start...start), integers([], in: limit...limit), integers([], in: delta...delta)],
                constants: [0, 1, 2]
            ).check()
        }
        OperationCase(
            .range, [Tensor(scalar: Float(0.5)), Tensor(scalar: Float(3)), Tensor(scalar: Float(0.3))],
            constants: [0, 1, 2]
        ).check()
        for axis in [-1, 0, 1] {
            OperationCase(
                .oneHot, [integers([2, 3], in: -1...4)], ["depth": .integer(4), "axis": .integer(axis)]
            ).check()
        }
        OperationCase(
            .oneHot, [integers([3], in: 0...3), integers([], in: 5...5), integers([], in: -2...(-2))],
            ["depth": .integer(4), "elementType": .text("int32")]
        ).check()
        for operation in [.shape, .onesLike, .zerosLike] as [EmotionFormerGraph.Operation] {
            OperationCase(operation, [floats([2, 3])]).check()
        }
    }
}
