import EmotionFormerCore

extension ShapeInference {
    static func conversion(_ context: NodeContext, _ kind: OperationFamily.Conversion) throws(Fault) -> [ValueType] {
        switch kind {
        case .cast:
            let target = try context.attributes.elementType("to")
            guard target != .float16 else {
                throw Fault(.unsupportedAttribute, at: "attribute 'to'", "nothing is computed in float16")
            }
            return [ValueType(target, try context.operand(0).shape)]
        case .dequantize:
            let input = try context.operand(0, [.float16, .int8, .uint8, .int16])
            if input.elementType != .float16 { _ = try context.quantizationAlongAxis(0) }
            return [ValueType(.float32, input.shape)]
        case .quantize:
            let input = try context.operand(0, [.float32])
            let target = try context.attributes.elementType("to")
            guard let range = target.quantizedRange else {
                throw Fault(
                    .unsupportedAttribute, at: "attribute 'to'", "not a type to quantize to", found: target.rawValue,
                    expected: "int8, uint8 or int16")
            }
            let zeroPoint = try context.attributes.integer("zeroPoint")
            guard range.contains(zeroPoint) else {
                throw Fault(
                    .invalidValue, at: "attribute 'zeroPoint'", "the number is out of range", found: "\(zeroPoint)",
                    expected: "\(range)")
            }
            let scale = try context.attributes.number("scale")
            guard scale > 0, scale.isFinite else {
                throw Fault(.invalidValue, at: "attribute 'scale'", "the scale is not positive", found: "\(scale)")
            }
            return [ValueType(target, input.shape)]
        }
    }
}
