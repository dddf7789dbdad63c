import EmotionFormerCore

extension SimplifierPass {
    /// batchNormalization → multiply and add with a constant a channel, computed in double.
    static let expandBatchNormalization = SimplifierPass("expandBatchNormalization", at: .batchNormalization) {
        rewriter, index, node throws(Fault) in
        guard let input = node.input(0), let mean = node.weights["mean"]?.plainNumbers,
            let variance = node.weights["variance"]?.plainNumbers
        else { return }
        let shape = rewriter.shape(of: input)
        let axis = try shape.axis(try node.attributes.integer("axis"))
        let channels = shape[axis]
        let gamma = node.weights["gamma"].map(\.plainNumbers) ?? Array(repeating: 1, count: channels)
        let beta = node.weights["beta"].map(\.plainNumbers) ?? Array(repeating: 0, count: channels)
        guard let gamma, let beta, [mean, variance, gamma, beta].allSatisfy({ $0.count == channels }) else {
            return
        }
        let epsilon = try node.attributes.number("epsilon")
        let factors = (0..<channels).map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
        let offsets = (0..<channels).map { beta[$0] - mean[$0] * factors[$0] }
        guard (factors + offsets).allSatisfy(\.isFinite) else { return }
        let extents = try Shape([channels] + Array(repeating: 1, count: shape.rank - 1 - axis))
        rewriter.remove(index)
        let factor = rewriter.addConstant(
            named: "\(node.name)/factor", try Tensor(factors.map(Float.init), shape: extents))
        let offset = rewriter.addConstant(
            named: "\(node.name)/offset", try Tensor(offsets.map(Float.init), shape: extents))
        let scaled = rewriter.insert(
            .multiply, name: "\(node.name)/scaled", inputs: [input, factor], type: rewriter.type(of: input))
        rewriter.insert(.add, name: node.name, inputs: [scaled, offset], making: node.outputs)
    }
}
