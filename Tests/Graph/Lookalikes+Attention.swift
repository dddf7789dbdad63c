import EmotionFormerCore
import EmotionFormerGraph

/// Attention of two heads as converters write it, with one thing otherwise.
private struct Attention: Sendable {
    var queryPermutation = [0, 2, 1, 3]
    var valuePermutation = [0, 2, 1, 3]
    var softmaxAxis = -1
    var beta = 1.0
    var scale: Float = 0.5
    /// Added to the scores, of the constant's shape, or chosen by it.
    var mask: (numbers: [Float], extents: [Int])?
    /// Whether the scale follows the mask.
    var scalesLast = false
    /// What a masked score becomes, (B, 1, Tq, 1): a query a row, not a key.
    var rowMask: Float?
    var usesValuesAsKeys = false
    var turnsWeights = false

    func build(_ builder: inout GraphBuilder) throws -> [Int] {
        let names = ["query", "key", "value"]
        let inputs = try names.map { try builder.input($0, [1, 4, 8]) }
        let permutations = [queryPermutation, [0, 2, 1, 3], valuePermutation]
        var heads: [Int] = []
        for (input, permutation) in zip(inputs, permutations) {
            // Heads and their width may change places, for both are 2 or 4 of 8 columns.
            let split = permutation == [0, 3, 1, 2] ? [1, 4, 4, 2] : [1, 4, 2, 4]
            heads.append(try builder.transpose(builder.reshape(input, split), permutation))
        }
        var scores = try builder.node(
            .matmul, [heads[0], heads[1]], [1, 2, 4, 4], attributes: ["transposeSecond": .boolean(true)])
        if !scalesLast { scores = try builder.binary(.multiply, scores, builder.scalar(scale)) }
        if let mask {
            let constant = builder.constant(try Tensor(mask.numbers, shape: Shape(mask.extents)))
            scores = try builder.binary(.add, scores, constant)
        }
        if let rowMask {
            let kept = try builder.reshape(builder.input("kept", [1, 4], .bool), [1, 1, 4, 1])
            scores = try builder.node(.select, [kept, scores, builder.scalar(rowMask)], [1, 2, 4, 4])
        }
        if scalesLast { scores = try builder.binary(.multiply, scores, builder.scalar(scale)) }
        var weights = try builder.node(
            .softmax, [scores], [1, 2, 4, 4],
            attributes: ["axes": .integers([softmaxAxis]), "beta": .number(beta)])
        if turnsWeights { weights = try builder.transpose(weights, [0, 1, 3, 2]) }
        let sums = try builder.node(.matmul, [weights, heads[2]], [1, 2, 4, 4])
        return [try builder.reshape(builder.transpose(sums, [0, 2, 1, 3]), [1, 4, 8])]
    }

    static func lookalike(
        _ difference: String, isAbsent: Bool = true, _ change: @escaping @Sendable (inout Attention) -> Void
    ) -> Lookalike {
        Lookalike("raiseAttention", difference, absent: isAbsent ? ["attention"] : []) { builder in
            var attention = Attention()
            change(&attention)
            return try attention.build(&builder)
        }
    }

    /// A number where query and key are `hidden`, as (Tq, Tk); the first query sees no key at all.
    static func constant(_ number: Float) -> (numbers: [Float], extents: [Int]) {
        ((0..<16).map { $0 < 4 || $0 % 3 == 1 ? number : 0 }, [4, 4])
    }
}

extension Lookalike {
    static let attentions: [Lookalike] = [
        // A query without a key: −1e5 leaves the scores' differences, −1e9 in float32 does not.
        Attention.lookalike("a mask of −1e5 a query") { $0.mask = Attention.constant(-1e5) },
        Attention.lookalike("a mask of −1e7 a query") { $0.mask = Attention.constant(-1e7) },
        Attention.lookalike("a mask of −1e9 that the scale makes −1e5") {
            ($0.mask, $0.scale, $0.scalesLast) = (Attention.constant(-1e9), 1e-4, true)
        },
        Attention.lookalike("a mask of +1e9") { $0.mask = Attention.constant(1e9) },
        Attention.lookalike("a mask that a negative scale turns round") {
            ($0.mask, $0.scale, $0.scalesLast) = (Attention.constant(-1e9), -0.5, true)
        },
        Attention.lookalike("a mask of −20") { $0.mask = Attention.constant(-20) },
        Attention.lookalike("one masked number of another size") {
            var mask = Attention.constant(-1e9)
            mask.numbers[7] = -3
            $0.mask = mask
        },
        Attention.lookalike("a mask a query, not a key") { $0.rowMask = -1e9 },
        Attention.lookalike("a softmax over the queries") { $0.softmaxAxis = 2 },
        Attention.lookalike("a softmax over the heads") { $0.softmaxAxis = 1 },
        Attention.lookalike("weights turned round") { $0.turnsWeights = true },
        Attention.lookalike("queries whose heads are every other column") { $0.queryPermutation = [0, 3, 1, 2] },
        Attention.lookalike("values whose heads are every other column") { $0.valuePermutation = [0, 3, 1, 2] },
        Attention.lookalike("queries whose heads and frames are not exchanged") { $0.queryPermutation = [0, 2, 3, 1] },
        // These are attention; the numbers must follow.
        Attention.lookalike("a beta and a negative scale", isAbsent: false) { ($0.beta, $0.scale) = (1.5, -0.7) },
        Attention.lookalike("a mask a query after a scale, every query with a key", isAbsent: false) {
            $0.mask = ((0..<16).map { $0 % 3 == 1 ? -1e9 : 0 }, [4, 4])
        },
        Lookalike("raiseMasking", "steps along the other axis, a filler, another value", absent: ["masking"]) {
            builder in
            let input = try builder.input("input", [1, 4, 4])
            func steps(_ value: Float, _ axis: Int) throws -> Int {
                let differs = try builder.node(.notEqual, [input, builder.scalar(value)], [1, 4, 4], .bool)
                return try builder.reduce(.reduceAny, differs, axis, keep: true)
            }
            let zero = builder.scalar(0)
            return [
                try builder.node(.select, [steps(0, 1), input, zero], [1, 4, 4]),
                try builder.node(.select, [steps(0, 2), input, builder.scalar(1)], [1, 4, 4]),
                try builder.node(.select, [steps(0, 2), builder.function(.negate, input), zero], [1, 4, 4]),
            ]
        },
        Lookalike("moveRowSelection", "another constant, an activation, a condition a column") { builder in
            let input = try builder.input("input", [1, 3, 3])
            let rows = try builder.input("rows", [1, 3, 1], .bool)
            let columns = try builder.input("columns", [1, 1, 3], .bool)
            let bias = try builder.tensor([3])
            func chosen(_ condition: Int, _ function: ActivationFunction, _ filler: Int) throws -> Int {
                let dense = try builder.node(
                    .dense, [input], [1, 3, 3], attributes: ["activation": .text(function.rawValue)],
                    weights: ["kernel": builder.weight([3, 3]), "bias": StoredTensor(bias)])
                return try builder.node(.select, [condition, dense, filler], [1, 3, 3])
            }
            let same = builder.constant(bias)
            return [
                try chosen(rows, .linear, builder.constant([3])), try chosen(rows, .relu, same),
                try chosen(columns, .linear, same),
                try chosen(rows, .linear, builder.constant(bias.reshaped(to: Shape([3, 1])))),
            ]
        },
        Lookalike("simplifyLogic", "or within and, stacks of two rows, a reduction along them, false in one place") {
            builder in
            let first = try builder.input("first", [2, 4], .bool)
            let second = try builder.input("second", [2, 4], .bool)
            let either = try builder.node(.logicalOr, [first, second], [2, 4], .bool)
            let mixed = try builder.node(.logicalAnd, [either, second], [2, 4], .bool)
            let stack = try builder.node(
                .concatenate, [first, second], [4, 4], .bool, attributes: ["axis": .integer(0)])
            let all = try builder.reduce(.reduceAll, stack, 0)
            let along = try builder.reduce(.reduceAny, stack, 1)
            let almost = builder.constant(try Tensor([true, true, false, true], shape: Shape([1, 4])))
            let less = try builder.node(.logicalAnd, [first, almost], [2, 4], .bool)
            return try [mixed, all, along, less].map { try builder.cast($0) }
        },
    ]
}
