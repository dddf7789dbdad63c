import EmotionFormerGraph
import EmotionFormerTensors

extension SubgraphImporter {
    private static let binary: [String: Operation] = [
        "POW": .power, "MAXIMUM": .maximum, "MINIMUM": .minimum, "SQUARED_DIFFERENCE": .squaredDifference,
        "FLOOR_DIV": .floorDivide, "FLOOR_MOD": .floorModulo, "EQUAL": .equal, "NOT_EQUAL": .notEqual, "LESS": .less,
        "LESS_EQUAL": .lessEqual, "GREATER": .greater, "GREATER_EQUAL": .greaterEqual, "LOGICAL_AND": .logicalAnd,
        "LOGICAL_OR": .logicalOr,
    ]

    private static let unary: [String: Operation] = [
        "NEG": .negate, "ABS": .absolute, "SQUARE": .square, "SQRT": .squareRoot, "RSQRT": .reciprocalSquareRoot,
        "EXP": .exponential, "LOG": .logarithm, "SIN": .sine, "COS": .cosine, "FLOOR": .floor, "CEIL": .ceiling,
        "ROUND": .round, "SIGN": .sign, "LOGICAL_NOT": .logicalNot, "ZEROS_LIKE": .zerosLike,
    ]

    /// Arithmetic with a fused activation, and the number of its options' type.
    private static let arithmetic: [String: (operation: Operation, options: Int)] = [
        "ADD": (.add, 11), "SUB": (.subtract, 28), "MUL": (.multiply, 21), "DIV": (.divide, 29),
    ]

    /// - Returns: whether the operation is of this family.
    func elementwise(_ reader: OperatorReader) throws(Fault) -> Bool {
        if let (operation, options) = SubgraphImporter.arithmetic[reader.name] {
            try reader.expect(inputs: 2...2)
            let activation = try fusedActivation(try reader.options(options).choice(0))
            try emit(reader, operation, try operands(reader), activation: activation)
        } else if let operation = SubgraphImporter.binary[reader.name] {
            try reader.expect(inputs: 2...2)
            try emit(reader, operation, try operands(reader))
        } else if let operation = SubgraphImporter.unary[reader.name] {
            try reader.expect(inputs: 1...1)
            try emit(reader, operation, try operands(reader))
        } else {
            switch reader.name {
            case "ADD_N": try sum(reader)
            case "SELECT", "SELECT_V2": try select(reader)
            case "CAST":
                try reader.expect(inputs: 1...1)
                guard let type = reader.tensor(reader.outputs[0]).type.elementType else { return false }
                try emit(reader, .cast, try operands(reader), ["to": .text(type.rawValue)])
            default: return false
            }
        }
        return true
    }

    /// The values of all operands, of which none may be absent.
    func operands(_ reader: OperatorReader) throws(Fault) -> [String?] {
        var result: [String?] = []
        for position in reader.operation.inputs.indices { result.append(try value(try reader.input(position))) }
        return result
    }

    private func sum(_ reader: OperatorReader) throws(Fault) {
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
    private func select(_ reader: OperatorReader) throws(Fault) {
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
