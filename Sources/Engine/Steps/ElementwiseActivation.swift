import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels
import EmotionFormerSystem

/// An activation function with its parameters, for runs of elements; uses a vector kernel if there is one.
struct ElementwiseActivation: Sendable {
    private enum Form: Sendable {
        case vector(UnaryOperation, alpha: Float, beta: Float)
        case scalar(ActivationFunction)
    }

    private let form: Form
    private let alpha: Float
    private let threshold: Float
    private let maximum: Float
    private let value: Float
    private let unary:
        @Sendable (UnaryOperation, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Float, Float) -> Void

    /// Parameters that are nil have the function's defaults.
    init(
        _ function: ActivationFunction, alpha: Double? = nil, threshold: Double? = nil, maximum: Double? = nil,
        value: Double? = nil, kernels: KernelSet
    ) {
        unary = kernels.unary
        let defaultAlpha: Double =
            switch function {
            case .leakyRelu: 0.2
            case .relu: 0
            case .squareplus: 4
            default: 1
            }
        let isShrink = function == .softShrink || function == .hardShrink
        self.alpha = Float(alpha ?? defaultAlpha)
        self.threshold = Float(threshold ?? (isShrink ? 0.5 : 0))
        self.maximum = Float(maximum ?? .infinity)
        self.value = Float(value ?? 0)
        let isPlainRelu = self.alpha == 0 && self.threshold == 0 && self.maximum == .infinity
        form =
            switch function {
            case .linear: .vector(.copy, alpha: 0, beta: 0)
            case .relu: isPlainRelu ? .vector(.relu, alpha: 0, beta: 0) : .scalar(.relu)
            case .relu6: .vector(.relu6, alpha: 0, beta: 0)
            case .reluN1To1: .vector(.reluN1To1, alpha: 0, beta: 0)
            case .relu0To1: .vector(.clamp, alpha: 0, beta: 1)
            case .leakyRelu: .vector(.leakyRelu, alpha: self.alpha, beta: 0)
            case .elu: .vector(.elu, alpha: self.alpha, beta: 0)
            case .selu: .vector(.selu, alpha: 0, beta: 0)
            case .gelu: .vector(.gelu, alpha: 0, beta: 0)
            case .geluTanh: .vector(.geluTanh, alpha: 0, beta: 0)
            case .silu: .vector(.silu, alpha: 0, beta: 0)
            case .hardSilu: .vector(.hardSilu, alpha: 0, beta: 0)
            case .mish: .vector(.mish, alpha: 0, beta: 0)
            case .sigmoid: .vector(.sigmoid, alpha: 0, beta: 0)
            case .hardSigmoid: .vector(.hardSigmoid, alpha: 1.0 / 6, beta: 0.5)
            case .hardSigmoidKeras2: .vector(.hardSigmoid, alpha: 0.2, beta: 0.5)
            case .softplus: .vector(.softplus, alpha: 0, beta: 0)
            case .softsign: .vector(.softsign, alpha: 0, beta: 0)
            case .tanh: .vector(.tanh, alpha: 0, beta: 0)
            case .exponential: .vector(.exponential, alpha: 0, beta: 0)
            case .celu, .logSigmoid, .squareplus, .softShrink, .hardShrink, .tanhShrink, .threshold, .sparsePlus,
                .sparseSigmoid:
                .scalar(function)
            }
    }

    /// `output` may be `input`.
    func apply(_ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int) {
        switch form {
        case .vector(.copy, _, _) where input == UnsafePointer(output): return
        case .vector(let operation, let alpha, let beta): unary(operation, input, output, count, alpha, beta)
        case .scalar(let function):
            for index in 0..<count { output[index] = scalar(function, input[index]) }
        }
    }

    /// The functions that have no vector kernel.
    private func scalar(_ function: ActivationFunction, _ x: Float) -> Float {
        switch function {
        case .relu: x > threshold ? min(x, maximum) : alpha * (x - threshold)
        case .celu: max(x, 0) + min(0, alpha * expm1f(x / alpha))
        case .logSigmoid: x >= 0 ? -log1pf(expf(-x)) : x - log1pf(expf(x))
        case .squareplus: (x + (x * x + alpha).squareRoot()) / 2
        case .softShrink: x > threshold ? x - threshold : x < -threshold ? x + threshold : 0
        case .hardShrink: abs(x) > threshold ? x : 0
        case .tanhShrink: x - tanhf(x)
        case .threshold: x > threshold ? x : value
        case .sparsePlus: x <= -1 ? 0 : x < 1 ? (x + 1) * (x + 1) / 4 : x
        case .sparseSigmoid: x <= -1 ? 0 : x < 1 ? (x + 1) / 2 : 1
        default: x
        }
    }
}

extension ActivationFunction {
    /// The same function as a matrix product's last step, if the kernels have it there.
    var epilogue: Activation? { Activation(rawValue: rawValue) }
}
