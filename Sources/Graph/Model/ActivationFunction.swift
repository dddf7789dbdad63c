/// The functions of an `activation` node, and of operations with an activation of their own. Formulas: `x` is an element.
package enum ActivationFunction: String, Sendable, CaseIterable, Hashable {
    /// x
    case linear
    /// x > threshold ? min(x, maximum) : alpha (x − threshold); alpha 0, threshold 0 and no maximum if they are absent
    case relu
    /// min(max(x, 0), 6)
    case relu6
    /// min(max(x, −1), 1); also Keras's hard_tanh
    case reluN1To1
    /// min(max(x, 0), 1)
    case relu0To1
    /// x < 0 ? alpha x : x; alpha 0.2 if absent
    case leakyRelu
    /// x > 0 ? x : alpha (eˣ − 1); alpha 1 if absent
    case elu
    /// 1.05070098… (x > 0 ? x : 1.67326324… (eˣ − 1))
    case selu
    /// max(x, 0) + min(0, alpha (e^(x / alpha) − 1)); alpha 1 if absent
    case celu
    /// x/2 (1 + erf(x / √2))
    case gelu
    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
    case geluTanh
    /// x sigmoid(x)
    case silu
    /// x relu6(x + 3) / 6
    case hardSilu
    /// x tanh(softplus(x))
    case mish
    /// 1 / (1 + e⁻ˣ)
    case sigmoid
    /// relu6(x + 3) / 6, as Keras 3 has it
    case hardSigmoid
    /// min(max(0.2 x + 0.5, 0), 1), as Keras 2 has it
    case hardSigmoidKeras2
    /// log(1 + eˣ)
    case softplus
    /// x / (1 + |x|)
    case softsign
    case tanh
    /// eˣ
    case exponential
    /// log(sigmoid(x))
    case logSigmoid
    /// (x + √(x² + alpha)) / 2; alpha 4 if absent
    case squareplus
    /// x > threshold ? x − threshold : x < −threshold ? x + threshold : 0; threshold 0.5 if absent
    case softShrink
    /// |x| > threshold ? x : 0; threshold 0.5 if absent
    case hardShrink
    /// x − tanh(x)
    case tanhShrink
    /// x > threshold ? x : value; both 0 if absent
    case threshold
    /// x ≤ −1 ? 0 : x < 1 ? (x + 1)²/4 : x
    case sparsePlus
    /// x ≤ −1 ? 0 : x < 1 ? (x + 1)/2 : 1
    case sparseSigmoid

    /// The functions without a parameter that layers with an activation of their own may name.
    package static let parameterless: [ActivationFunction] = [
        .linear, .relu, .relu6, .reluN1To1, .relu0To1, .elu, .selu, .gelu, .geluTanh, .silu, .hardSilu, .mish, .sigmoid,
        .hardSigmoid, .hardSigmoidKeras2, .softplus, .softsign, .tanh, .exponential, .logSigmoid,
    ]
}
