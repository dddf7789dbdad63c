import EmotionFormerCore

/// x · relu6(x + 3) / 6 of 8-bit numbers in 16-bit fixed point, as the builtin kernels compute it.
struct IntegerHardSwish {
    /// From the input's unit / 128 to the output's unit, as a 16-bit multiplier.
    private let toOutput: FixedPointScale
    /// From the input's unit / 128 to 3 / 32,768.
    private let toUnit: FixedPointScale

    init(input: ValueQuantization, output: IntegerOutput) throws(Fault) {
        let fine = input.scale / 128
        toOutput = try IntegerHardSwish.short(fine / output.scale)
        toUnit = try IntegerHardSwish.short(fine / (3 / 32768))
        guard toOutput.exponent <= 0 else {
            throw Fault(.invalidValue, at: "quantization", "the scales do not fit each other")
        }
    }

    private static func short(_ factor: Float) throws(Fault) -> FixedPointScale {
        let scale = try FixedPointScale(Double(factor))
        let limit = Int(Int32.max) - 1 << 15
        return FixedPointScale(
            multiplier: scale.multiplier >= limit ? 32767 : (scale.multiplier + 1 << 15) >> 16, exponent: scale.exponent
        )
    }

    /// - Parameter x: the input, counted from its zero point.
    func callAsFunction(_ x: Int) -> Int {
        let fine = FixedPoint.wrapped16(x << 7)
        let scaled = FixedPoint.highProduct16(fine, toOutput.multiplier)
        var unit = fine
        if toUnit.exponent > 0 { unit = FixedPoint.saturated16(unit << min(toUnit.exponent - 1, 30)) }
        unit = FixedPoint.highProduct16(unit, toUnit.multiplier)
        if toUnit.exponent > 0 { unit = FixedPoint.saturated16(unit << 1) }
        unit = FixedPoint.shiftedRight(unit, max(-toUnit.exponent, 0))
        unit = (unit + 1 << 15) >> 1
        // Not rounded: that cancels the bias of the rounded product before.
        let product = FixedPoint.saturated16((unit * scaled) / (1 << 15))
        return FixedPoint.shiftedRight(product, -toOutput.exponent)
    }
}

extension FixedPoint {
    static func saturated16(_ x: Int) -> Int { clamped(x, -32768...32767) }
    static func wrapped16(_ x: Int) -> Int { Int(Int16(truncatingIfNeeded: x)) }

    /// a · b / 2¹⁵ of 16-bit numbers, rounded half away from zero.
    static func highProduct16(_ a: Int, _ b: Int) -> Int {
        let product = a * b
        return min((product + (product >= 0 ? 1 << 14 : 1 - 1 << 14)) / (1 << 15), 32767)
    }
}
