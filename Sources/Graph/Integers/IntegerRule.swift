package import EmotionFormerCore

/// Whose arithmetic an integer operation follows. LiteRT's two sets of kernels round differently, so the same operation
/// has two exact results.
package enum IntegerRule: String, Sendable, CaseIterable, Hashable {
    /// XNNPACK: float32 factors, rounding half to even.
    case xnnpack
    /// LiteRT's builtin kernels: fixed-point factors.
    case builtin
}

extension Attributes {
    package func integerRule() throws(Fault) -> IntegerRule {
        IntegerRule(rawValue: try text("rule")) ?? .builtin
    }
}

/// A quantized result: its type, its quantization and the range that a fused activation leaves.
package struct IntegerOutput: Sendable, Hashable {
    package let elementType: ElementType
    package let quantization: ValueQuantization
    /// Of the stored integers.
    package let range: ClosedRange<Int>

    package var zeroPoint: Int { quantization.zeroPoint }
    package var scale: Float { quantization.scale }

    /// - Throws: `elementTypeMismatch` for a type that is not quantized, `unsupportedAttribute` for another activation
    ///   than linear, relu, relu6 and reluN1To1.
    package init(
        _ elementType: ElementType, _ quantization: ValueQuantization, activation: ActivationFunction = .linear,
        rule: IntegerRule
    ) throws(Fault) {
        guard let whole = elementType.quantizedRange else {
            throw Fault(
                .elementTypeMismatch, at: "outputs", "a result of this type is not quantized",
                found: elementType.rawValue, expected: "int8, uint8 or int16")
        }
        self.elementType = elementType
        self.quantization = quantization
        func stored(_ number: Float) -> Int {
            let quotient = number / quantization.scale
            let rounded: Float =
                switch rule {
                case .xnnpack: (quotient + Float(quantization.zeroPoint)).rounded(.toNearestOrEven)
                case .builtin: quotient.rounded(.toNearestOrAwayFromZero) + Float(quantization.zeroPoint)
                }
            return Int(min(max(rounded, Float(whole.lowerBound)), Float(whole.upperBound)))
        }
        switch activation {
        case .linear: range = whole
        case .relu: range = stored(0)...whole.upperBound
        case .relu6: range = stored(0)...stored(6)
        case .reluN1To1: range = stored(-1)...stored(1)
        default:
            throw Fault(
                .unsupportedAttribute, at: "attribute 'activation'",
                "an integer operation cannot be joined with this activation", found: activation.rawValue,
                expected: "linear, relu, relu6 or reluN1To1")
        }
    }

    /// The stored integer of one that is counted from the zero point.
    package func stored(_ centered: Int) -> Int { FixedPoint.clamped(centered + zeroPoint, range) }

    /// Rounds a centered number half to even and clamps it; not a number gives the lowest integer.
    package func storedToEven(_ centered: Float) -> Int {
        let low = Float(range.lowerBound - zeroPoint)
        let high = Float(range.upperBound - zeroPoint)
        let bounded = centered > low ? (centered < high ? centered : high) : low
        return Int(bounded.rounded(.toNearestOrEven)) + zeroPoint
    }

    /// Rounds a centered number half away from zero and clamps it.
    package func storedAway(_ centered: Double) -> Int {
        let low = Double(range.lowerBound - zeroPoint)
        let high = Double(range.upperBound - zeroPoint)
        let bounded = centered > low ? (centered < high ? centered : high) : low
        return Int(bounded.rounded(.toNearestOrAwayFromZero)) + zeroPoint
    }
}
