package import EmotionFormerCore

/// Two quantized numbers in a common fixed point, for comparisons.
package struct IntegerComparison: Sendable {
    private let first: FixedPointScale
    private let second: FixedPointScale
    private let firstZeroPoint: Int
    private let secondZeroPoint: Int

    package init(first: ValueQuantization, second: ValueQuantization) throws(Fault) {
        self.first = try FixedPointScale(Double(first.scale))
        self.second = try FixedPointScale(Double(second.scale))
        firstZeroPoint = first.zeroPoint
        secondZeroPoint = second.zeroPoint
    }

    package func scaled(_ a: Int, _ b: Int) -> (Int, Int) {
        (first.roundedTwice((a - firstZeroPoint) << 8), second.roundedTwice((b - secondZeroPoint) << 8))
    }
}

/// x ≥ 0 ? x : alpha · x of quantized numbers.
package struct IntegerPrelu: Sendable {
    private let positive: FixedPointScale
    private let negative: FixedPointScale
    private let inputZeroPoint: Int
    private let alphaZeroPoint: Int
    private let output: IntegerOutput

    package init(input: ValueQuantization, alpha: ValueQuantization, output: IntegerOutput) throws(Fault) {
        positive = try FixedPointScale(Double(input.scale / output.scale))
        negative = try FixedPointScale(Double(input.scale * alpha.scale / output.scale))
        inputZeroPoint = input.zeroPoint
        alphaZeroPoint = alpha.zeroPoint
        self.output = output
    }

    package func stored(_ q: Int, _ alpha: Int) -> Int {
        let x = q - inputZeroPoint
        return output.stored(
            x >= 0 ? positive.roundedTwice(x) : negative.roundedTwice(x * (alpha - alphaZeroPoint)))
    }
}
