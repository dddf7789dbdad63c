import EmotionFormerKernels

/// Gated recurrent units, with the weights of Keras's layer: gates in the order update, reset, candidate; tanh and sigmoid.
public struct GRU: Sendable {
    private let input: RecurrentInput
    private let recurrent: PackedWeights
    private let candidate: PackedWeights?
    private let recurrentBias: Tensor<Float>?
    public let options: RecurrentOptions

    /// - Parameters:
    ///   - kernel: features × 3·units; `recurrentKernel`: units × 3·units.
    ///   - bias: 3·units; with `resetAfter` also 2 × 3·units, the input's and the recurrent one.
    ///   - resetAfter: whether the reset gate comes after the recurrent product, as Keras does by default.
    /// - Throws: `shapeMismatch` for weights of other shapes.
    public init(
        kernel: Tensor<Float>, recurrentKernel: Tensor<Float>, bias: Tensor<Float>? = nil, resetAfter: Bool = true,
        options: RecurrentOptions = RecurrentOptions()
    ) throws(TensorError) {
        var inputBias = bias
        var recurrentBias: Tensor<Float>?
        if let bias, bias.rank == 2 {
            guard bias.shape[0] == 2, resetAfter else {
                throw wrongShape("GRU", "the bias", bias.shape, "[3 × units], or [2, 3 × units] with resetAfter")
            }
            inputBias = try bias.slice(0)
            recurrentBias = try bias.slice(1).contiguous()
        }
        input = try RecurrentInput("GRU", gates: 3, kernel, recurrentKernel, inputBias)
        let units = input.units
        recurrent = PackedWeights(resetAfter ? recurrentKernel : try recurrentKernel.slice(.all, 0..<2 * units))
        candidate = resetAfter ? nil : PackedWeights(try recurrentKernel.slice(.all, (2 * units)...))
        self.recurrentBias = recurrentBias
        self.options = options
    }

    /// - Parameters:
    ///   - x: batch × time × features.
    ///   - mask: batch × time, false for steps that are left out; none for all steps.
    /// - Returns: batch × units, or batch × time × units.
    /// - Throws: `shapeMismatch`.
    public func callAsFunction(_ x: Tensor<Float>, mask: Tensor<Bool>? = nil) throws(TensorError) -> Tensor<Float> {
        let units = input.units
        let aligned = (units + 15) & ~15
        return try input.run(x, mask, memoryCount: aligned + 4 * units, options) { gates, memory in
            Processor.kernels.gruStep(
                GRUStep(
                    inputGates: gates, recurrentWeights: recurrent.address, candidateWeights: candidate?.address,
                    recurrentBias: recurrentBias.map { $0.base + $0.layout.offset }, hidden: memory, units: units,
                    scratch: memory + aligned))
        }
    }
}
