import EmotionFormerTensors

extension ShapeInference {
    static func product(_ context: NodeContext, _ kind: OperationFamily.Product) throws(Fault) -> [ValueType] {
        switch kind {
        case .matmul: return [try matmul(context)]
        case .fullyConnected: return [try fullyConnected(context)]
        }
    }

    private static func matmul(_ context: NodeContext) throws(Fault) -> ValueType {
        let first = try context.operand(0, [.float32]).shape
        let second = try context.operand(1, [.float32]).shape
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
        return ValueType(.float32, try Shape(batch.extents + [row, column]))
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
        let (outputs, inputs) = (weights.shape[0], weights.shape[1])
        try context.requireOptional(2, [outputs])
        if try context.attributes.boolean("keepDimensions") {
            guard input.extents.last == inputs else {
                throw Fault(
                    .shapeMismatch, at: "operand 'weights'", "the weights do not fit the input's last axis",
                    found: "\(weights.shape)", expected: "\(input)")
            }
            return ValueType(.float32, try Shape(input.extents.dropLast() + [outputs]))
        }
        guard inputs > 0, input.elementCount % inputs == 0 else {
            throw Fault(
                .shapeMismatch, at: "operand 'weights'", "the input is not whole rows of the weights' extent",
                found: "\(input)", expected: "rows of \(inputs)")
        }
        return ValueType(.float32, try Shape([input.elementCount / inputs, outputs]))
    }
}
