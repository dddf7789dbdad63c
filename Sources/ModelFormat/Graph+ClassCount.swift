import EmotionFormerGraph

extension Graph {
    /// The number of classes of an output, if it is known without shape inference.
    func classCount(of outputs: ModelPackage.Outputs, in program: Program) -> Int? {
        classCount(of: outputs.probabilities, in: program)
            ?? outputs.logits.flatMap { classCount(of: $0, in: program) }
    }

    /// Whether a value is a sigmoid of each element, looking through nodes that only give it another shape.
    func isSigmoid(_ value: String) -> Bool {
        var makers: [String: Node] = [:]
        for node in nodes { if let output = node.outputs.first { makers[output] = node } }
        var value = value
        // Each step moves to an earlier node, so the number of nodes is a limit.
        for _ in nodes {
            guard let node = makers[value] else { return false }
            switch node.operation {
            case .identity, .reshape, .squeeze, .expandDimensions:
                guard case let input?? = node.inputs.first else { return false }
                value = input
            case .activation: return node.attributes["function"] == .text("sigmoid")
            case .dense, .fullyConnected: return node.attributes["activation"] == .text("sigmoid")
            default: return false
            }
        }
        return false
    }

    private func classCount(of value: String, in program: Program) -> Int? {
        func shape(_ node: Node, _ role: String) -> [Int]? {
            node.weights[role].flatMap { program.tensors[$0]?.tensor.shape.extents }
        }
        var makers: [String: Node] = [:]
        for node in nodes { if let output = node.outputs.first { makers[output] = node } }
        var value = value
        // Each step moves to an earlier node, so the number of nodes is a limit.
        for _ in nodes {
            guard let node = makers[value] else { return nil }
            switch node.operation {
            case .softmax, .logSoftmax, .activation, .identity, .clip, .rescaling:
                guard case let input?? = node.inputs.first else { return nil }
                value = input
            case .dense:
                guard let kernel = shape(node, "kernel"), kernel.count == 2 else { return nil }
                let isTransposed = node.attributes["kernelLayout"] == .text("outputInput")
                return isTransposed ? kernel[0] : kernel[1]
            case .fullyConnected:
                guard node.inputs.count > 1, let weights = node.inputs[1],
                    let constant = makers[weights], constant.operation == .constant
                else { return nil }
                return shape(constant, "value")?.first
            default: return nil
            }
        }
        return nil
    }
}
