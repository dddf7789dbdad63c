import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface

extension StepBuilder {
    mutating func appendDense(_ node: TypedGraph.Node) throws(Fault) {
        let output = try output(node)
        try append(
            DenseStep(
                name: node.name, input: operand(node, 0), parts: [part(node)],
                ending: ProductEnding(activation: node.attributes.activation()), output: output))
    }

    /// The kernel and bias of a `dense` node.
    func part(_ node: TypedGraph.Node) throws(Fault) -> DenseStep.Part {
        guard let kernel = node.weights["kernel"] else {
            throw Fault(.missingField, at: node.place, "the kernel is absent")
        }
        return DenseStep.Part(
            kernel: kernel, isOutputMajor: try node.attributes.text("kernelLayout") == "outputInput",
            bias: node.weights["bias"])
    }

    /// TensorFlow Lite's dense layer: with constant weights a `DenseStep`, otherwise a product of two values.
    mutating func appendFullyConnected(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let weights = try operand(node, 1)
        let output = try output(node)
        try requireFloat(input, node)
        let bias = node.input(2)
        if let kernel = graph.values[weights].constant, bias.map({ graph.values[$0].constant != nil }) ?? true {
            let part = DenseStep.Part(
                kernel: kernel, isOutputMajor: true, bias: bias.flatMap { graph.values[$0].constant })
            var dense = DenseStep(name: node.name, input: input, parts: [part], output: output)
            let isAsymmetric = try node.attributes.boolean("asymmetricQuantizeInputs")
            dense.isSymmetric = part.isQuantized && !isAsymmetric
            dense.rule = try node.attributes.integerRule() == .xnnpack ? .xnnpack : .builtin
            try append(dense)
            return
        }
        try requireFloat(weights, node)
        let n = shape(weights)[0]
        let k = shape(weights)[1]
        let rows = k == 0 ? 0 : shape(input).elementCount / k
        append(
            product(
                node, first: input, second: weights, output: output,
                batches: [MatrixBatch(first: 0, second: 0, output: 0)],
                MatrixExtents(m: rows, k: k, n: n, transposesFirst: false, transposesSecond: true), bias: bias))
    }
}
