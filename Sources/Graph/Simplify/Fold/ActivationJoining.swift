import EmotionFormerTensors

extension SimplifierPass {
    /// dense or a convolution, then an activation without parameters → one layer.
    static let joinActivations = SimplifierPass("joinActivations") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .activation) {
            guard let node = rewriter.nodes[index], let function = node.parameterlessFunction,
                let input = node.input(0),
                rewriter.isUsedOnce(input), let producer = rewriter.producer(of: input),
                var layer = rewriter.nodes[producer],
                [.dense, .conv1D, .depthwiseConv1D].contains(layer.operation),
                try layer.attributes.activation() == .linear
            else { continue }
            layer.attributes["activation"] = .text(function.rawValue)
            layer.outputs = node.outputs
            rewriter.remove(index)
            rewriter.replace(producer, with: layer)
        }
    }
}
