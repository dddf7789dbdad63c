import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let elementwiseNames: [String: Operation] = [
        "ADD": .add, "SUB": .subtract, "MUL": .multiply, "DIV": .divide, "FLOOR_DIV": .floorDivide,
        "FLOOR_MOD": .floorModulo, "POW": .power, "MAXIMUM": .maximum, "MINIMUM": .minimum,
        "SQUARED_DIFFERENCE": .squaredDifference, "EQUAL": .equal, "NOT_EQUAL": .notEqual, "LESS": .less,
        "LESS_EQUAL": .lessEqual, "GREATER": .greater, "GREATER_EQUAL": .greaterEqual, "LOGICAL_AND": .logicalAnd,
        "LOGICAL_OR": .logicalOr, "LOGICAL_NOT": .logicalNot, "NEG": .negate, "ABS": .absolute, "SQUARE": .square,
        "SQRT": .squareRoot, "RSQRT": .reciprocalSquareRoot, "EXP": .exponential, "LOG": .logarithm, "SIN": .sine,
        "COS": .cosine, "FLOOR": .floor, "CEIL": .ceiling, "ROUND": .round, "SIGN": .sign,
    ]

    func arithmetic(
        _ reader: OperatorReader, _ operation: Operation, _ kind: OperationFamily.Arithmetic
    ) throws(Fault) {
        switch kind {
        case .add: try withActivation(reader, operation, options: 11)
        case .subtract: try withActivation(reader, operation, options: 28)
        case .multiply: try withActivation(reader, operation, options: 21)
        case .divide: try withActivation(reader, operation, options: 29)
        case .floorDivide, .floorModulo, .power, .maximum, .minimum, .squaredDifference:
            try plain(reader, operation, operandCount: 2)
        }
    }

    /// - Parameter options: the number of the options' type.
    private func withActivation(_ reader: OperatorReader, _ operation: Operation, options: Int) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let activation = try fusedActivation(try reader.options(options).choice(0))
        try emit(reader, operation, try operands(reader), activation: activation)
    }

    /// The values of all operands, of which none may be absent.
    func operands(_ reader: OperatorReader) throws(Fault) -> [String?] {
        var result: [String?] = []
        for position in reader.operation.inputs.indices { result.append(try value(try reader.input(position))) }
        return result
    }

    func sum(_ reader: OperatorReader) throws(Fault) {
        let operands = try operands(reader)
        try reader.expect(inputs: 1...max(1, operands.count))
        guard operands.count > 1 else { return try emit(reader, .identity, operands) }
        var total = operands[0]
        for (position, operand) in operands.enumerated().dropFirst() {
            let isLast = position == operands.count - 1
            let value = isLast ? name(reader.outputs[0]) : intermediate(of: reader.outputs[0], "sum")
            emit(reader, .add, [total, operand], outputs: [value], step: isLast ? "" : "\(position)")
            total = value
        }
    }

    /// The older SELECT may have a vector as its condition, which then chooses along the first axis of the others.
    func select(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 3...3)
        var operands = try operands(reader)
        let condition = reader.tensor(try reader.input(0)).shape
        let rank = reader.tensor(try reader.input(1)).shape.count
        if reader.name == "SELECT", condition.count == 1, condition[0] != 1, rank > 1 {
            let column = intermediate(of: reader.outputs[0], "condition")
            let shape = condition + [Int](repeating: 1, count: rank - 1)
            emit(reader, .reshape, [operands[0]], outputs: [column], ["shape": .integers(shape)], step: "condition")
            operands[0] = column
        }
        try emit(reader, .select, operands)
    }
}
