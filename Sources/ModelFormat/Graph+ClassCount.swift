import EmotionFormerGraph

extension Graph {
    /// The extent of an output's last axis, if it is known without shape inference.
    func classCount(of output: OutputSpecification, in program: Program) -> Int? {
        if let stated = output.extents?.last { return stated }
        return classCount(of: output.value, in: program)
    }

    /// The node that makes a value, behind the nodes of some operations that pass it on.
    func maker(of value: String, behind operations: Set<EmotionFormerGraph.Operation>) -> Node? {
        var makers: [String: Node] = [:]
        for node in nodes { for output in node.outputs { makers[output] = node } }
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

    /// The extent of a value's last axis, if a layer's weights tell.
    func classCount(of value: String, in program: Program) -> Int? {
        func shape(_ node: Node, _ role: String) -> [Int]? {
            node.weights[role].flatMap { program.tensors[$0]?.tensor.shape.extents }
        }
        let passing: Set<EmotionFormerGraph.Operation> = [
            .softmax, .logSoftmax, .activation, .identity, .clip, .rescaling, .dequantize, .quantize,
            .integerSoftmax, .integerFunction,
        ]
        guard let node = maker(of: value, behind: passing) else { return nil }
        switch node.operation {
        case .dense:
            guard let kernel = shape(node, "kernel"), kernel.count == 2 else { return nil }
            let isTransposed = node.attributes["kernelLayout"] == .text("outputInput")
            return isTransposed ? kernel[0] : kernel[1]
        case .fullyConnected, .integerFullyConnected:
            guard node.inputs.count > 1, let weights = node.inputs[1],
                let constant = maker(of: weights, behind: []), constant.operation == .constant
            else { return nil }
            return shape(constant, "value")?.first
        default: return nil
        }
    }
}
