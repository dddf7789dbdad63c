import EmotionFormerTensors

extension SimplifierPass {
    /// A converter folds gamma and beta into the dense layers after a normalization, and keeps multiply and add for the
    /// residual connection. This pass divides them out again, so that all use one layerNormalization with gamma and
    /// beta.
    static let unfoldScale = SimplifierPass("unfoldScale", at: .layerNormalization) {
        rewriter, index, _ throws(Fault) in
        guard let scale = FoldedScale(rewriter, normalization: index) else { return }
        scale.unfold(in: &rewriter)
    }
}

/// gamma and beta that are applied after a normalization for some users, and folded into the weights of the others.
private struct FoldedScale {
    private let gamma: [Double]
    private let beta: [Double]
    /// The value gamma · normalized + beta.
    private let scaled: Int
    private let layers: [Int]

    init?(_ rewriter: GraphRewriter, normalization index: Int) {
        guard let node = rewriter.nodes[index], node.weights.isEmpty, node.attributes["axes"] == .integers([-1]),
            let value = node.outputs.first, !rewriter.isGraphOutput(value)
        else { return nil }
        let consumers = rewriter.consumers(of: value)
        let products = consumers.filter { rewriter.nodes[$0]?.operation == .multiply }
        let layers = consumers.filter { rewriter.nodes[$0]?.operation == .dense }
        guard products.count == 1, !layers.isEmpty, layers.count + 1 == consumers.count,
            let product = rewriter.nodes[products[0]], let gamma = FoldedScale.row(rewriter, product, of: value),
            gamma.allSatisfy({ abs($0) >= Double(Float.leastNormalMagnitude) })
        else { return nil }
        self.gamma = gamma
        self.layers = layers
        if let sum = rewriter.onlyConsumer(of: product.outputs[0]), sum.operation == .add,
            let beta = FoldedScale.row(rewriter, sum, of: product.outputs[0])
        {
            self.beta = beta
            scaled = sum.outputs[0]
        } else {
            beta = Array(repeating: 0, count: gamma.count)
            scaled = product.outputs[0]
        }
    }

    /// One number a column, if the node's other operand is such a constant.
    private static func row(_ rewriter: GraphRewriter, _ node: TypedGraph.Node, of value: Int) -> [Double]? {
        guard node.input(0) == value, let constant = node.input(1), let width = rewriter.shape(of: value).extents.last,
            rewriter.shape(of: constant).extents.last == width, rewriter.shape(of: constant).elementCount == width,
            rewriter.shape(of: node.outputs[0]) == rewriter.shape(of: value)
        else { return nil }
        return rewriter.numbers(constant)?.map(Double.init)
    }

    func unfold(in rewriter: inout GraphRewriter) {
        var unfolded: [(index: Int, node: TypedGraph.Node)] = []
        for index in layers {
            guard var node = rewriter.nodes[index], let kernel = node.weights["kernel"], kernel.quantization == nil,
                kernel.tensor.shape.rank == 2, rewriter.mayCompute(elementCount: kernel.tensor.shape.elementCount),
                kernel.tensor.elementType == .float32
            else { return }
            let isOutputFirst = node.attributes["kernelLayout"] == .text("outputInput")
            let columns = kernel.tensor.shape[isOutputFirst ? 0 : 1]
            var bias = [Double](repeating: 0, count: columns)
            if let stored = node.weights["bias"] {
                guard let own = stored.plainNumbers, own.count == columns else { return }
                bias = own
            }
            guard kernel.tensor.shape.elementCount == columns * gamma.count else { return }
            let divided = divided(kernel.tensor, columns: columns, isOutputFirst: isOutputFirst, &bias)
            let offsets = bias.map { Float($0) }
            guard let divided, offsets.allSatisfy(\.isFinite) else { return }
            node.weights["kernel"] = StoredTensor(divided)
            node.weights["bias"] = StoredTensor(Tensor(offsets))
            node.inputs[0] = scaled
            unfolded.append((index, node))
        }
        for layer in unfolded { rewriter.replace(layer.index, with: layer.node) }
    }

    /// The kernel with each row divided by its gamma; `bias` loses beta times it. nil if an element is not finite then.
    ///
    /// Models have millions of elements, so it works on memory without checks.
    private func divided(_ kernel: Tensor, columns: Int, isOutputFirst: Bool, _ bias: inout [Double]) -> Tensor? {
        let rows = gamma.count
        let (rowStride, columnStride) = isOutputFirst ? (1, rows) : (columns, 1)
        var isFinite = true
        let result = Tensor(.float32, kernel.shape) { bytes in
            let output = bytes.bindMemory(to: Float.self)
            kernel.withUnsafeBytes { bytes in
                let input = bytes.bindMemory(to: Float.self)
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                gamma.withUnsafeBufferPointer { gamma in
                    beta.withUnsafeBufferPointer { beta in
                        for column in 0..<columns {
                            var offset = bias[column]
                            for row in 0..<rows {
                                let position = row &* rowStride &+ column &* columnStride
                                let number = Double(from[position]) / gamma[row]
                                let rounded = Float(number)
                                to[position] = rounded
                                isFinite = isFinite && rounded.isFinite
                                offset -= beta[row] * number
                            }
                            bias[column] = offset
                        }
                    }
                }
            }
        }
        return isFinite ? result : nil
    }
}
