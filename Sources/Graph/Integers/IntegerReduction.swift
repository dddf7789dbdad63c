package import EmotionFormerCore

/// The mean or sum of quantized numbers, from the exact sum of their integers.
package enum IntegerReduction: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case mean, sum }

    /// float32: sum · factor + offset, half to even.
    case float(factor: Float, offset: Float, IntegerOutput)
    /// float32: sum · factor + offset, half away from zero, before the zero point is added.
    case floatAway(factor: Float, offset: Float, IntegerOutput)
    /// The sum of centered numbers, scaled.
    case fixed(offset: Int, FixedPointScale, IntegerOutput)

    /// - Parameter count: the number of elements of a sum; at least 1.
    package init(
        _ kind: Kind, rule: IntegerRule, count: Int, input: ValueQuantization, output: IntegerOutput
    ) throws(Fault) {
        let ratio = input.scale / output.scale
        switch (kind, rule) {
        case (_, .xnnpack):
            let factor = kind == .mean ? ratio * (1 / Float(count)) : ratio
            let offset = Float(output.zeroPoint) - Float(count * input.zeroPoint) * factor
            self = .float(factor: factor, offset: offset, output)
        case (.mean, .builtin):
            let scale = try FixedPointScale(Double(input.scale) / Double(output.scale))
            // The division by the count is part of the multiplier, with as many of its bits as there is room for.
            let places = min(Int.bitWidth - 1 - count.leadingZeroBitCount, 32, 31 + scale.exponent)
            self = .fixed(
                offset: count * input.zeroPoint,
                FixedPointScale(
                    multiplier: scale.multiplier << max(places, 0) / count, exponent: scale.exponent - max(places, 0)),
                output)
        case (.sum, .builtin):
            self = .floatAway(
                factor: ratio, offset: (Float(-input.zeroPoint) * ratio) * Float(count), output)
        }
    }

    package func stored(_ sum: Int) -> Int {
        switch self {
        case .float(let factor, let offset, let output):
            let scaled = Float(sum) * factor + offset
            let (low, high) = (Float(output.range.lowerBound), Float(output.range.upperBound))
            return Int((scaled > low ? (scaled < high ? scaled : high) : low).rounded(.toNearestOrEven))
        case .floatAway(let factor, let offset, let output):
            return output.storedAway(Double(Float(sum) * factor + offset))
        case .fixed(let offset, let scale, let output):
            return output.stored(scale.roundedTwice(sum - offset))
        }
    }
}
