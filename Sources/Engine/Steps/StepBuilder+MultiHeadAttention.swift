import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    /// A whole attention layer: three projections, attention, and the projection of the output.
    ///
    /// Only for plans without the simplifier, which makes separate nodes of these parts.
    mutating func appendMultiHeadAttention(_ node: TypedGraph.Node) throws(Fault) {
        let headCount = try node.attributes.integer("headCount")
        let query = try projection(node, "query", operand: 0)
        let key = try projection(node, "key", operand: 1)
        let value = try projection(node, "value", operand: 2)
        guard let kernel = node.weights["outputKernel"]?.tensor, kernel.elementType == .float32, kernel.shape.rank == 3,
            headCount > 0
        else { throw unsupported(node, "the output's kernel is absent or not float32") }
        let (queries, columns) = (shape(query), shape(value)[2])
        let context = addValue(
            named: "\(node.name)/attention", ValueType(.float32, try Shape([queries[0], queries[1], columns])))
        let usualScale = 1 / Double(try node.attributes.integer("keyDimension")).squareRoot()
        try append(
            AttentionStep(
                name: "\(node.name)/attention",
                query: AttentionStep.Columns(value: query, columnOffset: 0, rowStride: queries[2]),
                key: AttentionStep.Columns(value: key, columnOffset: 0, rowStride: queries[2]),
                value: AttentionStep.Columns(value: value, columnOffset: 0, rowStride: columns),
                mask: node.input(3), output: context, scores: node.outputs.count > 1 ? node.outputs[1] : nil,
                batchCount: queries[0], queryCount: queries[1], keyCount: shape(value)[1], headCount: headCount,
                keyDimension: queries[2] / headCount, valueDimension: columns / headCount,
                scale: Float(try node.attributes.optionalNumber("scale") ?? usualScale),
                isCausal: try node.attributes.boolean("causal")))
        let flat = StoredTensor(try kernel.reshaped(to: Shape([kernel.shape[0] * kernel.shape[1], kernel.shape[2]])))
        try append(
            DenseStep(
                name: "\(node.name)/output", input: context,
                parts: [DenseStep.Part(kernel: flat, isOutputMajor: false, bias: node.weights["outputBias"])],
                output: output(node)))
    }

    /// Appends the product of an operand with the kernels of all heads, side by side; the value it makes.
    private mutating func projection(_ node: TypedGraph.Node, _ role: String, operand index: Int) throws(Fault) -> Int {
        let input = try operand(node, index)
        try requireFloat(input, node)
        guard let kernel = node.weights["\(role)Kernel"]?.tensor, kernel.elementType == .float32,
            kernel.shape.rank == 3, shape(input).rank == 3
        else { throw unsupported(node, "the \(role)'s kernel is absent or not float32", found: "\(shape(input))") }
        let columns = kernel.shape[1] * kernel.shape[2]
        let result = addValue(
            named: "\(node.name)/\(role)",
            ValueType(.float32, try Shape([shape(input)[0], shape(input)[1], columns])))
        let flat = StoredTensor(try kernel.reshaped(to: Shape([kernel.shape[0], columns])))
        let bias = try node.weights["\(role)Bias"]?.tensor.reshaped(to: Shape([columns]))
        try append(
            DenseStep(
                name: "\(node.name)/\(role)", input: input,
                parts: [DenseStep.Part(kernel: flat, isOutputMajor: false, bias: bias.map { StoredTensor($0) })],
                output: result))
        return result
    }
}
