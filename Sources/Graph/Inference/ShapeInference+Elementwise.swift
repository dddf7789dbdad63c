import EmotionFormerTensors

extension ShapeInference {
    /// What arithmetic is defined on.
    static let arithmetic: Set<ElementType> = [.float32, .int32, .int64]

    static func elementwise(_ context: NodeContext) throws(Fault) -> [ValueType]? {
        switch context.operation {
        case .add, .subtract, .multiply, .divide, .floorDivide, .floorModulo, .power, .maximum, .minimum,
            .squaredDifference:
            return [ValueType(try context.operands(arithmetic)[0].elementType, try broadcast(context, 2))]
        case .less, .lessEqual, .greater, .greaterEqual:
            _ = try context.operands(arithmetic)
            return [ValueType(.bool, try broadcast(context, 2))]
        case .equal, .notEqual:
            _ = try context.operands(arithmetic.union([.bool]))
            return [ValueType(.bool, try broadcast(context, 2))]
        case .logicalAnd, .logicalOr:
            _ = try context.operands([.bool])
            return [ValueType(.bool, try broadcast(context, 2))]
        case .logicalNot: return [try context.operand(0, [.bool])]
        case .negate, .absolute, .square, .sign: return [try context.operand(0, arithmetic)]
        case .squareRoot, .reciprocalSquareRoot, .exponential, .logarithm, .sine, .cosine, .floor, .ceiling, .round,
            .errorFunction:
            return [try context.operand(0, [.float32])]
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
        default: return nil
        }
    }

    private static func broadcast(_ context: NodeContext, _ count: Int) throws(Fault) -> Shape {
        var shape = try context.operand(0).shape
        for index in 1..<count { shape = try Shape.broadcast(shape, context.operand(index).shape) }
        return shape
    }

    private static func clip(_ context: NodeContext) throws(Fault) -> ValueType {
        let input = try context.operand(0, arithmetic)
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
}
