import EmotionFormerGraph

extension Graph {
    /// The number of classes of an output, if it is known without shape inference.
    func classCount(of outputs: ModelPackage.Outputs, in program: Program) -> Int? {
        classCount(of: outputs.probabilities, in: program)
            ?? outputs.logits.flatMap { classCount(of: $0, in: program) }
    }

    /// Operations that only give a value another shape.
    static let changesOfShape: Set<EmotionFormerGraph.Operation> = [.identity, .reshape, .squeeze, .expandDimensions]

    /// The node that makes a value, behind the nodes of some operations that pass it on.
    func maker(of value: String, behind operations: Set<EmotionFormerGraph.Operation>) -> Node? {
        var makers: [String: Node] = [:]
        for node in nodes { if let output = node.outputs.first { makers[output] = node } }
        var value = value
        // Each step moves to an earlier node, so the number of nodes is a limit.
        for _ in nodes {
            guard let node = makers[value] else { return nil }
            guard operations.contains(node.operation) else { return node }
            guard case let input?? = node.inputs.first else { return nil }
            value = input
        }
        return nil
    }

    /// Whether a value is a sigmoid of each element, perhaps with another shape.
    func isSigmoid(_ value: String) -> Bool {
        guard let node = maker(of: value, behind: Graph.changesOfShape) else { return false }
        switch node.operation {
        case .activation: return node.attributes["function"] == .text("sigmoid")
        case .dense, .fullyConnected: return node.attributes["activation"] == .text("sigmoid")
        default: return false
        }
    }

    private func classCount(of value: String, in program: Program) -> Int? {
        func shape(_ node: Node, _ role: String) -> [Int]? {
            node.weights[role].flatMap { program.tensors[$0]?.tensor.shape.extents }
        }
        let passing: Set<EmotionFormerGraph.Operation> = [
            .softmax, .logSoftmax, .activation, .identity, .clip, .rescaling,
        ]
        guard let node = maker(of: value, behind: passing) else { return nil }
        switch node.operation {
        case .dense:
            guard let kernel = shape(node, "kernel"), kernel.count == 2 else { return nil }
            let isTransposed = node.attributes["kernelLayout"] == .text("outputInput")
            return isTransposed ? kernel[0] : kernel[1]
        case .fullyConnected:
            guard node.inputs.count > 1, let weights = node.inputs[1],
                let constant = maker(of: weights, behind: []), constant.operation == .constant
            else { return nil }
            return shape(constant, "value")?.first
        default: return nil
        }
    }
}
