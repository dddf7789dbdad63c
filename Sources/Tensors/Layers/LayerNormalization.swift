import EmotionFormerKernels

/// gamma·(x − mean)/√(variance + epsilon) + beta along the last axis.
public struct LayerNormalization: Sendable {
    private let gamma: Tensor<Float>?
    private let beta: Tensor<Float>?
    public let epsilon: Float

    /// - Parameters:
    ///   - gamma: as many factors as the last axis is long, or none for 1.
    ///   - beta: as many summands, or none for 0.
    ///   - epsilon: Keras's default is 0.001.
    /// - Throws: `shapeMismatch` for weights with more than one axis, or of different lengths.
    public init(
        gamma: Tensor<Float>? = nil, beta: Tensor<Float>? = nil, epsilon: Float = 1e-3
    ) throws(TensorError) {
        for weight in [gamma, beta].compactMap({ $0 }) where weight.rank != 1 || weight.shape != (gamma ?? weight).shape
        {
            throw wrongShape("layer normalization", "a weight", weight.shape, "gamma and beta of one length")
        }
        self.gamma = gamma?.contiguous()
        self.beta = beta?.contiguous()
        self.epsilon = epsilon
    }

    /// - Throws: `shapeMismatch` if the last axis is not as long as the weights are.
    public func callAsFunction(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
        guard let columns = x.shape.last, columns > 0, (gamma ?? beta).map({ $0.count == columns }) ?? true else {
            throw wrongShape(
                "layer normalization", "the input", x.shape,
                "a last axis of \((gamma ?? beta).map { "\($0.count)" } ?? "1 or more")")
        }
        let input = x.contiguous()
        return Tensor(input.layout.shape) { result in
            guard input.count > 0 else { return }
            Processor.kernels.layerNormalization(
                RowNormalization(
                    input: input.base + input.layout.offset, inputStride: columns, output: result,
                    outputStride: columns, gamma: gamma.map { $0.base + $0.layout.offset },
                    beta: beta.map { $0.base + $0.layout.offset }, epsilon: epsilon, rows: input.count / columns,
                    columns: columns))
            withExtendedLifetime((gamma, beta, input)) {}
        }
    }
}
