import EmotionFormerKernels

/// What a layer applies to each of its results.
public enum Activation: String, Sendable, CaseIterable {
    case linear, relu, relu6, gelu, geluTanh, silu, tanh, sigmoid

    /// The function of each element, as the engine computes it.
    public func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
        guard let operation = unary else { return x }
        var result = x
        result.withUnsafeMutableBufferPointer { elements in
            guard let start = elements.baseAddress, !elements.isEmpty else { return }
            Processor.kernels.unary(operation, UnsafePointer(start), start, elements.count, 0, 0)
        }
        return result
    }

    /// The same function as a product's last step.
    var epilogue: EmotionFormerKernels.Activation {
        switch self {
        case .linear: .linear
        case .relu: .relu
        case .relu6: .relu6
        case .gelu: .gelu
        case .geluTanh: .geluTanh
        case .silu: .silu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        }
    }

    private var unary: UnaryOperation? {
        switch self {
        case .linear: nil
        case .relu: .relu
        case .relu6: .relu6
        case .gelu: .gelu
        case .geluTanh: .geluTanh
        case .silu: .silu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        }
    }
}
