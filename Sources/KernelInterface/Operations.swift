/// What a matrix product's last step applies to every element, before the residual is added: activation functions by
/// the names that graphs have for them.
package enum Activation: String, CaseIterable, Sendable {
    case linear, relu, relu6, reluN1To1, gelu, geluTanh, silu, tanh, sigmoid
    /// x < 0 ? slope·x : x, with the column's slope of `Epilogue.slopes`.
    case prelu
}

/// Elementwise functions of one operand, activation functions by the names that graphs have for them; `alpha` and
/// `beta` mean what the case says.
package enum UnaryOperation: UInt8, CaseIterable, Sendable {
    case copy, negate, absolute, square, squareRoot, reciprocalSquareRoot
    case exponential, logarithm, tanh, sigmoid, errorFunction
    case gelu, geluTanh, silu
    case relu, relu6, reluN1To1
    /// x ≥ 0 ? x : alpha·x
    case leakyRelu
    /// x ≥ 0 ? x : alpha·(eˣ − 1)
    case elu
    /// 1.0507… · elu(x, 1.6732…)
    case selu
    case softplus, softsign
    /// clamp(alpha·x + beta, 0, 1); Keras 3 has 1/6 and 0.5, Keras 2 has 0.2 and 0.5.
    case hardSigmoid
    /// x · clamp(x/6 + 0.5, 0, 1)
    case hardSilu
    /// x · tanh(softplus(x))
    case mish
    /// min(max(x, alpha), beta)
    case clamp
    /// alpha·x + beta
    case affine
}

/// Elementwise functions of two operands.
package enum BinaryOperation: UInt8, CaseIterable, Sendable {
    case add, subtract, multiply, divide, maximum, minimum, squaredDifference
}

package enum Reduction: UInt8, CaseIterable, Sendable {
    case sum, mean, maximum, minimum
}

/// Which of LiteRT's two rules of dynamic-range quantization a kernel follows.
package enum QuantizationRule: UInt8, CaseIterable, Sendable {
    /// XNNPACK: s = 255/(max − min), rounding half to even before the zero point is added, the last step is one fused
    /// multiply-add.
    case xnnpack
    /// LiteRT's builtin kernels: parameters in double precision, rounding half away from zero, multiplication and
    /// addition rounded separately.
    case builtin
}
