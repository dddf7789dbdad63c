import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// The geometry of a window that moves over time.
struct TimeWindow: Sendable {
    let size: Int
    let stride: Int
    let dilation: Int
    /// Steps of zeros before the first frame.
    let before: Int
    let inputFrames: Int
    let outputFrames: Int

    init(size: Int, stride: Int, dilation: Int, padding: String, inputFrames: Int, outputFrames: Int) {
        self.size = size
        self.stride = stride
        self.dilation = dilation
        self.inputFrames = inputFrames
        self.outputFrames = outputFrames
        let reach = dilation * (size - 1) + 1
        switch padding {
        case "causal": before = reach - 1
        case "same": before = max((outputFrames - 1) * stride + reach - inputFrames, 0) / 2
        default: before = 0
        }
    }
}

extension StepBuilder {
    func window(_ node: TypedGraph.Node, size: Int, input: Int, output: Int) throws(Fault) -> TimeWindow {
        TimeWindow(
            size: size, stride: try node.attributes.integer("stride"),
            dilation: try node.attributes.integer("dilation"),
            padding: try node.attributes.text("padding"), inputFrames: shape(input)[1], outputFrames: shape(output)[1])
    }

    /// The windows side by side, then one matrix product for each group.
    mutating func appendConvolution1D(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        try requireFloat(input, node)
        guard let kernel = node.weights["kernel"]?.tensor, kernel.elementType == .float32, kernel.shape.rank == 3 else {
            throw unsupported(node, "the kernel is absent or not float32")
        }
        let groups = try node.attributes.integer("groups")
        let (size, depth, outputs) = (kernel.shape[0], kernel.shape[1], kernel.shape[2])
        let window = try window(node, size: size, input: input, output: output)
        let batches = shape(input)[0]
        let function = try node.attributes.activation()
        guard groups > 1 else {
            let flat = try kernel.reshaped(to: Shape([size * depth, outputs]))
            let part = DenseStep.Part(kernel: StoredTensor(flat), isOutputMajor: false, bias: node.weights["bias"])
            var dense = DenseStep(
                name: node.name, input: input, parts: [part], ending: ProductEnding(activation: function),
                output: output)
            if batches == 1, window.dilation == 1, size > 1 {
                // A window is a contiguous range of the input, and windows overlap in memory as they do in time.
                dense.input = try appendPadding(node, input: input, window)
                dense.windows = DenseStep.Windows(count: window.outputFrames, stride: window.stride * depth)
            } else {
                dense.input = try appendWindows(node, input: input, window, from: 0, count: depth, batches: batches)
            }
            try append(dense)
            return
        }
        try appendGroups(node, input: input, output: output, kernel: kernel, groups: groups, window, function)
    }

    private mutating func appendGroups(
        _ node: TypedGraph.Node, input: Int, output: Int, kernel: Tensor, groups: Int, _ window: TimeWindow,
        _ function: ActivationFunction
    ) throws(Fault) {
        let (size, depth, outputs) = (kernel.shape[0], kernel.shape[1], kernel.shape[2])
        let batches = shape(input)[0]
        let width = outputs / groups
        let rows = batches * window.outputFrames
        guard let weights: [Float] = kernel.elements(as: Float.self) else {
            throw unsupported(node, "the kernel is not float32")
        }
        let bias: [Float]? = node.weights["bias"].flatMap { $0.tensor.elements(as: Float.self) }
        for group in 0..<groups {
            let columns = try appendWindows(
                node, input: input, window, from: group * depth, count: depth, batches: batches)
            var part: [Float] = []
            for row in 0..<(size * depth) {
                let start = row * outputs + group * width
                part += weights[start..<(start + width)]
            }
            let first = group * width
            let groupBias = bias.map { StoredTensor(Tensor(Array($0[first..<(first + width)]))) }
            let result = addValue(named: "\(node.name)/group\(group)", ValueType(.float32, try Shape([rows, width])))
            try append(
                DenseStep(
                    name: "\(node.name)/group\(group)", input: columns,
                    parts: [
                        DenseStep.Part(
                            kernel: StoredTensor(try Tensor(part, shape: Shape([size * depth, width]))),
                            isOutputMajor: false,
                            bias: groupBias)
                    ], ending: ProductEnding(activation: function), output: result))
            append(
                StepDraft(name: "\(node.name)/place\(group)", label: "place", reads: [result], writes: [output]) {
                    layout in
                    let source = layout.operand(result)
                    let destination = layout.destination(output)
                    return { execution, _ in
                        for row in 0..<rows {
                            let place = row &* outputs &+ group &* width
                            let start = destination.floats(execution) + place
                            start.update(from: source.floats(execution) + row &* width, count: width)
                        }
                    }
                })
        }
    }

    /// Makes (1, T″, C), the input with zeros around it; returns the input if no padding is needed.
    private mutating func appendPadding(
        _ node: TypedGraph.Node, input: Int, _ window: TimeWindow
    ) throws(Fault) -> Int {
        let frames = window.inputFrames
        let channels = shape(input)[2]
        let reach = (window.outputFrames - 1) * window.stride + window.size
        let after = max(reach - window.before - frames, 0)
        guard window.before > 0 || after > 0 else { return input }
        let padded = addValue(
            named: "\(node.name)/padded", ValueType(.float32, try Shape([1, window.before + frames + after, channels])))
        var draft = StepDraft(
            name: "\(node.name)/padded", label: "pad \(frames)×\(channels)", reads: [input], writes: [padded]
        ) { layout in
            let source = layout.operand(input)
            let destination = layout.destination(padded)
            return { execution, rows in
                let x = source.floats(execution)
                let y = destination.floats(execution)
                if rows.lowerBound == 0 { y.update(repeating: 0, count: window.before &* channels) }
                (y + (window.before &+ rows.lowerBound) &* channels)
                    .update(from: x + rows.lowerBound &* channels, count: rows.count &* channels)
                if rows.upperBound == frames {
                    (y + (window.before &+ frames) &* channels).update(repeating: 0, count: after &* channels)
                }
            }
        }
        draft.rows = frames
        draft.alignedReads = [input]
        append(draft)
        return padded
    }

    /// Makes (B, T′, K · count): the contents of the window at each step, for `count` channels from the given one.
    private mutating func appendWindows(
        _ node: TypedGraph.Node, input: Int, _ window: TimeWindow, from channel: Int, count: Int, batches: Int
    ) throws(Fault) -> Int {
        let channels = shape(input)[2]
        if window.size == 1, window.stride == 1, window.before == 0, count == channels { return input }
        let width = window.size * count
        let frames = window.outputFrames
        let columns = addValue(
            named: "\(node.name)/windows", ValueType(.float32, try Shape([batches, frames, width])))
        var draft = StepDraft(
            name: "\(node.name)/windows", label: "windows \(frames)×\(width)", reads: [input], writes: [columns]
        ) { layout in
            let source = layout.operand(input)
            let destination = layout.destination(columns)
            return { execution, rows in
                let x = source.floats(execution) + channel
                let y = destination.floats(execution)
                for row in rows {
                    let batch = row / frames
                    let first = row % frames &* window.stride &- window.before
                    for tap in 0..<window.size {
                        let frame = first &+ tap &* window.dilation
                        let target = y + (row &* width &+ tap &* count)
                        if frame >= 0, frame < window.inputFrames {
                            target.update(from: x + (batch &* window.inputFrames &+ frame) &* channels, count: count)
                        } else {
                            target.update(repeating: 0, count: count)
                        }
                    }
                }
            }
        }
        draft.rows = batches * frames
        append(draft)
        return columns
    }

    mutating func appendDepthwiseConvolution1D(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        try requireFloat(input, node)
        guard let kernel = node.weights["kernel"]?.tensor, kernel.elementType == .float32, kernel.shape.rank == 3 else {
            throw unsupported(node, "the kernel is absent or not float32")
        }
        let (size, channels, multiplier) = (kernel.shape[0], kernel.shape[1], kernel.shape[2])
        let window = try window(node, size: size, input: input, output: output)
        let weights = weight(node, "kernel")
        let bias = weight(node, "bias")
        let activation = ElementwiseActivation(try node.attributes.activation(), kernels: kernels)
        let width = channels * multiplier
        let frames = window.outputFrames
        var draft = StepDraft(
            name: node.name, label: "depthwise \(frames)×\(size)×\(width)", reads: [input], writes: [output]
        ) { layout in
            let source = layout.operand(input)
            let destination = layout.destination(output)
            return { execution, rows in
                guard let weights else { return }
                for row in rows {
                    let batch = row / frames
                    let first = row % frames &* window.stride &- window.before
                    let y = destination.floats(execution) + row &* width
                    for column in 0..<width { y[column] = bias?.floats[column] ?? 0 }
                    for tap in 0..<size {
                        let frame = first &+ tap &* window.dilation
                        guard frame >= 0, frame < window.inputFrames else { continue }
                        let x = source.floats(execution) + (batch &* window.inputFrames &+ frame) &* channels
                        let w = weights.floats + tap &* width
                        if multiplier == 1 {
                            for channel in 0..<channels { y[channel] += x[channel] * w[channel] }
                        } else {
                            for channel in 0..<channels {
                                for index in (channel &* multiplier)..<(channel &* multiplier &+ multiplier) {
                                    y[index] += x[channel] * w[index]
                                }
                            }
                        }
                    }
                    activation.apply(y, y, width)
                }
            }
        }
        draft.rows = shape(output)[0] * frames
        append(draft)
    }
}
