import EmotionFormerCore

extension ShapeInference {
    /// The element types of arithmetic.
    static let arithmeticTypes: Set<ElementType> = [.float32, .int32, .int64]

    static func arithmetic(_ context: NodeContext) throws(Fault) -> [ValueType] {
        [ValueType(try context.operands(arithmeticTypes)[0].elementType, try broadcast(context, 2))]
    }

    static func comparison(_ context: NodeContext, _ kind: OperationFamily.Comparison) throws(Fault) -> [ValueType] {
        switch kind {
        case .less, .lessEqual, .greater, .greaterEqual: _ = try context.operands(arithmeticTypes)
        case .equal, .notEqual: _ = try context.operands(arithmeticTypes.union([.bool]))
        }
        return [ValueType(.bool, try broadcast(context, 2))]
    }

    static func logic(_ context: NodeContext, _ kind: OperationFamily.Logic) throws(Fault) -> [ValueType] {
        _ = try context.operands([.bool])
        switch kind {
        case .logicalAnd, .logicalOr: return [ValueType(.bool, try broadcast(context, 2))]
        case .logicalNot: return [try context.operand(0)]
        }
    }

    static func function(_ context: NodeContext, _ kind: OperationFamily.Function) throws(Fault) -> [ValueType] {
        switch kind {
        case .negate, .absolute, .square, .sign: [try context.operand(0, arithmeticTypes)]
        case .squareRoot, .reciprocalSquareRoot, .exponential, .logarithm, .sine, .cosine, .floor, .ceiling, .round,
            .errorFunction:
            [try context.operand(0, [.float32])]
        }
    }

    static func pointwise(_ context: NodeContext, _ kind: OperationFamily.Pointwise) throws(Fault) -> [ValueType] {
        switch kind {
        case .activation:
            let input = try context.operand(0, [.float32])
            try checkParameters(context)
            return [input]
        case .rescaling:
            return [ValueType(.float32, try context.operand(0, numbers).shape)]
        case .prelu:
            let input = try context.operand(0, [.float32])
            let alpha = try context.operand(1, [.float32])
            do throws(Fault) {
                _ = try alpha.shape.strides(broadcastTo: input.shape)
            } catch {
                throw error.within("operand 'alpha'")
            }
            return [input]
        case .select:
            _ = try context.operand(0, [.bool])
            let first = try context.operand(1)
            _ = try context.operand(2, [first.elementType])
            return [ValueType(first.elementType, try broadcast(context, 3))]
        case .clip: return [try clip(context)]
        }
    }

    static func broadcast(_ context: NodeContext, _ count: Int) throws(Fault) -> Shape {
        var shape = try context.operand(0).shape
        for index in 1..<count { shape = try Shape.broadcast(shape, context.operand(index).shape) }
        return shape
    }

    private static func clip(_ context: NodeContext) throws(Fault) -> ValueType {
        let input = try context.operand(0, arithmeticTypes)
        let minimum = try context.attributes.optionalNumber("minimum")
        let maximum = try context.attributes.optionalNumber("maximum")
        if let minimum, let maximum, minimum > maximum {
            throw Fault(
                .invalidValue, at: "attribute 'minimum'", "the minimum is above the maximum", found: "\(minimum)",
                expected: "at most \(maximum)")
        }
        if input.elementType.isInteger {
            for bound in [minimum, maximum] {
                guard let bound, bound.rounded() != bound || abs(bound) > 0x1p53 else { continue }
                throw Fault(.invalidValue, at: "", "a bound of integers is not an integer", found: "\(bound)")
            }
        }
        return input
    }

    /// A parameter that the function does not have is refused, since it would be ignored silently.
    private static func checkParameters(_ context: NodeContext) throws(Fault) {
        let function = try context.attributes.activation("function")
        let taken: [String] =
            switch function {
            case .relu: ["alpha", "threshold", "maximum"]
            case .leakyRelu, .elu, .celu, .squareplus: ["alpha"]
            case .softShrink, .hardShrink: ["threshold"]
            case .threshold: ["threshold", "value"]
            default: []
            }
        for name in ["alpha", "threshold", "maximum", "value"] where !taken.contains(name) {
            guard try context.attributes.optionalNumber(name) == nil else {
                throw Fault(
                    .unsupportedAttribute, at: "attribute '\(name)'", "the function takes no such parameter",
                    found: function.rawValue)
            }
        }
        if function == .celu, try context.attributes.optionalNumber("alpha") == 0 {
            throw Fault(.invalidValue, at: "attribute 'alpha'", "the number is zero")
        }
    }
}
