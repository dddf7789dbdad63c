import EmotionFormerCore
import EmotionFormerGraph

/// Variables in loops and branches: each takes what they are as further operands, and gives what they become as further
/// results, so that the order of reads and assignments is that of the data.
extension SubgraphImporter {
    /// Tells the bodies of a loop or branch which variables their handles stand for.
    /// - Parameters:
    ///   - bodies: the subgraphs, and whether each is a loop's condition.
    ///   - firstOperand: the operand that is the bodies' first input.
    /// - Returns: the names of the operator's results, variables last.
    func handOnVariables(
        _ reader: OperatorReader, _ bodies: [(subgraph: Int, isCondition: Bool)], firstOperand: Int
    ) throws(Fault) -> [String] {
        for (body, isCondition) in bodies { try fileVariables.declare(body, isCondition: isCondition) }
        for (position, tensor) in reader.operation.inputs.dropFirst(firstOperand).enumerated() {
            guard tensor != -1, !hasValue(tensor) else { continue }
            let name = try handle(tensor, reader)
            for (body, _) in bodies {
                try fileVariables.declare(name, file.subgraphs[body].inputs[position], subgraph: body)
            }
        }
        for (position, tensor) in reader.outputs.enumerated() where !hasValue(tensor) {
            // A loop gives the handles that it takes.
            guard reader.name == "WHILE", let operand = reader.optionalInput(position), !hasValue(operand) else {
                throw reader.unsupported("chooses among variables, which is not supported", found: reader.place(tensor))
            }
            let name = try handle(operand, reader)
            try fileVariables.declare(name, tensor, subgraph: index)
            for (body, isCondition) in bodies where !isCondition {
                try fileVariables.declare(name, file.subgraphs[body].outputs[position], subgraph: body)
            }
            made(tensor)
        }
        let results = reader.outputs.filter { hasValue($0) }.map { name($0) }
        return results + fileVariables.handedOn.map { claimName("\(reader.name)_\(reader.index)/\($0.text)") }
    }

    /// The operands without handles, variables last.
    func controlOperands(_ reader: OperatorReader) throws(Fault) -> [String?] {
        var operands: [String?] = []
        for position in reader.operation.inputs.indices {
            let tensor = try reader.input(position)
            if hasValue(tensor) { operands.append(try value(tensor)) }
        }
        return operands + fileVariables.handedOn.map { currentValue($0) }
    }

    /// The last results are what the variables have become.
    func setVariables(to results: [String]) {
        for (name, value) in zip(fileVariables.handedOn.reversed(), results.reversed()) {
            variables.current[name] = value
        }
    }

    /// What a body's variables become; nothing for a loop's condition.
    /// - Throws: `unsupportedOperation` if a condition sets one.
    func bodyVariables() throws(Fault) -> [String] {
        guard !isMain else { return [] }
        guard fileVariables.isCondition(index) else { return fileVariables.handedOn.map { currentValue($0) } }
        guard let name = fileVariables.handedOn.first(where: { variables.current[$0] != nil }) else { return [] }
        throw Fault(
            .unsupportedOperation, at: file.place(subgraph: index),
            "a loop's condition sets a variable, which is not supported",
            found: "\(name)")
    }
}
