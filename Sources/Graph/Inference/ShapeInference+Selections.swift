import EmotionFormerCore

/// Parts of a tensor.
extension ShapeInference {
    static func selection(_ context: NodeContext, _ kind: OperationFamily.Selection) throws(Fault) -> [ValueType] {
        switch kind {
        case .split:
            let input = try context.operand(0)
            let axis = try context.axis(of: input.shape)
            let parts = context.outputCount
            guard parts > 0, input.shape[axis] % parts == 0 else {
                throw Fault(
                    .shapeMismatch, at: "operand 'input'", "the axis does not split into equal parts",
                    found: "\(input.shape)", expected: "a multiple of \(parts) at axis \(axis)")
            }
            return Array(repeating: part(of: input, axis, input.shape[axis] / parts), count: parts)
        case .splitSizes:
            let input = try context.operand(0)
            let axis = try context.axis(of: input.shape)
            return try splitSizes(context, input.shape[axis]).map { part(of: input, axis, $0) }
        case .unpack:
            let input = try context.operand(0)
            let axis = try context.axis(of: input.shape)
            guard input.shape[axis] == context.outputCount else {
                throw Fault(
                    .shapeMismatch, at: "operand 'input'", "one output an index of the axis is needed",
                    found: "\(context.outputCount) outputs", expected: "\(input.shape[axis])")
            }
            let type = ValueType(input.elementType, Shape(unchecked: input.shape.extents.removing(axis)))
            return Array(repeating: type, count: context.outputCount)
        case .slice: return [try slice(context)]
        case .updateSlice: return [try updateSlice(context)]
        case .stridedSlice:
            let input = try context.operand(0)
            let window = try StridedSliceWindow(
                of: input.shape, begin: context.integers("begin", operand: 1),
                end: context.integers("end", operand: 2), strides: context.integers("strides", operand: 3),
                masks: .init(context.attributes))
            return [ValueType(input.elementType, window.shape)]
        case .gather: return [try gather(context)]
        case .gatherND:
            let input = try context.operand(0)
            let indices = try context.operand(1, [.int32, .int64]).shape
            guard let depth = indices.extents.last, depth <= input.shape.rank else {
                throw Fault(
                    .shapeMismatch, at: "operand 'indices'", "the last axis is not a coordinate of the input",
                    found: "\(indices)", expected: "at most \(input.shape.rank) coordinates")
            }
            return [
                ValueType(
                    input.elementType, try Shape(indices.extents.dropLast() + input.shape.extents.dropFirst(depth)))
            ]
        }
    }

    private static func part(of input: ValueType, _ axis: Int, _ extent: Int) -> ValueType {
        var extents = input.shape.extents
        extents[axis] = extent
        return ValueType(input.elementType, Shape(unchecked: extents))
    }

    /// The sizes of `splitSizes` along an axis of this extent, −1 resolved.
    private static func splitSizes(_ context: NodeContext, _ extent: Int) throws(Fault) -> [Int] {
        var sizes = try context.attributes.integers("sizes")
        try context.requireCount(sizes, context.outputCount, "sizes")
        let open = sizes.indices.filter { sizes[$0] == -1 }
        var total = 0
        for size in sizes where size != -1 {
            guard size >= 0 else {
                throw Fault(.invalidValue, at: "attribute 'sizes'", "a size is negative", found: "\(sizes)")
            }
            total = try Extent.sum(total, size)
        }
        guard open.count <= 1, total <= extent, !open.isEmpty || total == extent else {
            throw Fault(
                .shapeMismatch, at: "attribute 'sizes'", "the sizes do not make up the axis", found: "\(sizes)",
                expected: "\(extent) in all")
        }
        if let index = open.first { sizes[index] = extent - total }
        return sizes
    }

    private static func slice(_ context: NodeContext) throws(Fault) -> ValueType {
        let input = try context.operand(0)
        let rank = input.shape.rank
        let begin = try context.integersIfKnown("begin", operand: 1)
        if let begin {
            try context.requireCount(begin, rank, "begin")
        } else {
            try context.require(context.operand(1).shape, equals: [rank], at: "operand 'begin'")
        }
        var size = try context.integers("size", operand: 2, count: rank)
        for axis in 0..<rank {
            let extent = input.shape[axis]
            let start = begin?[axis] ?? 0
            guard start >= 0, start <= extent else {
                throw Fault(
                    .outOfBounds, at: "'begin'", "the slice starts outside", found: "\(start)",
                    expected: "0...\(extent) at axis \(axis)")
            }
            if size[axis] == -1 {
                guard begin != nil else {
                    throw Fault(
                        .unsupportedOperation, at: "'size'", "a size of −1 needs a begin that is known")
                }
                size[axis] = extent - start
            }
            guard size[axis] >= 0, size[axis] <= extent - start else {
                throw Fault(
                    .outOfBounds, at: "'size'", "the slice ends outside", found: "\(size[axis])",
                    expected: "0...\(extent - start) at axis \(axis)")
            }
        }
        return ValueType(input.elementType, try Shape(size))
    }

    private static func updateSlice(_ context: NodeContext) throws(Fault) -> ValueType {
        let input = try context.operand(0)
        let update = try context.operand(1, [input.elementType])
        if let begin = try context.integersIfKnown("begin", operand: 2) {
            try context.requireCount(begin, input.shape.rank, "begin")
        } else {
            try context.require(context.operand(2).shape, equals: [input.shape.rank], at: "operand 'begin'")
        }
        guard update.shape.rank == input.shape.rank,
            zip(update.shape.extents, input.shape.extents).allSatisfy({ $0 <= $1 })
        else {
            throw Fault(
                .shapeMismatch, at: "operand 'update'", "the update does not fit inside the input",
                found: "\(update.shape)", expected: "at most \(input.shape)")
        }
        return input
    }

    private static func gather(_ context: NodeContext) throws(Fault) -> ValueType {
        let input = try context.operand(0)
        let indices = try context.operand(1, [.int32, .int64]).shape
        let axis = try context.axis(of: input.shape)
        let batch = try context.attributes.integer("batchDimensions")
        let batchCount = batch < 0 ? batch &+ indices.rank : batch
        guard batchCount >= 0, batchCount <= indices.rank, batchCount <= axis else {
            throw Fault(
                .invalidValue, at: "attribute 'batchDimensions'", "there are fewer leading axes",
                found: "\(batch)", expected: "0...\(min(indices.rank, axis))")
        }
        guard indices.extents.prefix(batchCount) == input.shape.extents.prefix(batchCount) else {
            throw Fault(
                .shapeMismatch, at: "operand 'indices'", "the leading axes differ from the input's",
                found: "\(indices)", expected: "\(input.shape.extents.prefix(batchCount)) in front")
        }
        let extents =
            input.shape.extents.prefix(axis) + indices.extents.dropFirst(batchCount)
            + input.shape.extents.dropFirst(axis + 1)
        return ValueType(input.elementType, try Shape(Array(extents)))
    }
}
