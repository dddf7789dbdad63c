import EmotionFormerCore
package import EmotionFormerGraph

/// Parameters of an activation; nil for the function's default.
package struct ActivationParameters: Sendable {
    package var alpha: Double?
    package var threshold: Double?
    package var maximum: Double?
    package var value: Double?

    package init() {}

    init(_ attributes: Attributes) throws(Fault) {
        alpha = try attributes.optionalNumber("alpha")
        threshold = try attributes.optionalNumber("threshold")
        maximum = try attributes.optionalNumber("maximum")
        value = try attributes.optionalNumber("value")
    }
}

extension ActivationFunction {
    /// The function's value at x, by the formula in `ActivationFunction`.
    package func callAsFunction(_ x: Double, _ parameters: ActivationParameters = ActivationParameters()) -> Double {
        switch self {
        case .linear: x
        case .relu, .leakyRelu, .threshold, .softShrink, .hardShrink, .squareplus: piecewise(x, parameters)
        case .relu6: min(max(x, 0), 6)
        case .reluN1To1: min(max(x, -1), 1)
        case .relu0To1: min(max(x, 0), 1)
        case .elu: x > 0 ? x : (parameters.alpha ?? 1) * Mathematics.exponentialMinusOne(x)
        case .selu:
            1.0507009873554804934193349852946
                * (x > 0 ? x : 1.6732632423543772848170429916717 * Mathematics.exponentialMinusOne(x))
        case .celu:
            max(x, 0)
                + min(0, (parameters.alpha ?? 1) * Mathematics.exponentialMinusOne(x / (parameters.alpha ?? 1)))
        case .gelu: x / 2 * (1 + Mathematics.errorFunction(x / 2.0.squareRoot()))
        case .geluTanh:
            x / 2 * (1 + Mathematics.hyperbolicTangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .silu: x * Mathematics.sigmoid(x)
        case .hardSilu: x * min(max(x + 3, 0), 6) / 6
        case .mish: x * Mathematics.hyperbolicTangent(Mathematics.softplus(x))
        case .sigmoid: Mathematics.sigmoid(x)
        case .hardSigmoid: min(max(x + 3, 0), 6) / 6
        case .hardSigmoidKeras2: min(max(0.2 * x + 0.5, 0), 1)
        case .softplus: Mathematics.softplus(x)
        case .softsign: x / (1 + abs(x))
        case .tanh: Mathematics.hyperbolicTangent(x)
        case .exponential: Mathematics.exponential(x)
        case .logSigmoid: -Mathematics.softplus(-x)
        case .tanhShrink: x - Mathematics.hyperbolicTangent(x)
        case .sparsePlus: x <= -1 ? 0 : x < 1 ? (x + 1) * (x + 1) / 4 : x
        case .sparseSigmoid: x <= -1 ? 0 : x < 1 ? (x + 1) / 2 : 1
        }
    }

    private func piecewise(_ x: Double, _ parameters: ActivationParameters) -> Double {
        switch self {
        case .relu:
            let threshold = parameters.threshold ?? 0
            if x > threshold { return min(x, parameters.maximum ?? .infinity) }
            // 0 · −∞ is no number, and nothing is left of −∞ without a slope.
            return x == -.infinity && (parameters.alpha ?? 0) == 0 ? 0 : (parameters.alpha ?? 0) * (x - threshold)
        case .leakyRelu: return x < 0 ? (parameters.alpha ?? 0.2) * x : x
        case .threshold: return x > parameters.threshold ?? 0 ? x : parameters.value ?? 0
        case .softShrink:
            let threshold = parameters.threshold ?? 0.5
            return x > threshold ? x - threshold : x < -threshold ? x + threshold : 0
        case .hardShrink: return abs(x) > parameters.threshold ?? 0.5 ? x : 0
        default: return (x + (x * x + (parameters.alpha ?? 4)).squareRoot()) / 2
        }
    }
}
