package import EmotionFormerCore
import EmotionFormerSystem

/// Functions of one quantized number. Those that are activations have their names.
package enum IntegerFunction: String, Sendable, CaseIterable, Hashable {
    /// The same number in another quantization.
    case linear
    case sigmoid, tanh, gelu, geluTanh, relu, relu6, reluN1To1, relu0To1, elu, leakyRelu, hardSilu
    case reciprocalSquareRoot, squareRoot, exponential, logarithm, absolute
}

/// A function of one quantized number, tabulated for every integer of the input's type.
package struct IntegerTable: Sendable {
    /// The result of each input, from the type's lowest integer on.
    package let values: [Int32]
    /// What the elements after the last whole block of a tensor get; nil if they are like all others.
    package let restValues: [Int32]?
    /// The input's lowest integer.
    package let lowest: Int

    /// Elements that are converted together where `restValues` stands for the others.
    package static let block = 16

    /// - Parameter alpha: of leakyRelu.
    /// - Throws: `unsupportedOperation` if LiteRT has no such function of these types, and if the scales do not fit.
    package init(
        _ function: IntegerFunction, alpha: Float = 0, rule: IntegerRule, inputType: ElementType,
        input: ValueQuantization, output: IntegerOutput
    ) throws(Fault) {
        guard let inputs = inputType.quantizedRange else {
            throw Fault(
                .elementTypeMismatch, at: "operand 'input'", "the operand is not quantized", found: inputType.rawValue,
                expected: "int8, uint8 or int16")
        }
        lowest = inputs.lowerBound
        func each(_ function: (Int) -> Int) -> [Int32] {
            inputs.map { Int32(FixedPoint.clamped(function($0 - input.zeroPoint) + output.zeroPoint, output.range)) }
        }
        var rest: [Int32]?
        switch (function, rule) {
        case (.linear, .builtin):
            let scale = try FixedPointScale(Double(input.scale) / Double(output.scale))
            if inputType != .int16, output.elementType != .int16 {
                values = each(scale.roundedHalfUp)
                rest = each(scale.roundedTwice)
            } else {
                values = each(scale.roundedTwice)
            }
        case (.linear, .xnnpack):
            let factor = IntegerTable.byteFraction(input.scale / output.scale)
            values = each { ($0 * factor + 128) >> 8 }
        case (.leakyRelu, .xnnpack):
            let positive = IntegerTable.byteFraction(input.scale / output.scale)
            let negative = IntegerTable.byteFraction(input.scale / output.scale * alpha)
            values = each { ($0 * ($0 < 0 ? negative : positive) + 128) >> 8 }
        case (.relu, _), (.relu6, _), (.reluN1To1, _), (.relu0To1, _):
            let scale = try FixedPointScale(Double(input.scale / output.scale))
            func bound(_ number: Float) -> Int {
                let quotient = (number / output.scale).rounded(.toNearestOrAwayFromZero)
                return Int(min(max(quotient, -65536), 65536)) + output.zeroPoint
            }
            let low = function == .reluN1To1 ? bound(-1) : output.zeroPoint
            let high = function == .relu ? Int.max : bound(function == .relu6 ? 6 : 1)
            values = each { min(max(scale.roundedTwice($0) + output.zeroPoint, low), high) - output.zeroPoint }
        case (.leakyRelu, .builtin):
            let scale = try FixedPointScale(Double(input.scale / output.scale))
            let slope = try FixedPointScale(Double((input.scale * abs(alpha)) / output.scale))
            values = each { x in
                if x >= 0 { return scale.roundedTwice(x) }
                let scaled = slope.roundedTwice(x)
                return alpha < 0 ? -scaled : scaled
            }
        case (.absolute, _):
            let scale = try input.scale == output.scale ? nil : FixedPointScale(Double(input.scale / output.scale))
            values = each { scale?.roundedTwice(abs($0)) ?? abs($0) }
        case (.squareRoot, _):
            values = each { x in
                let root = (input.scale * Float(max(x, 0))).squareRoot() / output.scale
                return Int(min(root, 65536))
            }
        case (.hardSilu, _):
            let hardSwish = try IntegerHardSwish(input: input, output: output)
            values = each(hardSwish.callAsFunction)
        case (.reciprocalSquareRoot, _) where inputType != .int16:
            let scale = try FixedPointScale(1 / (Double(input.scale.squareRoot()) * Double(output.scale)))
            values = each { x in
                // LiteRT refuses negative numbers when it runs; no variance is one.
                guard x > 0 else { return output.range.upperBound - output.zeroPoint }
                let root = IntegerRoot.reciprocal(x)
                let data = FixedPointScale(multiplier: root.multiplier, exponent: root.exponent + 20).roundedTwice(1)
                return FixedPointScale(multiplier: scale.multiplier, exponent: scale.exponent - 20).roundedTwice(data)
            }
        case (.sigmoid, _) where inputType == .int16:
            values = IntegerSigmoid(input.scale).sigmoid
        case (.tanh, _) where inputType == .int16:
            values = IntegerSigmoid(input.scale).hyperbolicTangent
        default:
            let number = IntegerTable.number(function, input: input, output: output, inputType)
            guard inputType == .int16 else {
                values = IntegerTable.rounded(number, rule, inputs, input, output)
                break
            }
            let table = InterpolatedTable(
                inputScale: input.scale, outputScale: output.scale, function: number)
            values = inputs.map { Int32(table[$0]) }
        }
        restValues = rest
    }

    package func stored(_ q: Int) -> Int { Int(values[q - lowest]) }

    /// A ratio in units of 1/256, as XNNPACK has it for conversions of 8 bits.
    private static func byteFraction(_ ratio: Float) -> Int {
        let scaled = (256 * ratio).rounded(.toNearestOrEven)
        // What is not a number, of a slope of 0 and an infinite ratio, becomes the lowest.
        return Int(scaled > -65536 ? (scaled < 65536 ? scaled : 65536) : -65536)
    }

    private static func number(
        _ function: IntegerFunction, input: ValueQuantization, output: IntegerOutput, _ type: ElementType
    ) -> (Float) -> Float {
        let lowest = Float((type.quantizedRange ?? 0...0).lowerBound - output.zeroPoint) * output.scale
        switch function {
        case .sigmoid: return { 1 / (1 + Float(exp(-Double($0)))) }
        case .tanh: return { Float(EmotionFormerSystem.tanh(Double($0))) }
        case .gelu:
            return { 0.5 * $0 * Float(1 + erf(Double($0 * Float(0.5.squareRoot())))) }
        case .geluTanh:
            return { x in
                let wide = Double(x)
                let inner = 0.7978845608 * (wide + 0.044715 * wide * wide * wide)
                return Float(0.5 * wide * (1 + EmotionFormerSystem.tanh(inner)))
            }
        case .elu: return { $0 < 0 ? Float(expm1(Double($0))) : $0 }
        case .exponential: return { Float(exp(Double($0))) }
        case .logarithm: return { $0 <= 0 ? lowest : Float(log(Double($0))) }
        case .reciprocalSquareRoot: return { $0 <= 0 ? 32767 * output.scale : 1 / $0.squareRoot() }
        // The others are computed in integers.
        case .linear, .relu, .relu6, .reluN1To1, .relu0To1, .leakyRelu, .hardSilu, .squareRoot, .absolute:
            return { $0 }
        }
    }

    private static func rounded(
        _ number: (Float) -> Float, _ rule: IntegerRule, _ inputs: ClosedRange<Int>, _ input: ValueQuantization,
        _ output: IntegerOutput
    ) -> [Int32] {
        let inverse = 1 / output.scale
        let zeroPoint = Float(output.zeroPoint)
        return inputs.map { q in
            let scaled = number(Float(q - input.zeroPoint) * input.scale) * inverse
            let sum: Float =
                switch rule {
                case .xnnpack: (scaled + zeroPoint).rounded(.toNearestOrEven)
                case .builtin: scaled.rounded(.toNearestOrAwayFromZero) + zeroPoint
                }
            let (low, high) = (Float(output.range.lowerBound), Float(output.range.upperBound))
            return Int32(sum > low ? (sum < high ? sum : high) : low)
        }
    }
}
