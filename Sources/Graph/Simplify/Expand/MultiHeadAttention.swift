import EmotionFormerCore

extension SimplifierPass {
    /// multiHeadAttention → dense (query), dense (key), dense (value), attention, dense (output).
    static let expandMultiHeadAttention = SimplifierPass("expandMultiHeadAttention", at: .multiHeadAttention) {
        rewriter, index, node throws(Fault) in
        guard let expansion = try MultiHeadAttentionExpansion(node, rewriter) else { return }
        expansion.write(to: &rewriter, at: index)
    }
}

/// The parts of one multiHeadAttention node, its kernels as matrices.
private struct MultiHeadAttentionExpansion {
    private struct Projection {
        let kernel: Tensor
        let bias: Tensor?
        let input: Int
        let type: ValueType

        var weights: [String: StoredTensor] {
            var weights = ["kernel": StoredTensor(kernel)]
            weights["bias"] = bias.map { StoredTensor($0) }
            return weights
        }
    }

    private let node: TypedGraph.Node
    private let query: Projection
    private let key: Projection
    private let value: Projection
    private let outputWeights: [String: StoredTensor]
    private let attributes: Attributes

    /// nil for quantized kernels, whose scales a joined matrix of all heads cannot always keep.
    init?(_ node: TypedGraph.Node, _ rewriter: GraphRewriter) throws(Fault) {
        guard node.weights.values.allSatisfy({ $0.quantization == nil && $0.tensor.elementType.isFloatingPoint })
        else { return nil }
        func projection(_ name: String, operand: Int) throws(Fault) -> Projection? {
            guard let kernel = node.weights["\(name)Kernel"]?.tensor, kernel.shape.rank == 3,
                let input = node.input(operand), rewriter.shape(of: input).rank == 3
            else { return nil }
            let columns = kernel.shape[1] &* kernel.shape[2]
            let shape = rewriter.shape(of: input)
            return Projection(
                kernel: try kernel.reshaped(to: Shape([kernel.shape[0], columns])),
                bias: try node.weights["\(name)Bias"]?.tensor.reshaped(to: Shape([columns])), input: input,
                type: ValueType(.float32, try Shape([shape[0], shape[1], columns])))
        }
        guard let query = try projection("query", operand: 0), let key = try projection("key", operand: 1),
            let value = try projection("value", operand: 2), let output = node.weights["outputKernel"]?.tensor,
            output.shape.rank == 3
        else { return nil }
        self.node = node
        self.query = query
        self.key = key
        self.value = value
        let rows = output.shape[0] &* output.shape[1]
        var outputWeights = ["kernel": StoredTensor(try output.reshaped(to: Shape([rows, output.shape[2]])))]
        outputWeights["bias"] = node.weights["outputBias"]
        self.outputWeights = outputWeights
        let keyDimension = try node.attributes.integer("keyDimension")
        let scale = try node.attributes.optionalNumber("scale") ?? 1 / Double(keyDimension).squareRoot()
        attributes = [
            "headCount": .integer(try node.attributes.integer("headCount")),
            "causal": .boolean(try node.attributes.boolean("causal")), "scale": .number(scale),
        ]
    }

    func write(to rewriter: inout GraphRewriter, at index: Int) {
        rewriter.remove(index)
        func project(_ projection: Projection, _ name: String) -> Int {
            rewriter.insert(
                .dense, name: "\(node.name)/\(name)", inputs: [projection.input], type: projection.type,
                weights: projection.weights)
        }
        let operands = [project(query, "query"), project(key, "key"), project(value, "value"), node.input(3)]
        let columns = value.type.shape[2]
        let shape = Shape(unchecked: [query.type.shape[0], query.type.shape[1], columns])
        let context = rewriter.addValue(named: "\(node.name)/attention", ValueType(.float32, shape))
        let scores = node.outputs.dropFirst().filter { rewriter.isUsed($0) }
        rewriter.insert(
            .attention, name: "\(node.name)/attention", inputs: operands, making: [context] + scores,
            attributes: attributes)
        rewriter.insert(
            .dense, name: "\(node.name)/output", inputs: [context], making: [node.outputs[0]], weights: outputWeights)
    }
}
