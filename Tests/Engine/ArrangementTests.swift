import EmotionFormerCore
import EmotionFormerTestSupport
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Operations on shapes equal the reference") struct ArrangementTests {
    @Test("the same elements under other axes")
    func aliases() {
        OperationCase(.identity, [floats([2, 3])]).check()
        OperationCase(.reshape, [floats([2, 3, 4])], ["shape": .integers([4, -1])]).check()
        OperationCase(.reshape, [floats([2, 3, 4]), list([-1])], constants: [1]).check()
        OperationCase(.expandDimensions, [integers([2, 3], in: 0...9)], ["axis": .integer(-2)]).check()
        OperationCase(.squeeze, [truths([1, 3, 1])], ["axes": .integers([0])]).check()
        OperationCase(.squeeze, [truths([1, 3, 1])]).check()
    }

    @Test(
        "transposes",
        arguments: [
            ([3, 4], [1, 0]), ([1, 5, 2, 3], [0, 2, 1, 3]), ([1, 5, 2, 3], [0, 2, 3, 1]), ([2, 3, 4], [2, 1, 0]),
            ([2, 3, 4, 5, 2], [4, 0, 3, 1, 2]), ([1, 1, 6], [2, 0, 1]), ([2, 3, 4], [0, 1, 2]), ([0, 3], [1, 0]),
            ([7, 1, 33], [0, 2, 1]), ([17, 16], [1, 0]), ([33, 31], [1, 0]), ([3, 40, 23], [0, 2, 1]),
            ([1, 37, 3, 16], [0, 2, 3, 1]), ([16, 8, 24], [2, 1, 0]),
        ])
    func transposes(_ extents: [Int], _ permutation: [Int]) {
        let attributes: Attributes = ["permutation": .integers(permutation)]
        OperationCase(.transpose, [floats(extents)], attributes).check()
        OperationCase(.transpose, [truths(extents)], attributes).check()
        OperationCase(.transpose, [integers(extents, in: -128...127, as: Int8.self)], attributes).check()
        OperationCase(.transpose, [integers(extents, in: -9...9, as: Int64.self)], attributes).check()
    }

    @Test("reverse, broadcastTo and tile")
    func repetition() {
        for axes in [[0], [1], [-1], [0, 2], [], [0, 1, 2]] {
            OperationCase(.reverse, [floats([2, 5, 3])], ["axes": .integers(axes)]).check()
        }
        OperationCase(.reverse, [floats([0, 3])], ["axes": .integers([0])]).check()
        for (input, target) in [
            ([3, 1], [2, 3, 4]), ([], [2, 2]), ([1, 4], [5, 4]), ([2, 3], [2, 3]), ([1, 4], [0, 4]),
        ] {
            OperationCase(.broadcastTo, [floats(input), list(target)], constants: [1]).check()
            OperationCase(.broadcastTo, [truths(input)], ["shape": .integers(target)]).check()
        }
        for (input, multiples) in [([2, 3], [2, 2]), ([1, 4, 1], [1, 3, 2]), ([3], [1]), ([2, 3], [0, 1])] {
            OperationCase(.tile, [floats(input), list(multiples)], constants: [1]).check()
            OperationCase(.tile, [integers(input, in: 0...9)], ["multiples": .integers(multiples)]).check()
        }
    }

    @Test("concatenate, pack, split, splitSizes, unpack")
    func parts() {
        for (axis, shapes) in [
            (-1, [[2, 3], [2, 1], [2, 4]]), (0, [[1, 3], [4, 3]]), (1, [[2, 1, 3], [2, 5, 3], [2, 0, 3]]),
            (2, [[1, 6, 5], [1, 6, 3]]),
        ] {
            OperationCase(.concatenate, shapes.map { floats($0, seed: UInt64($0.count)) }, ["axis": .integer(axis)])
                .check()
            OperationCase(.concatenate, shapes.map { truths($0) }, ["axis": .integer(axis)]).check()
        }
        let same = floats([2, 3])
        OperationCase(.concatenate, [same, same], ["axis": .integer(0)], constants: [1]).check()
        for axis in [0, 1, 2, -1] {
            OperationCase(.pack, [floats([2, 3]), floats([2, 3], seed: 2)], ["axis": .integer(axis)]).check()
        }
        OperationCase(.pack, [integers([], in: 1...5), integers([], in: 1...5, seed: 2)]).check()
        for (axis, count) in [(0, 2), (1, 3), (2, 4), (-1, 2)] {
            OperationCase(.split, [floats([2, 3, 4])], ["axis": .integer(axis)], outputs: count).check()
        }
        OperationCase(
            .splitSizes, [floats([2, 7, 3])], ["axis": .integer(1), "sizes": .integers([2, -1, 1])], outputs: 3
        ).check()
        OperationCase(
            .splitSizes, [floats([5, 9])], ["axis": .integer(-1), "sizes": .integers([0, 9])], outputs: 2
        ).check()
        OperationCase(.unpack, [floats([2, 3, 4])], ["axis": .integer(1)], outputs: 3).check()
        OperationCase(.unpack, [integers([2], in: 0...5)], outputs: 2).check()
    }

    @Test("slices, known and moving, and their updates")
    func slices() {
        for (begin, size) in [
            ([0, 1, 2], [2, 3, 1]), ([1, 0, 0], [-1, -1, -1]), ([0, 0, 1], [2, 5, 2]), ([0, 0, 0], [0, 1, 1]),
        ] {
            OperationCase(.slice, [floats([2, 5, 4]), list(begin), list(size)], constants: [1, 2]).check()
            if !size.contains(-1) {
                OperationCase(.slice, [floats([2, 5, 4]), list(begin), list(size)], constants: [2]).check()
                OperationCase(.slice, [truths([2, 5, 4])], ["begin": .integers(begin), "size": .integers(size)]).check()
            }
        }
        for begin in [[0, 0, 0], [1, 2, 3], [9, 9, 9], [-3, 1, 0]] {
            OperationCase(.updateSlice, [floats([2, 5, 4]), floats([1, 2, 1], seed: 2), list(begin)]).check()
            OperationCase(.updateSlice, [floats([2, 5, 4]), floats([1, 2, 1], seed: 2), list(begin)], constants: [2])
                .check()
            OperationCase(
                .updateSlice, [truths([2, 5, 4]), truths([2, 2, 4], seed: 2)], ["begin": .integers(begin)]
            ).check()
        }
    }

    @Test("a moving slice that starts outside is an error at run time")
    func sliceOutside() {
        for begin in [[0, 4], [-1, 0], [Int(Int32.max), 0]] {
            let moving = OperationCase(.slice, [floats([2, 5]), list(begin), list([1, 2])], constants: [2])
            #expect(refusal { try moving.engine() } == "prediction: an index lies outside the table it points into")
        }
    }

    @Test("strided slices: negative steps, masks, new axes")
    func stridedSlices() {
        func check(_ begin: [Int], _ end: [Int], _ strides: [Int], _ masks: Attributes = [:]) {
            OperationCase(
                .stridedSlice, [floats([3, 5, 4]), list(begin), list(end), list(strides)], masks, constants: [1, 2, 3]
            ).check()
        }
        check([0, 1, 0], [3, 4, 4], [1, 2, 3])
        check([2, 4, -1], [-4, 0, -5], [-1, -2, -1])
        check([1], [2], [1], ["shrinkAxisMask": .integer(1)])
        check([0, 0], [0, 2], [1, 1], ["beginMask": .integer(1), "endMask": .integer(1)])
        check([0, 0], [0, 2], [1, 1], ["ellipsisMask": .integer(1)])
        check([0, 1, 0], [0, 3, 0], [1, 1, 1], ["newAxisMask": .integer(1), "endMask": .integer(4)])
        check([-1, -1, -1], [0, 0, 0], [1, 1, 1], ["shrinkAxisMask": .integer(7)])
        check([0, 0, 3], [3, 5, 0], [1, 1, -1])
    }

    @Test("pads")
    func pads() {
        for paddings in [[0, 0, 1, 2, 0, 0], [1, 0, 0, 0, 0, 3], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]] {
            OperationCase(
                .pad, [floats([2, 3, 4]), Tensor(paddings.map { Int32($0) })], ["value": .number(-1.5)], constants: [1]
            ).check()
            OperationCase(
                .pad, [integers([2, 3, 4], in: 0...9), nil, integers([], in: 7...7)], ["paddings": .integers(paddings)]
            ).check()
            for mode in ["reflect", "symmetric"] {
                OperationCase(
                    .mirrorPad, [floats([2, 4, 4])], ["paddings": .integers(paddings), "mode": .text(mode)]
                ).check()
            }
        }
        OperationCase(.mirrorPad, [truths([4])], ["paddings": .integers([3, 3]), "mode": .text("reflect")]).check()
        OperationCase(.mirrorPad, [truths([4])], ["paddings": .integers([4, 4]), "mode": .text("symmetric")]).check()
    }
}
