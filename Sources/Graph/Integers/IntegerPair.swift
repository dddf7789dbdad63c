package import EmotionFormerCore

/// A quantized number from two: sums, differences, products, quotients and squared differences.
package enum IntegerPair: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case add, subtract, multiply, divide, squaredDifference, maximum, minimum
    }

    /// XNNPACK's sum: (first · a + second · b + bias) >> shift.
    case shiftedSum(first: Int, second: Int, bias: Int, shift: Int, IntegerOutput)
    /// XNNPACK's product: both centered, times a float32 factor.
    case floatProduct(first: Int, second: Int, factor: Float, IntegerOutput)
    /// The builtin sum: each operand scaled to a common unit first.
    case scaledSum(ScaledOperands, isDifference: Bool, FixedPointScale, IntegerOutput)
    case scaledProduct(first: Int, second: Int, FixedPointScale, IntegerOutput)
    case quotient(first: Int, second: Int, FixedPointScale, IntegerOutput)
    case squaredDifference(ScaledOperands, FixedPointScale, IntegerOutput)
    case extreme(isMaximum: Bool, ClosedRange<Int>)

    /// Two operands in a common unit: ((q − zeroPoint) << shift) · scale.
    package struct ScaledOperands: Sendable, Hashable {
        package var firstZeroPoint: Int
        package var secondZeroPoint: Int
        package var shift: Int
        package var first: FixedPointScale
        package var second: FixedPointScale

        package func first(_ q: Int) -> Int { first.roundedTwice((q - firstZeroPoint) << shift) }
        package func second(_ q: Int) -> Int { second.roundedTwice((q - secondZeroPoint) << shift) }

        /// The same with one shift instead of two, as whole blocks of int16 sums are computed.
        package func joined(_ q: Int, _ zeroPoint: Int, _ scale: FixedPointScale) -> Int {
            FixedPointScale(multiplier: scale.multiplier, exponent: shift + scale.exponent).roundedTwice(q - zeroPoint)
        }
    }

    /// Elements of int16 sums that are computed together; those left over at a tensor's end round differently.
    package static let sumBlock = 16

    package init(
        _ kind: Kind, rule: IntegerRule, first: ValueQuantization, second: ValueQuantization, output: IntegerOutput
    ) throws(Fault) {
        switch (kind, rule) {
        case (.maximum, _), (.minimum, _):
            guard first == second, first == output.quantization else {
                throw Fault(
                    .unsupportedAttribute, at: "quantization", "the operands and the result have different scales",
                    found: "\(first), \(second), \(output.quantization)")
            }
            self = .extreme(isMaximum: kind == .maximum, output.range)
        case (.add, .xnnpack), (.subtract, .xnnpack):
            let (a, b) = (first.scale / output.scale, second.scale / output.scale)
            let largest = max(a, b)
            guard largest >= 0x1p-10, largest < 0x1p8 else {
                throw Fault(
                    .invalidValue, at: "quantization", "the scales do not fit each other",
                    found: "a ratio of \(largest)",
                    expected: "2⁻¹⁰ to 2⁸")
            }
            let shift = 20 - Int(largest.exponent)
            func fixed(_ ratio: Float) -> Int {
                Int(Float(sign: .plus, exponent: shift, significand: ratio).rounded(.toNearestOrEven))
            }
            let (firstFactor, secondFactor) = (fixed(a), kind == .subtract ? -fixed(b) : fixed(b))
            self = .shiftedSum(
                first: firstFactor, second: secondFactor,
                bias: 1 << (shift - 1) - firstFactor * first.zeroPoint - secondFactor * second.zeroPoint, shift: shift,
                output)
        case (.multiply, .xnnpack):
            self = .floatProduct(
                first: first.zeroPoint, second: second.zeroPoint, factor: first.scale * second.scale / output.scale,
                output)
        case (.multiply, .builtin):
            self = .scaledProduct(
                first: first.zeroPoint, second: second.zeroPoint,
                try FixedPointScale(Double(first.scale * second.scale / output.scale)), output)
        case (.add, .builtin), (.subtract, .builtin):
            let shift = output.elementType == .int16 ? 15 : 20
            let twice = 2 * Double(max(first.scale, second.scale))
            self = .scaledSum(
                try ScaledOperands(first, second, twice, shift), isDifference: kind == .subtract,
                try FixedPointScale(twice / (Double(1 << shift) * Double(output.scale))), output)
        case (.divide, _):
            self = .quotient(
                first: first.zeroPoint, second: second.zeroPoint,
                try FixedPointScale(Double(first.scale / (second.scale * output.scale))), output)
        case (.squaredDifference, _):
            let twice = 2 * Double(max(first.scale, second.scale))
            self = .squaredDifference(
                try ScaledOperands(first, second, twice, 7),
                try FixedPointScale(twice * twice / (Double(1 << 14) * Double(output.scale))), output)
        }
    }

    /// - Parameter isInBlock: whether the element is in a whole block of an int16 sum of two tensors of one shape.
    package func stored(_ a: Int, _ b: Int, isInBlock: Bool = false) -> Int {
        switch self {
        case .shiftedSum(let first, let second, let bias, let shift, let output):
            let sum = (bias + first * a + second * b) >> shift
            return output.stored(FixedPoint.clamped(sum, -32768...32767))
        case .floatProduct(let first, let second, let factor, let output):
            return output.storedToEven(Float((a - first) * (b - second)) * factor)
        case .scaledProduct(let first, let second, let scale, let output):
            return output.stored(scale.roundedTwice((a - first) * (b - second)))
        case .scaledSum(let operands, let isDifference, let scale, let output):
            let first =
                isInBlock
                ? operands.joined(a, operands.firstZeroPoint, operands.first) : operands.first(a)
            let second =
                isInBlock
                ? operands.joined(b, operands.secondZeroPoint, operands.second) : operands.second(b)
            return output.stored(scale.roundedTwice(isDifference ? first - second : first + second))
        case .quotient(let first, let second, let scale, let output):
            return output.stored(IntegerQuotient.scaled(a - first, b - second, scale))
        case .squaredDifference(let operands, let scale, let output):
            let difference = operands.first(a) - operands.second(b)
            return output.stored(scale.roundedTwice(difference * difference))
        case .extreme(let isMaximum, let range):
            return FixedPoint.clamped(isMaximum ? max(a, b) : min(a, b), range)
        }
    }
}

extension IntegerPair.ScaledOperands {
    fileprivate init(
        _ first: ValueQuantization, _ second: ValueQuantization, _ unit: Double, _ shift: Int
    ) throws(Fault) {
        self.init(
            firstZeroPoint: first.zeroPoint, secondZeroPoint: second.zeroPoint, shift: shift,
            first: try FixedPointScale(Double(first.scale) / unit),
            second: try FixedPointScale(Double(second.scale) / unit))
    }
}
