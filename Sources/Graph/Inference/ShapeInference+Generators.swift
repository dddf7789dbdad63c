import EmotionFormerCore

/// Tensors made from scalars, indices or shapes.
extension ShapeInference {
    static func generator(_ context: NodeContext, _ kind: OperationFamily.Generator) throws(Fault) -> [ValueType] {
        switch kind {
        case .fill:
            let value = try context.operand(1)
            try context.requireScalar(1, value.elementType)
            return [ValueType(value.elementType, try Shape(context.integers("shape", operand: 0)))]
        case .range: return [try range(context)]
        case .shape:
            let input = try context.operand(0).shape
            let type = try indexType(context)
            guard type == .int64 || input.extents.allSatisfy({ $0 <= Int(Int32.max) }) else {
                throw Fault(.sizeOverflow, at: "operand 'input'", "an extent does not fit int32", found: "\(input)")
            }
            return [ValueType(type, Shape(unchecked: [input.rank]))]
        case .oneHot:
            let indices = try context.operand(0, [.uint8, .int32, .int64]).shape
            let depth = try context.attributes.integer("depth")
            let type = try context.attributes.elementType("elementType")
            guard type != .float16 else {
                throw Fault(
                    .unsupportedAttribute, at: "attribute 'elementType'", "nothing is computed in float16")
            }
            try context.requireScalar(1, type)
            try context.requireScalar(2, type)
            let axis = try newAxis(context, rank: indices.rank)
            return [ValueType(type, try Shape(indices.extents.inserting(depth, at: axis)))]
        case .onesLike, .zerosLike: return [try context.operand(0)]
        }
    }

    private static func range(_ context: NodeContext) throws(Fault) -> ValueType {
        let type = try context.operand(0, arithmeticTypes).elementType
        var scalars: [Double] = []
        for index in 0..<3 {
            try context.requireScalar(index, type)
            guard let value = context.constant(index)?.tensor.doubles.first else {
                throw Fault(
                    .unsupportedOperation, at: context.place(index),
                    "the operand must be known before the model runs")
            }
            guard value.isFinite, type == .float32 || abs(value) < 0x1p53 else {
                throw Fault(.notFinite, at: context.place(index), "the operand is out of range", found: "\(value)")
            }
            scalars.append(value)
        }
        let (start, limit, delta) = (scalars[0], scalars[1], scalars[2])
        guard delta != 0 else { throw Fault(.invalidValue, at: "operand 'delta'", "the step is zero") }
        let count = ((limit - start) / delta).rounded(.up)
        guard count <= Double(Shape.maximumElementCount) else {
            throw Fault(.sizeOverflow, at: "operand 'limit'", "the range has too many elements", found: "\(count)")
        }
        return ValueType(type, try Shape([Int(max(count, 0))]))
    }
}
