import EmotionFormerGraph
import EmotionFormerTensors

extension ReferenceExecutor {
    /// A loop that has gone round `maximumTripCount` times, its attribute, is at its end, as TensorFlow's is.
    /// - Throws: `limitExceeded` if the condition still holds after as many rounds as the executor allows.
    func loop(_ node: TypedGraph.Node, _ operands: [ReferenceValue]) throws(Fault) -> [ReferenceValue] {
        let condition = try Body(node, "condition", self)
        let body = try Body(node, "body", self)
        let end = node.attributes["maximumTripCount"] == nil ? nil : try node.attributes.integer("maximumTripCount")
        var operands = operands
        var rounds = 0
        while try condition(operands).first?.elements.first == 1 {
            if let end, rounds >= end { break }
            guard rounds < maximumTripCount else {
                throw Fault(
                    .limitExceeded, at: "", "the loop does not end", expected: "at most \(maximumTripCount) rounds")
            }
            operands = try body(operands)
            rounds += 1
        }
        return operands
    }

    func branch(_ node: TypedGraph.Node, _ operands: [ReferenceValue]) throws(Fault) -> [ReferenceValue] {
        let isTrue = operands.first?.elements.first == 1
        return try Body(node, isTrue ? "then" : "else", self)(Array(operands.dropFirst()))
    }

    /// A graph that a control node runs, its constants read once.
    private struct Body {
        private let graph: TypedGraph
        private let constants: [Int: ReferenceValue]
        private let executor: ReferenceExecutor

        init(_ node: TypedGraph.Node, _ role: String, _ executor: ReferenceExecutor) throws(Fault) {
            guard let graph = node.bodies[role] else {
                throw Fault(.missingField, at: "", "the node has no body", expected: role)
            }
            self.graph = graph
            self.executor = executor
            constants = try executor.constants(of: graph)
        }

        func callAsFunction(_ operands: [ReferenceValue]) throws(Fault) -> [ReferenceValue] {
            guard operands.map(\.type) == graph.inputs.map({ graph.values[$0].type }) else {
                throw Fault(.shapeMismatch, at: "graph '\(graph.name)'", "the operands are not those of the graph")
            }
            let values = try executor.execute(graph, inputs: operands, constants: constants, keepsAll: false)
            var outputs: [ReferenceValue] = []
            for output in graph.outputs {
                guard let value = values[output] else {
                    throw Fault(.unknownName, at: "graph '\(graph.name)'", "nothing makes an output")
                }
                outputs.append(value)
            }
            return outputs
        }
    }
}
