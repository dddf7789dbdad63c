import EmotionFormerKernels

/// Long short-term memory, with the weights of Keras's layer: gates in the order input, forget, cell, output; tanh and
/// sigmoid.
public struct LSTM: Sendable {
    private let input: RecurrentInput
    private let recurrent: PackedWeights
    public let options: RecurrentOptions

    /// - Parameters:
    ///   - kernel: features × 4·units; `recurrentKernel`: units × 4·units; `bias`: 4·units.
    /// - Throws: `shapeMismatch` for weights of other shapes.
    public init(
        kernel: Tensor<Float>, recurrentKernel: Tensor<Float>, bias: Tensor<Float>? = nil,
        options: RecurrentOptions = RecurrentOptions()
    ) throws(TensorError) {
        input = try RecurrentInput("LSTM", gates: 4, kernel, recurrentKernel, bias)
        recurrent = PackedWeights(recurrentKernel)
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
        // The hidden state, the cell, and the kernel's scratch memory.
        return try input.run(x, mask, memoryCount: 2 * aligned + 4 * units, options) { gates, memory in
            Processor.kernels.lstmStep(
                LSTMStep(
                    inputGates: gates, recurrentWeights: recurrent.address, hidden: memory, cell: memory + aligned,
                    units: units, scratch: memory + 2 * aligned))
        }
    }
}
