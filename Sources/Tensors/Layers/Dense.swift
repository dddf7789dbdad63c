import EmotionFormerKernels

/// activation(x·W + b) along the last axis.
public struct Dense: Sendable {
    private let weights: PackedWeights
    private let bias: Tensor<Float>?
    public let activation: Activation

    /// - Parameters:
    ///   - kernel: inputs × units.
    ///   - bias: units, or none.
    /// - Throws: `shapeMismatch` for weights of other shapes.
    public init(
        kernel: Tensor<Float>, bias: Tensor<Float>? = nil, activation: Activation = .linear
    ) throws(TensorError) {
        guard kernel.rank == 2, kernel.shape[0] > 0 else {
            throw wrongShape("dense", "the kernel", kernel.shape, "[inputs, units]")
        }
        if let bias, bias.shape != [kernel.shape[1]] {
            throw wrongShape("dense", "the bias", bias.shape, "[\(kernel.shape[1])]")
        }
        weights = PackedWeights(kernel)
        self.bias = bias?.contiguous()
        self.activation = activation
    }

    /// - Parameter x: any axes, the last one as long as the kernel has rows.
    /// - Returns: the same axes, with the units as the last one.
    /// - Throws: `shapeMismatch`.
    public func callAsFunction(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
        guard x.shape.last == weights.rows else {
            throw wrongShape("dense", "the input", x.shape, "a last axis of \(weights.rows)")
        }
        let shape = try Tensor<Float>.checked(x.shape.dropLast() + [weights.columns])
        let input = x.contiguous()
        return Tensor(shape) { result in
            let epilogue = Epilogue(bias: bias.map { $0.base + $0.layout.offset }, activation: activation.epilogue)
            weights.multiply(
                input.base + input.layout.offset, weights.rows, input.count / weights.rows, result, epilogue)
            withExtendedLifetime((bias, input)) {}
        }
    }
}
