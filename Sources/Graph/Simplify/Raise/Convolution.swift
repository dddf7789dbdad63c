import EmotionFormerCore

extension SimplifierPass {
    /// conv2D of single places, with float weights → dense; conv2D and depthwiseConv2D of an image of one row, likewise →
    /// the same along time; zeros in front of it → causal padding.
    static let raiseConvolution = SimplifierPass("raiseConvolution") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .conv2D) { try rewriter.raisePointwise(at: index) }
        for index in rewriter.indices(of: .conv2D, .depthwiseConv2D) { try rewriter.raiseConvolution(at: index) }
        for index in rewriter.indices(of: .conv1D, .depthwiseConv1D) { try rewriter.joinPadding(at: index) }
    }
}

extension GraphRewriter {
    /// A window of one place at every place: the channels of each place times one matrix.
    fileprivate mutating func raisePointwise(at index: Int) throws(Fault) {
        guard let node = nodes[index], let input = node.input(0), let stored = constant(node.input(1)),
            stored.quantization == nil, stored.tensor.elementType == .float32, constant(input) == nil
        else { return }
        let shape = stored.tensor.shape
        guard shape.rank == 4, shape[1] == 1, shape[2] == 1, shape[3] == self.shape(of: input).extents.last,
            try node.attributes.integers("strides") == [1, 1]
        else { return }
        var weights = ["kernel": StoredTensor(try stored.tensor.reshaped(to: Shape([shape[0], shape[3]])))]
        if let bias = node.input(2) {
            guard let numbers = numbers(bias), numbers.count == shape[0] else { return }
            weights["bias"] = StoredTensor(Tensor(numbers))
        }
        replace(
            index, with: .dense, inputs: [input], attributes: ["kernelLayout": .text("outputInput")], weights: weights)
    }

    fileprivate mutating func raiseConvolution(at index: Int) throws(Fault) {
        guard let node = nodes[index], let input = node.input(0), let stored = constant(node.input(1)),
            stored.quantization == nil, let kernel = stored.tensor.elements(as: Float.self)
        else { return }
        let isDepthwise = node.operation == .depthwiseConv2D
        let shape = shape(of: input)
        let kernelShape = stored.tensor.shape
        let result = self.shape(of: node.outputs[0])
        // The axis along which the image has one element, and the kernel too.
        guard let row = [1, 2].first(where: { shape[$0] == 1 && kernelShape[$0] == 1 && result[$0] == 1 }) else {
            return
        }
        let time = 3 - row
        let strides = try node.attributes.integers("strides")
        let dilations = try node.attributes.integers("dilations")
        guard strides.count == 2, dilations.count == 2, shape[0] == result[0] else { return }
        let length = kernelShape[time]
        let channels = result[3]
        var attributes: Attributes = [
            "stride": .integer(strides[time - 1]), "dilation": .integer(dilations[time - 1]),
            "padding": .text(try node.attributes.text("padding")),
        ]
        var weights: [String: StoredTensor] = [:]
        if isDepthwise {
            guard shape[3] > 0, channels % shape[3] == 0 else { return }
            weights["kernel"] = StoredTensor(
                try stored.tensor.reshaped(to: Shape([length, shape[3], channels / shape[3]])))
        } else {
            let width = kernelShape[3]
            guard width > 0, shape[3] % width == 0 else { return }
            attributes["groups"] = .integer(shape[3] / width)
            var turned = [Float](repeating: 0, count: kernel.count)
            for channel in 0..<channels {
                for offset in 0..<(length * width) {
                    turned[offset * channels + channel] = kernel[channel * length * width + offset]
                }
            }
            weights["kernel"] = StoredTensor(try Tensor(turned, shape: Shape([length, width, channels])))
        }
        if let bias = node.input(2) {
            guard let numbers = numbers(bias), numbers.count == channels else { return }
            weights["bias"] = StoredTensor(Tensor(numbers))
        }
        remove(index)
        let flat = reshaped(input, to: try Shape([shape[0], shape[time], shape[3]]), name: "\(node.name)/steps")
        let value = insert(
            isDepthwise ? .depthwiseConv1D : .conv1D, name: node.name, inputs: [flat],
            type: ValueType(.float32, try Shape([result[0], result[time], channels])), attributes: attributes,
            weights: weights)
        reshape(value, making: node.outputs[0], name: "\(node.name)/reshape")
    }

    /// Zeros in front of a convolution without padding, as many as make it causal.
    fileprivate mutating func joinPadding(at index: Int) throws(Fault) {
        guard var node = nodes[index], node.attributes["padding"] == .text("valid"), let padded = node.input(0),
            let pad = producing(padded, .pad), let input = pad.input(0), shape(of: input).rank == 3,
            pad.input(1) == nil, pad.input(2) == nil || scalar(pad.input(2)) == 0,
            try pad.attributes.number("value") == 0,
            let kernel = node.weights["kernel"]?.tensor.shape
        else { return }
        let reach = try node.attributes.integer("dilation") * (kernel[0] - 1)
        guard try pad.attributes.integers("paddings") == [0, 0, reach, 0, 0, 0] else { return }
        node.inputs[0] = input
        node.attributes["padding"] = .text("causal")
        replace(index, with: node)
    }
}
