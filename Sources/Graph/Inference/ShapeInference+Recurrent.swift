import EmotionFormerCore

extension ShapeInference {
    static func recurrence(_ context: NodeContext, _ kind: OperationFamily.Recurrence) throws(Fault) -> [ValueType] {
        let gates: Int
        let states: Int
        switch kind {
        case .lstm:
            (gates, states) = (4, 2)
            try context.nonNegative("cellClip")
        case .gru: (gates, states) = (3, 1)
        case .simpleRNN: (gates, states) = (1, 1)
        }
        let input = try context.features(0, rank: 3)
        guard input[1] > 0 else { throw Fault(.shapeMismatch, at: "operand 'input'", "there are no steps") }
        let units = try context.positive("units")
        let columns = try Extent.product(gates, units)
        try context.requireWeight("kernel", [input[2], columns])
        try context.requireWeight("recurrentKernel", [units, columns])
        try context.requireOptionalWeight("bias", [columns])
        if context.weights["recurrentBias"] != nil, try !context.attributes.boolean("resetAfter") {
            throw Fault(.invalidValue, at: "weight 'recurrentBias'", "the bias belongs to resetAfter only")
        }
        try context.requireOptionalWeight("recurrentBias", [columns])
        try context.requireMask(1, [input[0], input[1]])
        for state in 0..<states { try context.requireOptional(2 + state, [input[0], units]) }
        let state = ValueType(.float32, try Shape([input[0], units]))
        let sequence = ValueType(.float32, try Shape([input[0], input[1], units]))
        let output = try context.attributes.boolean("returnSequences") ? sequence : state
        return [output] + Array(repeating: state, count: states)
    }
}
