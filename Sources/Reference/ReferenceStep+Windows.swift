import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    func window(_ kind: OperationFamily.Window) throws(Fault) -> [[Double]] {
        switch kind {
        case .conv1D:
            let kernel = try weight("kernel")
            return [try convolution1D(kernel, groups: try attributes.integer("groups"))]
        case .depthwiseConv1D:
            // Channel c of the input gives channels c·M … c·M + M − 1: each channel is a group.
            let kernel = try weight("kernel")
            let (taps, channels) = (kernel.shape[0], kernel.shape[1] * kernel.shape[2])
            let grouped = try ReferenceValue(
                ValueType(.float32, Shape([taps, 1, channels])), kernel.elements)
            return [try convolution1D(grouped, groups: kernel.shape[1])]
        case .conv2D: return [try convolution2D(isDepthwise: false)]
        case .depthwiseConv2D: return [try convolution2D(isDepthwise: true)]
        case .pooling1D:
            let input = try operand(0)
            let image = try Shape([input.shape[0], 1, input.shape[1], input.shape[2]])
            let columns = try SlidingWindow(
                over: input.shape[1], extent: attributes.integer("poolSize"), stride: attributes.integer("stride"),
                dilation: 1, padding: padding())
            return [try pooled(input.elements, image, rows: try .single(), columns: columns)]
        case .pooling2D:
            let input = try operand(0)
            let (extents, strides) = (try attributes.integers("poolSize"), try attributes.integers("strides"))
            return [
                try pooled(
                    input.elements, input.shape,
                    rows: SlidingWindow(
                        over: input.shape[1], extent: extents[0], stride: strides[0], dilation: 1, padding: padding()),
                    columns: SlidingWindow(
                        over: input.shape[2], extent: extents[1], stride: strides[1], dilation: 1, padding: padding()))
            ]
        case .globalPooling1D: return [try globalPooling()]
        }
    }

    func padding() throws(Fault) -> SlidingWindow.Padding {
        SlidingWindow.Padding(rawValue: try attributes.text("padding")) ?? .valid
    }

    private func convolution1D(_ kernel: ReferenceValue, groups: Int) throws(Fault) -> [Double] {
        let input = try operand(0)
        let window = try SlidingWindow(
            over: input.shape[1], extent: kernel.shape[0], stride: attributes.integer("stride"),
            dilation: attributes.integer("dilation"), padding: padding())
        let convolution = Convolution(
            input: try Shape([input.shape[0], 1, input.shape[1], input.shape[2]]), rows: try .single(),
            columns: window, groups: groups, outputs: kernel.shape[2])
        let activation = try attributes.activation()
        let bias = try optionalWeight("bias")?.elements
        return convolution.sums(input.elements, kernel.elements).addingRow(bias).map { activation($0) }
    }

    /// - Parameter centered: the input's integers, for exact sums; nil for float and dynamic-range products.
    func convolution2D(isDepthwise: Bool, _ centered: [Double]? = nil) throws(Fault) -> [Double] {
        let (input, weights) = (try operand(0), try operand(1))
        let (strides, dilations) = (try attributes.integers("strides"), try attributes.integers("dilations"))
        let rows = try SlidingWindow(
            over: input.shape[1], extent: weights.shape[1], stride: strides[0], dilation: dilations[0],
            padding: padding())
        let columns = try SlidingWindow(
            over: input.shape[2], extent: weights.shape[2], stride: strides[1], dilation: dilations[1],
            padding: padding())
        let outputs = isDepthwise ? weights.shape[3] : weights.shape[0]
        let convolution = Convolution(
            input: input.shape, rows: rows, columns: columns,
            groups: isDepthwise ? input.shape[3] : input.shape[3] / weights.shape[3], outputs: outputs)
        // (out, KH, KW, C) → (KH, KW, C, out); depthwise weights have this order already.
        var kernel = weights.elements
        if !isDepthwise {
            let area = weights.shape.elementCount / max(outputs, 1)
            kernel = Offsets.of([area, outputs], strides: [1, area]).map { weights.elements[$0] }
        }
        let bias = optionalOperand(2)?.elements
        if let centered { return convolution.sums(centered, kernel).addingRow(bias) }
        guard weights.type.elementType == .int8 else {
            return convolution.sums(input.elements, kernel).addingRow(bias)
        }
        let rule: IntegerRule = isDepthwise ? .builtin : try attributes.integerRule()
        return try DynamicRange.convolution(
            convolution, input.elements, kernel: kernel, scales: weights.scales(), bias: bias,
            rule: isDepthwise || rule == .builtin ? .builtin : .delegate,
            isSymmetric: try !attributes.boolean("asymmetricQuantizeInputs"))
    }

    private func pooled(
        _ elements: [Double], _ input: Shape, rows: SlidingWindow, columns: SlidingWindow
    ) throws(Fault) -> [Double] {
        let isMaximum = try attributes.text("kind") == "maximum"
        let channels = input[3]
        var output: [Double] = []
        for places in Convolution.places(input, rows: rows, columns: columns) {
            let inside = places.compactMap(\.self)
            for channel in 0..<channels {
                let values = inside.map { elements[$0 + channel] }
                output.append(
                    isMaximum ? Self.largest(values) ?? -.infinity : values.reduce(0, +) / Double(values.count))
            }
        }
        return output
    }

    private func globalPooling() throws(Fault) -> [Double] {
        let input = try operand(0)
        let (steps, channels) = (input.shape[1], input.shape[2])
        let mask = optionalOperand(1)?.elements
        let isMaximum = try attributes.text("kind") == "maximum"
        var output: [Double] = []
        for clip in 0..<input.shape[0] {
            let kept = (clip * steps..<(clip + 1) * steps).filter { mask == nil || mask?[$0] != 0 }
            for channel in 0..<channels {
                let values = kept.map { input.elements[$0 * channels + channel] }
                output.append(isMaximum ? Self.largest(values) ?? 0 : values.reduce(0, +) / Double(values.count))
            }
        }
        return output
    }
}

extension SlidingWindow {
    /// The one window over an axis of extent 1.
    static func single() throws(Fault) -> SlidingWindow {
        try SlidingWindow(over: 1, extent: 1, stride: 1, dilation: 1, padding: .valid)
    }
}

/// A convolution of an input (B, H, W, C) with a kernel (KH, KW, C / groups, out).
struct Convolution {
    let input: Shape
    let rows: SlidingWindow
    let columns: SlidingWindow
    let groups: Int
    let outputs: Int

    /// For each window, the offset of channel 0 of each of its elements; nil for padding.
    static func places(_ input: Shape, rows: SlidingWindow, columns: SlidingWindow) -> [[Int?]] {
        var windows: [[Int?]] = []
        for clip in 0..<input[0] {
            for row in 0..<rows.count {
                for column in 0..<columns.count {
                    var places: [Int?] = []
                    for tap in 0..<rows.extent * columns.extent {
                        let y = row * rows.stride - rows.before + tap / columns.extent * rows.dilation
                        let x = column * columns.stride - columns.before + tap % columns.extent * columns.dilation
                        let isInside = y >= 0 && y < input[1] && x >= 0 && x < input[2]
                        places.append(isInside ? ((clip * input[1] + y) * input[2] + x) * input[3] : nil)
                    }
                    windows.append(places)
                }
            }
        }
        return windows
    }

    /// Sums of products without bias, (B, H′, W′, out). Padding is zero.
    func sums(_ elements: [Double], _ kernel: [Double]) -> [Double] {
        let (inputs, share) = (input[3] / groups, outputs / groups)
        var output = [Double](repeating: 0, count: input[0] * rows.count * columns.count * outputs)
        output.withUnsafeMutableBufferPointer { output in
            elements.withUnsafeBufferPointer { elements in
                kernel.withUnsafeBufferPointer { kernel in
                    for (window, places) in Self.places(input, rows: rows, columns: columns).enumerated() {
                        for (tap, place) in places.enumerated() {
                            guard let place else { continue }
                            for channel in 0..<input[3] {
                                let factor = elements[place + channel]
                                let first = channel / inputs * share
                                let weights = (tap * inputs + channel % inputs) * outputs
                                for column in first..<first + share {
                                    output[window * outputs + column] += factor * kernel[weights + column]
                                }
                            }
                        }
                    }
                }
            }
        }
        return output
    }
}
