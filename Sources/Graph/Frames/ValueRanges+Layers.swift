import EmotionFormerCore

extension ValueRanges {
    mutating func layer(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Layer, _ first: ValueRange
    ) -> ValueRange? {
        switch kind {
        case .dense: return dense(node, first)
        case .attention:
            // Weights between 0 and 1 of scores that are finite.
            guard let key = range(of: node.input(1)), let value = range(of: node.input(2)),
                let width = node.input(0).map({ graph.shape(of: $0).extents.last ?? 1 }),
                let scale = try? node.attributes.number("scale"),
                ValueRange(magnitude: first.magnitude * key.magnitude * Double(width) * max(scale.magnitude, 1)) != nil
            else { return nil }
            return ValueRange(magnitude: value.magnitude * 1.01)
        case .masking: return first.union(ValueRange.zero)
        case .embedding: return node.weights["table"].flatMap(ValueRange.init)
        case .constant, .multiHeadAttention, .positionalEncoding: return nil
        }
    }

    private func dense(_ node: TypedGraph.Node, _ input: ValueRange) -> ValueRange? {
        guard let kernel = node.weights["kernel"], let function = try? node.attributes.activation(),
            let layout = try? node.attributes.text("kernelLayout")
        else { return nil }
        return affine(kernel, outputAxis: layout == "outputInput" ? 0 : 1, node.weights["bias"], input)
            .flatMap { activation(function, $0) }
    }

    /// A sum of weighted elements, with a bias.
    private func affine(
        _ kernel: StoredTensor, outputAxis: Int, _ bias: StoredTensor?, _ input: ValueRange
    ) -> ValueRange? {
        guard let weight = sums.largest(kernel, outputAxis: outputAxis) else { return nil }
        var summand = 0.0
        if let bias {
            guard let range = ValueRange(bias) else { return nil }
            summand = range.magnitude
        }
        // A quantized input is off by less than its largest element.
        let factor = kernel.quantization == nil ? 1.01 : 2.01
        return ValueRange(magnitude: input.magnitude * weight * factor + summand * 1.01)
    }

    func normalization(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Normalization, _ first: ValueRange
    ) -> ValueRange? {
        switch kind {
        case .layerNormalization, .rmsNormalization:
            guard let input = node.input(0), let axes = try? node.attributes.integers("axes"),
                let epsilon = try? node.attributes.number("epsilon"), epsilon > 0
            else { return nil }
            let shape = graph.shape(of: input)
            let count = axes.reduce(1.0) { $0 * Double(shape[$1 < 0 ? $1 + shape.rank : $1]) }
            guard ValueRange(magnitude: first.magnitude * first.magnitude * count * 4) != nil else { return nil }
            // No element is further from the mean than √count deviations; rounding of a mean adds to what is near it.
            var bound = 2 * count.squareRoot() + first.magnitude * count * 1e-6 / epsilon.squareRoot()
            if let gamma = node.weights["gamma"] {
                guard let range = ValueRange(gamma) else { return nil }
                bound *= range.magnitude
            }
            if let beta = node.weights["beta"] {
                guard let range = ValueRange(beta) else { return nil }
                bound += range.magnitude
            }
            return ValueRange(magnitude: bound)
        case .softmax: return node.attributes["beta"] == .number(1) ? ValueRange(0, 1.001) : nil
        case .batchNormalization, .logSoftmax: return nil
        }
    }

    func window(_ node: TypedGraph.Node, _ kind: OperationFamily.Window, _ first: ValueRange) -> ValueRange? {
        switch kind {
        case .pooling1D, .pooling2D: return rounded(first, terms: 10000)
        case .globalPooling1D:
            // A mask may leave no frame, whose mean is NaN.
            guard let input = node.input(0), graph.shape(of: input).rank == 3, node.input(1) == nil else { return nil }
            return rounded(first, terms: Double(graph.shape(of: input)[1]))
        case .conv1D:
            guard let kernel = node.weights["kernel"], kernel.quantization == nil, let range = ValueRange(kernel),
                let function = try? node.attributes.activation(), kernel.tensor.shape.rank == 3
            else { return nil }
            let terms = Double(kernel.tensor.shape[0] * kernel.tensor.shape[1])
            var bound = first.magnitude * range.magnitude * terms * 1.01
            if let bias = node.weights["bias"] {
                guard let range = ValueRange(bias) else { return nil }
                bound += range.magnitude
            }
            return ValueRange(magnitude: bound).flatMap { activation(function, $0) }
        case .depthwiseConv1D, .conv2D, .depthwiseConv2D: return nil
        }
    }

    /// States and outputs of cells whose output is a product of numbers between −1 and 1, or a mean of such.
    mutating func recurrence(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Recurrence, _ first: ValueRange
    ) -> ValueRange? {
        guard node.input(2) == nil, node.input(3) == nil, let kernel = node.weights["kernel"],
            affine(kernel, outputAxis: 1, node.weights["bias"], first) != nil,
            let recurrent = node.weights["recurrentKernel"], ValueRange(recurrent) != nil,
            (try? node.attributes.activation("activation")) == .tanh
        else { return nil }
        if kind != .simpleRNN {
            let gates: [ActivationFunction] = [.sigmoid, .hardSigmoid, .hardSigmoidKeras2]
            guard let gate = try? node.attributes.activation("recurrentActivation"), gates.contains(gate) else {
                return nil
            }
        }
        if let bias = node.weights["recurrentBias"], ValueRange(bias) == nil { return nil }
        // The cell of an LSTM grows by at most 1 with each frame.
        let steps = kind == .lstm ? Double(graph.shape(of: node.input(0) ?? 0).extents.dropFirst().first ?? 1) : 1
        return ValueRange(magnitude: node.outputs.count > 2 ? steps * 1.01 + 1 : 1.01)
    }

    mutating func product(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Product, _ first: ValueRange
    ) -> ValueRange? {
        guard let operand = node.input(1) else { return nil }
        switch kind {
        case .fullyConnected:
            let bias = node.input(2)
            guard let kernel = graph.constant(operand) else { return nil }
            if bias != nil, graph.constant(bias) == nil { return nil }
            return affine(kernel, outputAxis: 0, graph.constant(bias), first)
        case .matmul:
            guard let second = range(of: operand) else { return nil }
            let extents = graph.shape(of: operand).extents.suffix(2)
            guard extents.count == 2, let transposes = try? node.attributes.boolean("transposeSecond"),
                let terms = transposes ? extents.last : extents.first
            else { return nil }
            return ValueRange(magnitude: first.magnitude * second.magnitude * Double(terms) * 1.01)
        }
    }
}

extension ValueRange {
    static var zero: ValueRange { ValueRange(unchecked: 0) }

    private init(unchecked value: Double) {
        lower = value
        upper = value
    }
}
