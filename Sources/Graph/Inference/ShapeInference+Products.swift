import EmotionFormerCore

extension ShapeInference {
    static func product(_ context: NodeContext, _ kind: OperationFamily.Product) throws(Fault) -> [ValueType] {
        switch kind {
        case .matmul: return [try matmul(context)]
        case .fullyConnected: return [try fullyConnected(context)]
        }
    }

    private static func matmul(_ context: NodeContext) throws(Fault) -> ValueType {
        _ = try context.operand(0, [.float32])
        _ = try context.operand(1, [.float32])
        return ValueType(.float32, try multiplied(context))
    }

    /// The shape of the product of two operands, whatever their types.
    static func multiplied(_ context: NodeContext) throws(Fault) -> Shape {
        let first = try context.operand(0).shape
        let second = try context.operand(1).shape
        for (index, shape) in [first, second].enumerated() where shape.rank < 2 {
            throw Fault(
                .shapeMismatch, at: context.place(index), "a matrix product needs two axes", found: "\(shape)")
        }
        let (row, inner) = lastTwo(first, transposed: try context.attributes.boolean("transposeFirst"))
        let (otherInner, column) = lastTwo(second, transposed: try context.attributes.boolean("transposeSecond"))
        guard inner == otherInner else {
            throw Fault(
                .shapeMismatch, at: "operand 'second'", "the inner extents differ", found: "\(otherInner)",
                expected: "\(inner)")
        }
        let batch = try Shape.broadcast(
            Shape(Array(first.extents.dropLast(2))), Shape(Array(second.extents.dropLast(2))))
        return try Shape(batch.extents + [row, column])
    }

    private static func lastTwo(_ shape: Shape, transposed: Bool) -> (Int, Int) {
        let (a, b) = (shape[shape.rank - 2], shape[shape.rank - 1])
        return transposed ? (b, a) : (a, b)
    }

    private static func fullyConnected(_ context: NodeContext) throws(Fault) -> ValueType {
        let input = try context.operand(0, [.float32]).shape
        let weights = try context.operand(1, [.float32, .int8])
        try context.require(weights.shape, hasRank: 2, at: "operand 'weights'")
        if weights.elementType == .int8 {
            try context.requireDynamicRange(context.constant(1), axis: 0, at: "operand 'weights'")
        }
        try context.requireOptional(2, [weights.shape[0]])
        return ValueType(
            .float32,
            try fullyConnected(
                input, weights.shape, keepsDimensions: context.attributes.boolean("keepDimensions")))
    }

    /// The shape of a product with weights (out, in).
    static func fullyConnected(_ input: Shape, _ weights: Shape, keepsDimensions: Bool) throws(Fault) -> Shape {
        let (outputs, inputs) = (weights[0], weights[1])
        if keepsDimensions {
            guard input.extents.last == inputs else {
                throw Fault(
                    .shapeMismatch, at: "operand 'weights'", "the weights do not fit the input's last axis",
                    found: "\(weights)", expected: "\(input)")
            }
            return try Shape(input.extents.dropLast() + [outputs])
        }
        guard inputs > 0, input.elementCount % inputs == 0 else {
            throw Fault(
                .shapeMismatch, at: "operand 'weights'", "the input is not whole rows of the weights' extent",
                found: "\(input)", expected: "rows of \(inputs)")
        }
        return try Shape([input.elementCount / inputs, outputs])
    }
}
