import EmotionFormerCore
import EmotionFormerGraph

extension Lookalike {
    /// Of operands, axes and shapes. Cubes, so that a wrong axis has the right extent.
    static let arrangements: [Lookalike] = [
        Lookalike("canonicalizeOperands", "a constant that is subtracted from, divided, raised; cubes") { builder in
            let input = try builder.input("input", [1, 4])
            let shifted = try builder.binary(.add, builder.function(.absolute, input), builder.scalar(1))
            let constant = try builder.constant([4])
            return [
                try builder.binary(.subtract, constant, shifted), try builder.binary(.divide, constant, shifted),
                try builder.binary(.power, builder.scalar(2), shifted),
                try builder.binary(.power, shifted, builder.scalar(3)),
                try builder.binary(.less, constant, shifted) == 0
                    ? shifted : builder.binary(.multiply, shifted, builder.binary(.add, shifted, constant)),
            ]
        },
        Lookalike("canonicalizeOperands", "a strided slice backwards over every element") { builder in
            let input = try builder.input("input", [2, 3])
            func slice(_ begin: [Int], _ end: [Int], _ strides: [Int], _ mask: Int) throws -> Int {
                try builder.node(
                    .stridedSlice, [input], [2, 3],
                    attributes: [
                        "begin": .integers(begin), "end": .integers(end), "strides": .integers(strides),
                        "endMask": .integer(mask),
                    ])
            }
            return [try slice([0, -1], [2, 0], [1, -1], 2), try slice([-1, 0], [0, 3], [-1, 1], 1)]
        },
        Lookalike("removeNoOperations", "turns, reversals and zeros that do something") { builder in
            let input = try builder.input("input", [3, 3, 3])
            let turned = try builder.transpose(builder.transpose(input, [1, 2, 0]), [1, 2, 0])
            let reversed = try builder.reverse(builder.reverse(input, [0]), [1])
            let row = try builder.input("row", [1, 3])
            let zeros = builder.constant(try Tensor([Float](repeating: 0, count: 9), shape: Shape([3, 3])))
            let ones = builder.constant(try Tensor([Float(1), 1, 2], shape: Shape([3])))
            let grown = try builder.binary(.add, row, zeros)
            return [
                turned, reversed, grown, try builder.binary(.multiply, row, ones),
                try builder.binary(.divide, builder.scalar(1), builder.binary(.add, row, builder.scalar(5))),
                try builder.function(.absolute, builder.function(.negate, row)),
            ]
        },
        Lookalike("mergeEqualNodes", "other attributes, an other order, other weights") { builder in
            let first = try builder.input("first", [1, 4, 4])
            let second = try builder.input("second", [1, 4, 4])
            func softmax(_ axis: Int, _ beta: Double) throws -> Int {
                try builder.node(
                    .softmax, [first], [1, 4, 4], attributes: ["axes": .integers([axis]), "beta": .number(beta)])
            }
            let differences = try builder.binary(
                .multiply, builder.binary(.subtract, first, second), builder.scalar(2))
            let opposite = try builder.binary(
                .multiply, builder.binary(.subtract, second, first), builder.scalar(3))
            return [
                try softmax(1, 1), try softmax(2, 1), try softmax(2, 2), differences, opposite,
                try builder.dense(first, 4), try builder.dense(first, 4),
                try builder.mean(first, [1], keep: false), try builder.mean(first, [2], keep: false),
            ]
        },
        Lookalike("moveReshapes", "a last axis that changes before dense and normalization") { builder in
            let input = try builder.input("input", [1, 4, 6])
            let turned = try builder.reshape(input, [1, 6, 4])
            let dense = try builder.dense(turned, 3)
            let again = try builder.reshape(input, [1, 3, 8])
            let normal = try builder.node(
                .layerNormalization, [again], [1, 3, 8], attributes: ["epsilon": .number(0.001)],
                weights: ["gamma": builder.weight([8])])
            let flat = try builder.reshape(input, [2, 2, 6])
            let over = try builder.node(
                .layerNormalization, [flat], [2, 2, 6],
                attributes: ["axes": .integers([1, 2]), "epsilon": .number(0.001)])
            return [dense, normal, over]
        },
        Lookalike("moveReshapes", "constants that meet other elements in the other shape") { builder in
            let input = try builder.input("input", [4, 4])
            let split = try builder.reshape(input, [2, 2, 4])
            let rows = try builder.binary(.add, split, builder.constant([2, 1]))
            let blocks = try builder.binary(.multiply, builder.reshape(input, [4, 2, 2]), builder.constant([2, 1]))
            let grown = try builder.binary(.add, builder.reshape(input, [1, 16]), builder.constant([3, 1]))
            let stretched = try builder.binary(
                .subtract, builder.reshape(input, [4, 1, 4]), builder.reshape(input, [1, 4, 4]))
            return [rows, blocks, grown, stretched]
        },
        Lookalike("moveReshapes", "a row behind a turned square, a normalization over the turned axis") { builder in
            let input = try builder.input("input", [1, 4, 4])
            let turned = try builder.transpose(input, [0, 2, 1])
            let row = try builder.binary(.add, turned, builder.constant([4]))
            let normal = try builder.node(
                .layerNormalization, [builder.transpose(input, [0, 2, 1])], [1, 4, 4],
                attributes: ["epsilon": .number(0.001)])
            let weighted = try builder.node(
                .layerNormalization, [builder.transpose(input, [0, 2, 1])], [1, 4, 4],
                attributes: ["epsilon": .number(0.001)], weights: ["gamma": builder.weight([4])])
            let both = try builder.binary(.multiply, builder.transpose(input, [0, 2, 1]), input)
            return [row, normal, weighted, both]
        },
    ]
}
