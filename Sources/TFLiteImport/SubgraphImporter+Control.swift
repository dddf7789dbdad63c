import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let controlNames: [String: Operation] = ["WHILE": .while, "IF": .if]

    func control(_ reader: OperatorReader, _ kind: OperationFamily.Control) throws(Fault) {
        switch kind {
        case .while: try loop(reader)
        case .if: try branch(reader)
        }
    }

    private func loop(_ reader: OperatorReader) throws(Fault) {
        let bodies = try file.calls(of: reader.operation)
        let count = reader.operation.inputs.count
        try reader.expect(inputs: 1...max(1, count), outputs: count)
        try check(bodies[0], inputs: count, outputs: 1)
        try check(bodies[1], inputs: count, outputs: count)
        try handOnLists(reader, bodies)
        let results = try handOnVariables(reader, [(bodies[0], true), (bodies[1], false)], firstOperand: 0)
        emit(
            reader, .while, try controlOperands(reader), outputs: results,
            ["condition": .text(graphNames[bodies[0]]), "body": .text(graphNames[bodies[1]])])
        setVariables(to: results)
    }

    /// The lists among a loop's operands are lists for its condition and its body, and among its results.
    private func handOnLists(_ reader: OperatorReader, _ bodies: [Int]) throws(Fault) {
        for (position, tensor) in reader.operation.inputs.enumerated() where tensor != -1 {
            let (condition, body) = (file.subgraphs[bodies[0]], file.subgraphs[bodies[1]])
            let isList = [
                reader.tensor(tensor), reader.tensor(reader.outputs[position]),
                condition.tensors[condition.inputs[position]], body.tensors[body.inputs[position]],
                body.tensors[body.outputs[position]],
            ].map { $0.type == .variant }
            guard isList.contains(true) else { continue }
            guard !isList.contains(false), let list = list(tensor) else {
                throw Fault(
                    .elementTypeMismatch, at: reader.place(tensor),
                    "a tensor list does not stay one through the loop, or nothing made it")
            }
            try lists.declare(list, reader.outputs[position], subgraph: index)
            try lists.declare(list, condition.inputs[position], subgraph: bodies[0])
            try lists.declare(list, body.inputs[position], subgraph: bodies[1])
        }
    }

    private func branch(_ reader: OperatorReader) throws(Fault) {
        let bodies = try file.calls(of: reader.operation)
        let count = reader.operation.inputs.count
        try reader.expect(inputs: 1...max(1, count), outputs: reader.outputs.count)
        for body in bodies { try check(body, inputs: count - 1, outputs: reader.outputs.count) }
        let results = try handOnVariables(reader, bodies.map { ($0, false) }, firstOperand: 1)
        emit(
            reader, .if, try controlOperands(reader), outputs: results,
            ["then": .text(graphNames[bodies[0]]), "else": .text(graphNames[bodies[1]])])
        setVariables(to: results)
    }

    private func check(_ target: Int, inputs: Int, outputs: Int) throws(Fault) {
        let subgraph = file.subgraphs[target]
        guard subgraph.inputs.count == inputs, subgraph.outputs.count == outputs else {
            throw Fault(
                .shapeMismatch, at: "", "\(file.place(subgraph: target)) does not fit the operator that runs it",
                found: "\(subgraph.inputs.count) inputs and \(subgraph.outputs.count) outputs",
                expected: "\(inputs) and \(outputs)")
        }
    }
}
