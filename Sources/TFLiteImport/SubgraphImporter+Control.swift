import EmotionFormerGraph
import EmotionFormerTensors

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
        emit(
            reader, .while, try operands(reader), outputs: reader.outputs.map { name($0) },
            ["condition": .text(graphNames[bodies[0]]), "body": .text(graphNames[bodies[1]])])
    }

    private func branch(_ reader: OperatorReader) throws(Fault) {
        let bodies = try file.calls(of: reader.operation)
        let count = reader.operation.inputs.count
        try reader.expect(inputs: 1...max(1, count), outputs: reader.outputs.count)
        for body in bodies { try check(body, inputs: count - 1, outputs: reader.outputs.count) }
        emit(
            reader, .if, try operands(reader), outputs: reader.outputs.map { name($0) },
            ["then": .text(graphNames[bodies[0]]), "else": .text(graphNames[bodies[1]])])
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
