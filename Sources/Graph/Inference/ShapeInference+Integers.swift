import EmotionFormerCore

/// Operations on quantized integers. Whether the quantizations fit each other is checked here as well, so that a model is
/// refused before it runs.
extension ShapeInference {
    /// The element types of quantized values.
    static let quantizedTypes: Set<ElementType> = [.int8, .uint8, .int16]

    static func integer(_ context: NodeContext, _ kind: OperationFamily.Integer) throws(Fault) -> [ValueType] {
        switch kind {
        case .integerFullyConnected: return [try integerFullyConnected(context)]
        case .integerMatmul: return [try integerMatmul(context)]
        case .integerConv2D, .integerDepthwiseConv2D: return [try integerConvolution(context, kind)]
        case .integerPooling2D:
            let type = try context.operand(0, quantizedTypes)
            guard try context.quantization(0) == context.integerOutput(type.elementType).quantization else {
                throw Fault(
                    .unsupportedAttribute, at: "quantization", "the operand and the result have different scales")
            }
            return [ValueType(type.elementType, try pooled(context, type.shape))]
        case .integerArithmetic:
            let type = try context.operands(quantizedTypes)[0].elementType
            _ = try context.integerPair()
            return [ValueType(type, try broadcast(context, 2))]
        case .integerComparison:
            // LiteRT orders int16 numbers of different scales by their integers.
            _ = try context.operands([.int8, .uint8])
            _ = try context.integerComparison()
            return [ValueType(.bool, try broadcast(context, 2))]
        case .integerReduction:
            let type = try reduced(context, quantizedTypes, allowsEmpty: false)
            let count = try context.operand(0).shape.elementCount / max(type.shape.elementCount, 1)
            _ = try context.integerReduction(count: max(count, 1))
            return [type]
        case .integerFunction:
            let input = try context.operand(0, quantizedTypes)
            let target = try context.attributes.elementType("to")
            guard target == input.elementType || context.attributes["function"] == .text("linear") else {
                throw Fault(
                    .elementTypeMismatch, at: "attribute 'to'", "only `linear` changes the element type",
                    found: target.rawValue, expected: input.elementType.rawValue)
            }
            try context.checkIntegerTable()
            return [ValueType(target, input.shape)]
        case .integerSoftmax:
            let input = try context.operand(0, quantizedTypes)
            guard input.shape.rank > 0, input.shape.elementCount > 0 else {
                throw Fault(.shapeMismatch, at: "operand 'input'", "there is no last axis", found: "\(input.shape)")
            }
            _ = try context.integerSoftmax()
            return [input]
        case .integerPrelu:
            let input = try context.operand(0, [.int8, .uint8])
            _ = try context.operand(1, [input.elementType]).shape.strides(broadcastTo: input.shape)
            _ = try context.integerPrelu()
            return [input]
        case .integerLSTM: return try integerLSTM(context)
        }
    }

    /// The bias of an integer product, known before the model runs: int32, or int64 beside int16 numbers.
    private static func requireBias(_ context: NodeContext, _ count: Int) throws(Fault) {
        guard let bias = context.optionalOperand(2) else {
            guard context.operation == .integerFullyConnected else {
                throw Fault(
                    .missingField, at: context.place(2), "LiteRT runs no convolution of integers without a bias")
            }
            return
        }
        let allowed: Set<ElementType> =
            switch (try context.operand(0).elementType, context.operation) {
            case (.int16, .integerFullyConnected): [.int32, .int64]
            case (.int16, _): [.int64]
            default: [.int32]
            }
        try context.require(bias, isOneOf: allowed, at: context.place(2))
        try context.require(bias.shape, equals: [count], at: context.place(2))
        guard context.constant(2) != nil else {
            throw Fault(.unsupportedOperation, at: context.place(2), "a bias must be known before the model runs")
        }
    }

    /// Int8 weights with one scale, or one for each output channel.
    private static func integerWeights(_ context: NodeContext, rank: Int) throws(Fault) -> Shape {
        let type = try context.operand(1, [.int8])
        try context.require(type.shape, hasRank: rank, at: context.place(1))
        _ = try context.integerWeights()
        return type.shape
    }

    private static func integerFullyConnected(_ context: NodeContext) throws(Fault) -> ValueType {
        let input = try context.operand(0, [.int8, .int16])
        let weights = try integerWeights(context, rank: 2)
        try requireBias(context, weights[0])
        _ = try context.integerProduct()
        return ValueType(
            input.elementType,
            try fullyConnected(
                input.shape, weights, keepsDimensions: context.attributes.boolean("keepDimensions")))
    }

    private static func integerMatmul(_ context: NodeContext) throws(Fault) -> ValueType {
        let type = try context.operands([.int8, .int16])[0].elementType
        _ = try context.integerProduct()
        return ValueType(type, try multiplied(context))
    }

    private static func integerConvolution(
        _ context: NodeContext, _ kind: OperationFamily.Integer
    ) throws(Fault) -> ValueType {
        let input = try context.operand(0, [.int8, .int16])
        try context.require(input.shape, hasRank: 4, at: context.place(0))
        let isDepthwise = kind == .integerDepthwiseConv2D
        let weights = try integerWeights(context, rank: 4)
        guard try context.integerWeights().zeroPoint == 0 else {
            throw Fault(.invalidValue, at: context.place(1), "the zero point of the weights is not 0")
        }
        let channels =
            isDepthwise
            ? try depthwiseChannels(context, input.shape, weights) : try channels(context, input.shape, weights)
        try requireBias(context, channels)
        _ = try context.integerProduct()
        return ValueType(
            input.elementType, try output2D(context, input: input.shape, weights: weights, channels: channels))
    }

    private static func integerLSTM(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let input = try context.operand(0, [.int8])
        try context.require(input.shape, hasRank: 3, at: context.place(0))
        let units = try context.operand(1, [.int8]).shape.extents.first ?? 0
        for position in 1..<9 {
            let weights = try context.operand(position, [.int8])
            try context.require(
                weights.shape, equals: [units, position < 5 ? input.shape[2] : units], at: context.place(position))
            guard context.constant(position) != nil else {
                throw Fault(
                    .unsupportedOperation, at: context.place(position), "weights must be known before the model runs")
            }
        }
        for position in 9..<13 {
            let bias = try context.operand(position, [.int32])
            try context.require(bias.shape, equals: [units], at: context.place(position))
            guard context.constant(position) != nil else {
                throw Fault(
                    .unsupportedOperation, at: context.place(position), "a bias must be known before the model runs")
            }
        }
        guard units > 0, input.shape[0] > 0, input.shape[1] > 0 else {
            throw Fault(
                .shapeMismatch, at: "operand 'input'", "there are no steps or no units", found: "\(input.shape)")
        }
        try context.nonNegative("cellClip")
        try context.checkIntegerLSTM()
        _ = try context.integerOutput(.int8)
        let state = try Shape([input.shape[try context.attributes.boolean("timeMajor") ? 1 : 0], units])
        for (position, type) in [(13, ElementType.int8), (14, .int16)] {
            guard let found = context.optionalOperand(position) else { continue }
            try context.require(found, isOneOf: [type], at: context.place(position))
            try context.require(found.shape, equals: state.extents, at: context.place(position))
        }
        return [
            ValueType(.int8, try Shape([input.shape[0], input.shape[1], units])), ValueType(.int8, state),
            ValueType(.int16, state),
        ]
    }
}
