import EmotionFormerCore
import EmotionFormerKernels

/// A convolution over time.
public struct Conv1D: Sendable {
    /// What stands before the first frame and after the last one.
    public enum Padding: String, Sendable, CaseIterable {
        /// Nothing: only whole windows count.
        case valid
        /// Zeros on both sides, so that there are as many results as frames, divided by the stride.
        case same
        /// Zeros before the first frame alone: no result depends on a later frame.
        case causal
    }

    private let weights: PackedWeights
    private let bias: Tensor<Float>?
    private let width: Int
    private let channels: Int
    public let stride: Int
    public let dilation: Int
    public let padding: Padding
    public let activation: Activation

    /// - Parameters:
    ///   - kernel: width × channels × filters; `bias`: filters.
    ///   - stride: frames from one window to the next. At least 1, as `dilation`: frames from one of a window's to the
    ///     next.
    /// - Throws: `shapeMismatch` for weights of other shapes; `invalidArgument` for a stride or dilation below 1.
    public init(
        kernel: Tensor<Float>, bias: Tensor<Float>? = nil, stride: Int = 1, dilation: Int = 1,
        padding: Padding = .valid, activation: Activation = .linear
    ) throws(TensorError) {
        guard kernel.rank == 3, !kernel.shape.contains(0) else {
            throw wrongShape("convolution", "the kernel", kernel.shape, "[width, channels, filters]")
        }
        if let bias, bias.shape != [kernel.shape[2]] {
            throw wrongShape("convolution", "the bias", bias.shape, "[\(kernel.shape[2])]")
        }
        guard stride > 0, dilation > 0, dilation <= 1 << 24, stride <= 1 << 24 else {
            throw TensorError(
                .invalidArgument, at: "convolution", "the stride or the dilation is out of range",
                found: "\(stride) and \(dilation)", expected: "1 to \(1 << 24)")
        }
        (width, channels) = (kernel.shape[0], kernel.shape[1])
        weights = PackedWeights(try kernel.reshaped(to: [width * channels, kernel.shape[2]]))
        self.bias = bias?.contiguous()
        (self.stride, self.dilation, self.padding, self.activation) = (stride, dilation, padding, activation)
    }

    /// - Parameter x: batch × time × channels.
    /// - Returns: batch × windows × filters.
    /// - Throws: `shapeMismatch`.
    public func callAsFunction(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
        guard x.rank == 3, x.shape[2] == channels else {
            throw wrongShape("convolution", "the input", x.shape, "[batch, time, \(channels)]")
        }
        let frames = try padded(x)
        let span = (width - 1) * dilation + 1
        let windows = frames.shape[1] < span ? 0 : (frames.shape[1] - span) / stride + 1
        let shape = try Tensor<Float>.checked([x.shape[0], windows, weights.columns])
        guard windows > 0, x.shape[0] > 0 else { return Tensor(shape) { _ in } }
        // Without gaps a window's frames lie together; windows may overlap.
        let (source, step, clip) =
            dilation == 1
            ? (frames, stride * channels, frames.shape[1] * channels)
            : (try gathered(frames, windows), width * channels, windows * width * channels)
        return Tensor(shape) { result in
            let epilogue = Epilogue(bias: bias.map { $0.base + $0.layout.offset }, activation: activation.epilogue)
            for index in 0..<x.shape[0] {
                weights.multiply(
                    source.base + (source.layout.offset + index * clip), step, windows,
                    result + index * windows * weights.columns, epilogue)
            }
            withExtendedLifetime((source, bias)) {}
        }
    }

    private func padded(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
        let span = (width - 1) * dilation
        let (before, after): (Int, Int)
        switch padding {
        case .valid: return x.contiguous()
        case .causal: (before, after) = (span, 0)
        case .same:
            let windows = (x.shape[1] + stride - 1) / stride
            let missing = max((windows - 1) * stride + span + 1 - x.shape[1], 0)
            (before, after) = (missing / 2, missing - missing / 2)
        }
        var frames = try Tensor<Float>.zeros([x.shape[0], before + x.shape[1] + after, channels])
        try frames.assign(x, to: .all, before..<before + x.shape[1])
        return frames
    }

    private func gathered(_ frames: Tensor<Float>, _ windows: Int) throws(TensorError) -> Tensor<Float> {
        var places: [Int64] = []
        for window in 0..<windows {
            for index in 0..<width { places.append(Int64(window * stride + index * dilation)) }
        }
        return try frames.gather(Tensor(places), axis: 1).contiguous()
    }
}
