import EmotionFormerCore

extension ShapeInference {
    static func sequence(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let input = try context.features(0, rank: 3)
        let isTimeMajor = try context.attributes.boolean("timeMajor")
        guard input[isTimeMajor ? 0 : 1] > 0 else {
            throw Fault(.shapeMismatch, at: "operand 'input'", "there are no steps")
        }
        try context.nonNegative("cellClip")
        try context.nonNegative("projectionClip")
        let units = try gateWeights(context, 2, [nil, input[2]])[0]
        // The state is as wide as the projection, where there is one.
        var width = units
        if context.optionalOperand(16) != nil {
            width = try gateWeights(context, 16, [nil, units])[0]
            try context.requireOptional(17, [width])
        } else if context.optionalOperand(17) != nil {
            throw Fault(.invalidValue, at: "operand 'projectionBias'", "a bias without its projection")
        }
        for gate in [3, 4] { _ = try gateWeights(context, gate, [units, input[2]]) }
        for gate in [6, 7, 8] { _ = try gateWeights(context, gate, [units, width]) }
        for bias in [13, 14, 15] {
            _ = try context.operand(bias)
            try context.requireOptional(bias, [units])
        }
        let hasInputGate = context.optionalOperand(1) != nil
        for (index, isPart) in [(5, true), (12, true), (9, context.optionalOperand(10) != nil)] {
            guard (context.optionalOperand(index) != nil) == (hasInputGate && isPart) else {
                throw Fault(
                    .invalidValue, at: context.place(index), "the input gate's operands are not all given or all absent"
                )
            }
        }
        guard (context.optionalOperand(10) != nil) == (context.optionalOperand(11) != nil) else {
            throw Fault(.invalidValue, at: context.place(11), "the peepholes are not all given or all absent")
        }
        if hasInputGate {
            _ = try gateWeights(context, 1, [units, input[2]])
            _ = try gateWeights(context, 5, [units, width])
            try context.requireOptional(12, [units])
        }
        for peephole in [9, 10, 11] where context.optionalOperand(peephole) != nil {
            _ = try gateWeights(context, peephole, [units])
        }
        let batch = input[isTimeMajor ? 1 : 0]
        try context.requireOptional(18, [batch, width])
        try context.requireOptional(19, [batch, units])
        return [
            ValueType(.float32, try Shape([input[0], input[1], width])),
            ValueType(.float32, try Shape([batch, width])), ValueType(.float32, try Shape([batch, units])),
        ]
    }

    /// The extents of a gate's weights, which are float32, or int8 with one scale, as all the others are.
    private static func gateWeights(_ context: NodeContext, _ index: Int, _ expected: [Int?]) throws(Fault) -> [Int] {
        let type = try context.operand(index, [.float32, .int8])
        let place = context.place(index)
        try context.require(type, isOneOf: [context.operand(2).elementType], at: place)
        try context.require(type.shape, hasRank: expected.count, at: place)
        try context.require(
            type.shape, equals: zip(expected, type.shape.extents).map { $0 ?? $1 }, at: place)
        guard type.shape.elementCount > 0 || expected.last == 0 else {
            throw Fault(.shapeMismatch, at: place, "the weights are empty", found: "\(type.shape)")
        }
        if type.elementType == .int8 { try context.requireDynamicRange(context.constant(index), axis: nil, at: place) }
        return type.shape.extents
    }
}
