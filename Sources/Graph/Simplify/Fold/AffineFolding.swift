import EmotionFormerCore

extension SimplifierPass {
    /// A constant for each column, added to or multiplied with the result of a dense layer, a convolution or a
    /// layerNormalization, joins its weights: a batch normalization, too, which is both.
    static let foldAffine = SimplifierPass("foldAffine", at: .add, .multiply) { rewriter, index, node throws(Fault) in
        guard let input = node.input(0), rewriter.isUsedOnce(input),
            let producer = rewriter.producer(of: input), let layer = rewriter.nodes[producer],
            let constant = node.input(1), let numbers = rewriter.numbers(constant),
            let width = rewriter.shape(of: input).extents.last,
            rewriter.shape(of: input) == rewriter.shape(of: node.outputs[0]),
            let row = rewriter.shape(of: constant).row(numbers, width: width)
        else { return }
        if [.conv2D, .depthwiseConv2D].contains(layer.operation) {
            return try rewriter.fold(row, of: node, at: index, into: producer)
        }
        guard let weights = try layer.weights(with: row, operation: node.operation, width: width) else { return }
        var joined = layer
        joined.weights = weights
        joined.outputs = node.outputs
        rewriter.remove(index)
        rewriter.replace(producer, with: joined)
    }
}

extension GraphRewriter {
    /// For convolutions in two dimensions, whose weights are operands. Quantized weights are not multiplied.
    fileprivate mutating func fold(
        _ row: [Double], of node: TypedGraph.Node, at index: Int, into producer: Int
    ) throws(Fault) {
        guard var layer = nodes[producer], let stored = constant(layer.input(1)) else { return }
        var bias: [Float]?
        if let value = layer.input(2) {
            guard let numbers = numbers(value), numbers.count == row.count else { return }
            bias = numbers
        }
        var kernel = layer.input(1)
        if node.operation == .multiply {
            guard stored.quantization == nil, let numbers = stored.tensor.elements(as: Float.self),
                mayCompute(elementCount: numbers.count)
            else { return }
            // Outputs are the first axis of conv2D's weights and the last one of depthwiseConv2D's.
            let size = layer.operation == .conv2D ? numbers.count / max(row.count, 1) : 1
            guard size > 0 else { return }
            let scaled = numbers.indices.map { Float(Double(numbers[$0]) * row[$0 / size % row.count]) }
            guard scaled.allSatisfy(\.isFinite) else { return }
            kernel = addConstant(named: "\(layer.name)/weights", try Tensor(scaled, shape: stored.tensor.shape))
            bias = bias.map { zip($0, row).map { Float(Double($0) * $1) } }
        } else {
            bias = bias.map { zip($0, row).map { Float(Double($0) + $1) } } ?? row.map { Float($0) }
        }
        guard bias?.allSatisfy(\.isFinite) ?? true else { return }
        layer.inputs = [layer.inputs[0], kernel]
        if let bias { layer.inputs.append(addConstant(named: "\(layer.name)/bias", Tensor(bias))) }
        layer.outputs = node.outputs
        remove(index)
        replace(producer, with: layer)
    }
}

extension Shape {
    /// One number a column from a constant of this shape that is the same for every row.
    fileprivate func row(_ numbers: [Float], width: Int) -> [Double]? {
        if elementCount == 1 { return Array(repeating: Double(numbers[0]), count: width) }
        guard elementCount == width, extents.last == width else { return nil }
        return numbers.map(Double.init)
    }
}

extension TypedGraph.Node {
    /// The weights of a layer with a following multiplication by or addition of a row folded in; nil if that is not
    /// possible.
    fileprivate func weights(
        with row: [Double], operation: Operation, width: Int
    ) throws(Fault) -> [String: StoredTensor]? {
        if self.operation == .layerNormalization { return try normalizationWeights(with: row, operation: operation) }
        guard [.dense, .conv1D, .depthwiseConv1D].contains(self.operation),
            try attributes.activation() == .linear, let kernel = weights["kernel"]
        else { return nil }
        let bias = weights["bias"]?.plainNumbers
        guard (bias == nil) == (weights["bias"] == nil) else { return nil }
        var result = weights
        if operation == .add {
            let sum = bias.map { zip($0, row).map { Float($0 + $1) } } ?? row.map { Float($0) }
            result["bias"] = StoredTensor(Tensor(sum))
            return result
        }
        guard kernel.quantization == nil, let numbers = kernel.tensor.elements(as: Float.self) else { return nil }
        let isOutputFirst = self.operation == .dense && attributes["kernelLayout"] == .text("outputInput")
        let count = isOutputFirst ? numbers.count / max(width, 1) : 1
        let scaled = numbers.indices.map { index in
            Float(Double(numbers[index]) * row[isOutputFirst ? index / max(count, 1) : index % width])
        }
        guard scaled.allSatisfy(\.isFinite) else { return nil }
        result["kernel"] = StoredTensor(try Tensor(scaled, shape: kernel.tensor.shape))
        result["bias"] = bias.map { StoredTensor(Tensor(zip($0, row).map { Float($0 * $1) })) }
        return result
    }

    private func normalizationWeights(
        with row: [Double], operation: Operation
    ) throws(Fault) -> [String: StoredTensor]? {
        guard let axes = try? attributes.integers("axes"), axes.count == 1, normalizesLastAxis else { return nil }
        var result = weights
        let role = operation == .add ? "beta" : "gamma"
        let old = weights[role]?.plainNumbers
        guard (old == nil) == (weights[role] == nil) else { return nil }
        switch (operation, old) {
        case (.add, let old?): result["beta"] = StoredTensor(Tensor(zip(old, row).map { Float($0 + $1) }))
        case (.multiply, _):
            guard weights["beta"] == nil else { return nil }
            result["gamma"] = StoredTensor(
                Tensor(old.map { zip($0, row).map { Float($0 * $1) } } ?? row.map { Float($0) }))
        default: result["beta"] = StoredTensor(Tensor(row.map { Float($0) }))
        }
        return result
    }

    /// Whether the node's only axis is the last one, by its negative name.
    private var normalizesLastAxis: Bool { attributes["axes"] == .integers([-1]) }
}
