import EmotionFormerCore

extension ShapeInference {
    static func reduction(_ context: NodeContext, _ kind: OperationFamily.Reduction) throws(Fault) -> [ValueType] {
        switch kind {
        case .reduceSum, .reduceProduct: return [try reduced(context, arithmeticTypes, allowsEmpty: true)]
        case .reduceMaximum, .reduceMinimum:
            return [try reduced(context, arithmeticTypes.union(quantizedTypes), allowsEmpty: false)]
        case .reduceMean: return [try reduced(context, [.float32], allowsEmpty: false)]
        case .reduceAny, .reduceAll: return [try reduced(context, [.bool], allowsEmpty: true)]
        }
    }

    static func scan(_ context: NodeContext, _ kind: OperationFamily.Scan) throws(Fault) -> [ValueType] {
        switch kind {
        case .argMaximum, .argMinimum:
            let input = try context.operand(0, numbers).shape
            let axis = try context.axis(of: input)
            guard input[axis] > 0 else { throw Fault(.shapeMismatch, at: "operand 'input'", "the axis is empty") }
            return [ValueType(try indexType(context), Shape(unchecked: input.extents.removing(axis)))]
        case .cumulativeSum:
            let input = try context.operand(0, arithmeticTypes)
            _ = try context.axis(of: input.shape)
            return [input]
        }
    }

    /// The attribute `elementType`, which must be that of indices.
    static func indexType(_ context: NodeContext) throws(Fault) -> ElementType {
        let type = try context.attributes.elementType("elementType")
        guard type == .int32 || type == .int64 else {
            throw Fault(
                .unsupportedAttribute, at: "attribute 'elementType'", "not a type of indices", found: type.rawValue,
                expected: "int32 or int64")
        }
        return type
    }

    static func reduced(
        _ context: NodeContext, _ allowed: Set<ElementType>, allowsEmpty: Bool
    ) throws(Fault) -> ValueType {
        let input = try context.operand(0, allowed)
        let axes = try context.axes(of: input.shape)
        guard allowsEmpty || axes.allSatisfy({ input.shape[$0] > 0 }) else {
            throw Fault(.shapeMismatch, at: "operand 'input'", "the axis is empty", found: "\(input.shape)")
        }
        let keeps = try context.attributes.boolean("keepDimensions")
        var extents: [Int] = []
        for (axis, extent) in input.shape.extents.enumerated() {
            if !axes.contains(axis) { extents.append(extent) } else if keeps { extents.append(1) }
        }
        return ValueType(input.elementType, try Shape(extents))
    }
}

extension [Int] {
    func removing(_ index: Int) -> [Int] {
        var copy = self
        copy.remove(at: index)
        return copy
    }

    func inserting(_ element: Int, at index: Int) -> [Int] {
        var copy = self
        copy.insert(element, at: index)
        return copy
    }
}
