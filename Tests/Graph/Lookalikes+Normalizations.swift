import EmotionFormerCore
import EmotionFormerGraph

/// The arithmetic of layer normalization, with one thing otherwise.
private struct Normalization: Sendable {
    var keepsMean = true
    var keepsVariance = true
    var variance: EmotionFormerGraph.Operation = .reduceMean
    var root: EmotionFormerGraph.Operation = .reciprocalSquareRoot
    /// Between the input's term and the mean's.
    var last: EmotionFormerGraph.Operation = .subtract
    /// Between the deviation and the root, if nothing is multiplied out.
    var quotient: EmotionFormerGraph.Operation?
    var usesOtherMean = false
    var usesOtherInput = false

    func build(_ builder: inout GraphBuilder) throws -> [Int] {
        let input = try builder.input("input", [5, 5])
        let other = try builder.input("other", [5, 5])
        let mean = try builder.mean(input, [1], keep: keepsMean)
        let otherMean = try builder.mean(other, [1])
        let squares = try builder.binary(.squaredDifference, input, usesOtherMean ? otherMean : mean)
        let spread = try builder.reduce(variance, squares, 1, keep: keepsVariance)
        let sum = try builder.binary(.add, spread, builder.scalar(0.01))
        let scale = try builder.function(root, sum)
        let scaled = usesOtherInput ? other : input
        if let quotient {
            return [try builder.binary(quotient, builder.binary(.subtract, scaled, mean), scale)]
        }
        let first = try builder.binary(.multiply, scaled, scale)
        return [try builder.binary(last, first, builder.binary(.multiply, mean, scale))]
    }

    static func lookalike(_ difference: String, _ change: @escaping @Sendable (inout Normalization) -> Void)
        -> Lookalike
    {
        Lookalike("raiseLayerNormalization", difference, absent: ["layerNormalization"]) { builder in
            var normalization = Normalization()
            change(&normalization)
            return try normalization.build(&builder)
        }
    }
}

extension Lookalike {
    /// Of normalizations. Shapes are square, so that moments without their axis meet other elements than their own.
    static let normalizations: [Lookalike] = [
        Normalization.lookalike("a variance without its axis") { $0.keepsVariance = false },
        Normalization.lookalike("a mean without its axis") { $0.keepsMean = false },
        Normalization.lookalike("neither with its axis") { ($0.keepsMean, $0.keepsVariance) = (false, false) },
        Normalization.lookalike("a variance without its axis, in a product with the deviation") {
            ($0.keepsVariance, $0.quotient) = (false, .multiply)
        },
        Normalization.lookalike("a sum of squares") { $0.variance = .reduceSum },
        Normalization.lookalike("the largest square") { $0.variance = .reduceMaximum },
        Normalization.lookalike("times the deviation") { $0.root = .squareRoot },
        Normalization.lookalike("times the deviation, in one product") {
            ($0.root, $0.quotient) = (.squareRoot, .multiply)
        },
        Normalization.lookalike("over the reciprocal") { $0.quotient = .divide },
        Normalization.lookalike("the mean is added") { $0.last = .add },
        Normalization.lookalike("deviations from another value's mean") { $0.usesOtherMean = true },
        Normalization.lookalike("another value is scaled") { $0.usesOtherInput = true },
        Normalization.lookalike("another value is scaled, in one product") {
            ($0.usesOtherInput, $0.quotient) = (true, .multiply)
        },
        Lookalike("unfoldScale", "another kind of user, a gamma a row, a gamma with a zero") { builder in
            let input = try builder.input("input", [1, 4, 4])
            func normalized() throws -> Int {
                try builder.node(.layerNormalization, [input], [1, 4, 4], attributes: ["epsilon": .number(0.001)])
            }
            let used = try normalized()
            let first = try builder.binary(
                .add, builder.binary(.multiply, used, builder.constant([4])), builder.dense(used, 4))
            let tangent = try builder.activation(.tanh, used)
            let rows = try builder.binary(.add, normalized(), builder.scalar(0))
            let second = try builder.binary(
                .add, builder.binary(.multiply, rows, builder.constant([4, 1])), builder.dense(rows, 4))
            let blank = builder.constant(Tensor([Float(1), 0, 2, 3]))
            let third = try normalized()
            let last = try builder.binary(
                .add, builder.binary(.multiply, third, blank), builder.dense(third, 4))
            return [first, tangent, second, last]
        },
    ]
}
