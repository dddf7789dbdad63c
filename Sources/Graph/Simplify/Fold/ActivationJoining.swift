import EmotionFormerCore

extension SimplifierPass {
    /// dense or a convolution, then an activation without parameters → one layer.
    static let joinActivations = SimplifierPass("joinActivations", at: .activation) {
        rewriter, index, node throws(Fault) in
        guard let function = node.parameterlessFunction, let input = node.input(0), rewriter.isUsedOnce(input),
            let producer = rewriter.producer(of: input), var layer = rewriter.nodes[producer],
            [.dense, .conv1D, .depthwiseConv1D].contains(layer.operation),
            try layer.attributes.activation() == .linear
        else { return }
        layer.attributes["activation"] = .text(function.rawValue)
        layer.outputs = node.outputs
        rewriter.remove(index)
        rewriter.replace(producer, with: layer)
    }
}
