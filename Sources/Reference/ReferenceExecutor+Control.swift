import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceExecutor {
    /// A loop ends after `maximumTripCount` rounds, its attribute, as in TensorFlow.
    /// - Throws: `limitExceeded` if the loops of the run exceed the executor's limit of operations.
    func loop(
        _ node: TypedGraph.Node, _ operands: [ReferenceValue], _ budget: LoopBudget
    ) throws(Fault) -> [ReferenceValue] {
        let condition = try Body(node, "condition", self)
        let body = try Body(node, "body", self)
        let end = node.attributes["maximumTripCount"] == nil ? nil : try node.attributes.integer("maximumTripCount")
        var operands = operands
        var rounds = 0
        while true {
            try budget.spend(condition.operations + body.operations)
            guard try condition(operands, budget).first?.elements.first == 1 else { break }
            if let end, rounds >= end { break }
            operands = try body(operands, budget)
            rounds += 1
        }
        return operands
    }

    func branch(
        _ node: TypedGraph.Node, _ operands: [ReferenceValue], _ budget: LoopBudget
    ) throws(Fault) -> [ReferenceValue] {
        let isTrue = operands.first?.elements.first == 1
        return try Body(node, isTrue ? "then" : "else", self)(Array(operands.dropFirst()), budget)
    }

    /// A graph that a control node runs, its constants read once.
    private struct Body {
        private let graph: TypedGraph
        private let constants: [Int: ReferenceValue]
        private let executor: ReferenceExecutor
        /// Elementary operations of one run, without the rounds of nested loops.
        let operations: Int

        init(_ node: TypedGraph.Node, _ role: String, _ executor: ReferenceExecutor) throws(Fault) {
            guard let graph = node.bodies[role] else {
                throw Fault(.missingField, at: "", "the node has no body", expected: role)
            }
            self.graph = graph
            self.executor = executor
            constants = try executor.constants(of: graph)
            operations = graph.nodes.reduce(0) { sum, node in
                node.outputs.reduce(sum + 256) { $0 + graph.values[$1].type.shape.elementCount }
            }
        }

        func callAsFunction(
            _ operands: [ReferenceValue], _ budget: LoopBudget
        ) throws(Fault) -> [ReferenceValue] {
            guard operands.map(\.type) == graph.inputs.map({ graph.values[$0].type }) else {
                throw Fault(.shapeMismatch, at: "graph '\(graph.name)'", "the operands are not those of the graph")
            }
            let values = try executor.execute(graph, inputs: operands, constants: constants, keepsAll: false, budget)
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

/// The remaining budget of operations for all loops of a run.
final class LoopBudget {
    private let maximum: Int
    private var operations: Int

    init(operations: Int) {
        maximum = operations
        self.operations = operations
    }

    func spend(_ count: Int) throws(Fault) {
        guard count <= operations else {
            throw Fault(
                .limitExceeded, at: "", "the loops do not end in time", expected: "at most \(maximum) operations")
        }
        operations -= count
    }
}
