import EmotionFormerCore

extension ShapeInference {
    /// The same elements under other axes.
    static func arrangement(_ context: NodeContext, _ kind: OperationFamily.Arrangement) throws(Fault) -> [ValueType] {
        switch kind {
        case .identity: return [try context.operand(0)]
        case .reshape:
            let input = try context.operand(0)
            return [
                ValueType(
                    input.elementType, try reshaped(input.shape, to: context.integers("shape", operand: 1)))
            ]
        case .transpose:
            let input = try context.operand(0)
            let permutation = try context.attributes.integers("permutation")
            guard permutation.sorted() == Array(0..<input.shape.rank) else {
                throw Fault(
                    .invalidValue, at: "attribute 'permutation'", "not a permutation of the axes",
                    found: "\(permutation)", expected: "0..<\(input.shape.rank) in any order")
            }
            return [ValueType(input.elementType, Shape(unchecked: permutation.map { input.shape[$0] }))]
        case .expandDimensions:
            let input = try context.operand(0)
            let axis = try newAxis(context, rank: input.shape.rank)
            return [ValueType(input.elementType, Shape(unchecked: input.shape.extents.inserting(1, at: axis)))]
        case .squeeze:
            let input = try context.operand(0)
            let axes = try context.axes(of: input.shape)
            for axis in axes where input.shape[axis] != 1 {
                throw Fault(
                    .shapeMismatch, at: "attribute 'axes'", "the axis is not of extent 1", found: "\(input.shape)")
            }
            let extents = input.shape.extents.enumerated().filter { axis, extent in
                axes.isEmpty ? extent != 1 : !axes.contains(axis)
            }
            return [ValueType(input.elementType, Shape(unchecked: extents.map(\.element)))]
        case .reverse:
            let input = try context.operand(0)
            _ = try context.axes(of: input.shape)
            return [input]
        }
    }

    /// The attribute `axis` as an axis of an output with one axis more than `rank`.
    static func newAxis(_ context: NodeContext, rank: Int) throws(Fault) -> Int {
        let axis = try context.attributes.integer("axis")
        let resolved = axis < 0 ? axis &+ (rank + 1) : axis
        guard resolved >= 0, resolved <= rank else {
            throw Fault(
                .invalidValue, at: "attribute 'axis'", "there is no such axis", found: "\(axis)",
                expected: "\(-rank - 1)...\(rank)")
        }
        return resolved
    }

    private static func reshaped(_ input: Shape, to wanted: [Int]) throws(Fault) -> Shape {
        let open = wanted.indices.filter { wanted[$0] == -1 }
        guard open.count <= 1 else {
            throw Fault(.invalidValue, at: "'shape'", "more than one extent is −1", found: "\(wanted)")
        }
        var extents = wanted
        if let axis = open.first {
            extents[axis] = 1
            let rest = try Shape(extents).elementCount
            guard rest > 0, input.elementCount % rest == 0 else {
                throw Fault(
                    .shapeMismatch, at: "'shape'", "no extent fits in place of −1", found: "\(wanted)",
                    expected: "\(input.elementCount) elements")
            }
            extents[axis] = input.elementCount / rest
        }
        let shape = try Shape(extents)
        guard shape.elementCount == input.elementCount else {
            throw Fault(
                .shapeMismatch, at: "'shape'", "the number of elements differs", found: "\(wanted)",
                expected: "\(input.elementCount) elements, as \(input)")
        }
        return shape
    }

    /// More elements than one operand has.
    static func expansion(_ context: NodeContext, _ kind: OperationFamily.Expansion) throws(Fault) -> [ValueType] {
        switch kind {
        case .tile:
            let input = try context.operand(0)
            let multiples = try context.integers("multiples", operand: 1, count: input.shape.rank)
            var extents: [Int] = []
            for (extent, multiple) in zip(input.shape.extents, multiples) {
                extents.append(try Extent.product(extent, multiple))
                guard multiple >= 0 else {
                    throw Fault(.invalidValue, at: "'multiples'", "a multiple is negative", found: "\(multiples)")
                }
            }
            return [ValueType(input.elementType, try Shape(extents))]
        case .pad: return [try padded(context, isMirror: false)]
        case .mirrorPad: return [try padded(context, isMirror: true)]
        case .broadcastTo:
            let input = try context.operand(0)
            let shape = try Shape(context.integers("shape", operand: 1))
            _ = try input.shape.strides(broadcastTo: shape)
            return [ValueType(input.elementType, shape)]
        case .pack:
            let operands = try context.operands()
            let shape = operands[0].shape
            for (index, operand) in operands.enumerated() {
                try context.require(operand.shape, equals: shape.extents, at: context.place(index))
            }
            let axis = try newAxis(context, rank: shape.rank)
            return [ValueType(operands[0].elementType, try Shape(shape.extents.inserting(operands.count, at: axis)))]
        case .concatenate:
            let operands = try context.operands()
            let first = operands[0].shape
            let axis = try context.axis(of: first)
            var extents = first.extents
            for (index, operand) in operands.enumerated().dropFirst() {
                try context.require(operand.shape, hasRank: first.rank, at: context.place(index))
                var expected = first.extents
                expected[axis] = operand.shape[axis]
                try context.require(operand.shape, equals: expected, at: context.place(index))
                extents[axis] = try Extent.sum(extents[axis], operand.shape[axis])
            }
            return [ValueType(operands[0].elementType, try Shape(extents))]
        }
    }

    private static func padded(_ context: NodeContext, isMirror: Bool) throws(Fault) -> ValueType {
        let input = try context.operand(0)
        let rank = input.shape.rank
        if let paddings = context.optionalOperand(1), paddings.shape.rank != 1 {
            try context.require(paddings.shape, equals: [rank, 2], at: "operand 'paddings'")
        }
        let paddings = try context.integers("paddings", operand: 1, count: 2 * rank)
        var mirrorLimit: Int?
        if isMirror {
            mirrorLimit = try context.attributes.text("mode") == "reflect" ? 1 : 0
        } else {
            try checkPaddingValue(context, input.elementType)
        }
        var extents: [Int] = []
        for axis in 0..<rank {
            let (before, after) = (paddings[2 * axis], paddings[2 * axis + 1])
            let limit = mirrorLimit.map { input.shape[axis] - $0 } ?? Int.max
            guard before >= 0, after >= 0, max(before, after) <= max(limit, 0) else {
                throw Fault(
                    .invalidValue, at: "'paddings'", "the padding is negative or longer than what it mirrors",
                    found: "\(before) and \(after)", expected: "at least 0 and at most \(max(limit, 0))")
            }
            extents.append(try Extent.sum(Extent.sum(input.shape[axis], before), after))
        }
        return ValueType(input.elementType, try Shape(extents))
    }

    private static func checkPaddingValue(_ context: NodeContext, _ elementType: ElementType) throws(Fault) {
        try context.requireScalar(2, elementType)
        let value = try context.attributes.number("value")
        if context.optionalOperand(2) != nil, value != 0 {
            throw Fault(.invalidValue, at: "operand 'value'", "both the operand and the attribute are given")
        }
        if !elementType.isFloatingPoint, value.rounded() != value || abs(value) > 0x1p31 {
            throw Fault(.invalidValue, at: "attribute 'value'", "the value is not an integer", found: "\(value)")
        }
    }
}
