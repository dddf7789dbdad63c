import EmotionFormerKernels

/// What LSTM and GRU have in common: the input's part of the gates for all steps at once, and the way through time.
struct RecurrentInput: Sendable {
    let layer: String
    let units: Int
    private let projection: Dense

    /// - Parameter gates: how many gates the layer has.
    /// - Throws: `shapeMismatch`.
    init(
        _ layer: String, gates: Int, _ kernel: Tensor<Float>, _ recurrentKernel: Tensor<Float>, _ bias: Tensor<Float>?
    ) throws(TensorError) {
        self.layer = layer
        guard recurrentKernel.rank == 2, recurrentKernel.shape[0] > 0,
            recurrentKernel.shape[1] == gates * recurrentKernel.shape[0]
        else {
            throw wrongShape(layer, "the recurrent kernel", recurrentKernel.shape, "[units, \(gates) × units]")
        }
        units = recurrentKernel.shape[0]
        guard kernel.rank == 2, kernel.shape[1] == gates * units else {
            throw wrongShape(layer, "the kernel", kernel.shape, "[features, \(gates * units)]")
        }
        projection = try Dense(kernel: kernel, bias: bias)
    }

    /// Runs `step` for each step of each clip that is not masked. `step` gets the input's gates and the clip's memory, of
    /// `memoryCount` numbers that are 0 at first; its first `units` numbers are the output.
    func run(
        _ x: Tensor<Float>, _ mask: Tensor<Bool>?, memoryCount: Int, _ options: RecurrentOptions,
        _ step: (_ gates: UnsafePointer<Float>, _ memory: UnsafeMutablePointer<Float>) -> Void
    ) throws(TensorError) -> Tensor<Float> {
        guard x.rank == 3 else { throw wrongShape(layer, "the input", x.shape, "[batch, time, features]") }
        let (batch, steps) = (x.shape[0], x.shape[1])
        if let mask, mask.shape != [batch, steps] {
            throw wrongShape(layer, "the mask", mask.shape, "[\(batch), \(steps)]")
        }
        let gates = try projection(x)
        let isKept = mask?.scalars
        let width = gates.shape[2]
        let shape = try Tensor<Float>.checked(options.returnsSequences ? [batch, steps, units] : [batch, units])
        return Tensor(shape) { result in
            withUnsafeTemporaryAllocation(byteCount: (memoryCount + units) * 4 + 64, alignment: 64) { bytes in
                guard let memory = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
                let output = memory + memoryCount
                for clip in 0..<batch {
                    memory.update(repeating: 0, count: memoryCount + units)
                    for index in 0..<steps {
                        let place = clip * steps + (options.goesBackwards ? steps - 1 - index : index)
                        if isKept?[place] ?? true {
                            step(gates.base + (gates.layout.offset + place * width), memory)
                            output.update(from: memory, count: units)
                        } else if options.zeroOutputForMask {
                            output.update(repeating: 0, count: units)
                        }
                        if options.returnsSequences {
                            (result + (clip * steps + index) * units).update(from: output, count: units)
                        }
                    }
                    if !options.returnsSequences { (result + clip * units).update(from: output, count: units) }
                }
            }
            withExtendedLifetime(gates) {}
        }
    }
}

/// How a recurrent layer goes through time, and what it gives.
public struct RecurrentOptions: Sendable, Hashable {
    /// Whether the result has the output of each step, not of the last one alone.
    public var returnsSequences = false
    /// Whether the last step comes first. The outputs stay in the order in which they were made, as Keras's do.
    public var goesBackwards = false
    /// Whether the output of a masked step is 0, not that of the step before. Keras's `Bidirectional` asks for this.
    public var zeroOutputForMask = false

    public init(returnsSequences: Bool = false, goesBackwards: Bool = false, zeroOutputForMask: Bool = false) {
        self.returnsSequences = returnsSequences
        self.goesBackwards = goesBackwards
        self.zeroOutputForMask = zeroOutputForMask
    }
}
