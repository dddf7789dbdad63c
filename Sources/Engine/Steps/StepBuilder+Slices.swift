import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerSystem

extension StepBuilder {
    mutating func appendSlice(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let window = shape(output)
        guard let begin = try integers(node, "begin", operand: 1) else {
            return try appendMovingSlice(node, from: input, to: output, begin: try operand(node, 1))
        }
        if window.elementCount == shape(input).elementCount { return alias(output, to: input) }
        let strides = shape(input).strides
        try appendCopy(
            node, from: input, to: output,
            CopyRegion(
                extents: window.extents, inputStart: zip(begin, strides).map { $0 * $1 }.reduce(0, +),
                inputStrides: strides, outputStrides: window.strides, alignedRows: commonRows(shape(input), window)))
    }

    mutating func appendStridedSlice(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        guard let begin = try integers(node, "begin", operand: 1), let end = try integers(node, "end", operand: 2),
            let steps = try integers(node, "strides", operand: 3)
        else { throw unsupported(node, "the slice must be known before the model runs") }
        let window = try StridedSliceWindow(
            of: shape(input), begin: begin, end: end, strides: steps, masks: .init(node.attributes))
        let strides = shape(input).strides
        // New axes and removed ones do not change the order of the elements.
        let whole = Shape(unchecked: window.counts)
        try appendCopy(
            node, from: input, to: output,
            CopyRegion(
                extents: window.counts, inputStart: zip(window.starts, strides).map { $0 * $1 }.reduce(0, +),
                inputStrides: zip(window.steps, strides).map { $0 * $1 }, outputStrides: whole.strides,
                alignedRows: window.steps.dropLast().allSatisfy { $0 == 1 } ? commonRows(shape(input), whole) : nil))
    }

    /// The input, with the update written over a part of it.
    mutating func appendUpdateSlice(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let update = try operand(node, 1)
        let output = try output(node)
        let all = shape(input)
        try appendCopy(
            node, from: input, to: output,
            CopyRegion(extents: all.extents, inputStrides: all.strides, outputStrides: all.strides))
        guard let begin = try integers(node, "begin", operand: 2) else {
            return try appendMovingUpdate(node, update, into: output, begin: try operand(node, 2))
        }
        let start = all.extents.indices.map { axis in
            min(max(begin[axis], 0), all[axis] - shape(update)[axis]) * all.strides[axis]
        }
        try appendCopy(
            node, from: update, to: output,
            CopyRegion(
                extents: shape(update).extents, inputStrides: shape(update).strides, outputStart: start.reduce(0, +),
                outputStrides: all.strides))
    }

    /// Integers that a node has as an attribute or as an operand; nil if the operand is known only at run time.
    func integers(_ node: TypedGraph.Node, _ name: String, operand index: Int) throws(Fault) -> [Int]? {
        if let value = node.input(index) { return graph.constant(value)?.tensor.integers }
        return try node.attributes.integers(name)
    }

    /// The product of all extents but the last, if both shapes have the same: then row r of one lies in row r of the
    /// other.
    private func commonRows(_ input: Shape, _ output: Shape) -> Int? {
        input.extents.dropLast() == output.extents.dropLast() && output.rank > 0
            ? output.elementCount(of: 0..<(output.rank - 1)) : nil
    }

    /// A slice whose start is an operand.
    private mutating func appendMovingSlice(
        _ node: TypedGraph.Node, from input: Int, to output: Int, begin: Int
    ) throws(Fault) {
        let window = shape(output)
        guard window.elementCount > 0 else { return }
        let region = try makeMovingRegion(node, whole: input, part: window, begin: begin)
        append(
            StepDraft(name: node.name, label: label(node, output), reads: [input, begin], writes: [output]) { layout in
                let input = layout.operand(input)
                let output = layout.destination(output)
                let region = region.bound(layout)
                return { execution, _ in
                    let (start, isInside) = region.start(execution)
                    if !isInside { execution.report(.indexOutside) }
                    let source = input.bytes(execution) + start
                    let target = output.bytes(execution)
                    region.walk.forEach(0..<region.walk.count) { offsets in
                        memcpy(target + offsets.w, source + offsets.x, region.innerByteCount)
                    }
                }
            })
    }

    /// Writes a part at the place given by an operand, clamped to the tensor.
    private mutating func appendMovingUpdate(
        _ node: TypedGraph.Node, _ update: Int, into output: Int, begin: Int
    ) throws(Fault) {
        guard shape(update).elementCount > 0 else { return }
        let region = try makeMovingRegion(node, whole: output, part: shape(update), begin: begin)
        append(
            StepDraft(name: node.name, label: label(node, output), reads: [update, begin], writes: [output]) { layout in
                let update = layout.operand(update)
                let output = layout.destination(output)
                let region = region.bound(layout)
                return { execution, _ in
                    let source = update.bytes(execution)
                    let target = output.bytes(execution) + region.start(execution).0
                    region.walk.forEach(0..<region.walk.count) { offsets in
                        memcpy(target + offsets.x, source + offsets.w, region.innerByteCount)
                    }
                }
            })
    }

    private mutating func makeMovingRegion(
        _ node: TypedGraph.Node, whole: Int, part: Shape, begin: Int
    ) throws(Fault) -> MovingRegion {
        let size = type(whole).elementType.byteCount
        let strides = shape(whole).strides
        let inner = max(part.rank - 1, 0)
        let walk = try makeWalk(
            (0..<inner).map { axis in
                WalkAxis(extent: part[axis], strides: [strides[axis] * size, 0, 0, part.strides[axis] * size])
            }, for: node)
        let rank = part.rank
        let limits = shape(whole).extents.indices.map { shape(whole)[$0] - part[$0] }
        let table = makeBuffer(byteCount: rank * 16) { bytes in
            let entries = bytes.assumingMemoryBound(to: Int.self)
            for axis in 0..<rank {
                entries[2 * axis] = limits[axis]
                entries[2 * axis + 1] = strides[axis] * size
            }
        }
        return MovingRegion(
            walk: walk, innerByteCount: (rank == 0 ? 1 : part[rank - 1]) * size, begin: begin,
            beginType: try IndexType(type(begin).elementType, for: node), rank: rank, table: ConstantAddress(table))
    }
}

/// A part of a tensor at a place given by an operand. Lane x of the walk is in the whole tensor, lane w in the part.
private struct MovingRegion: Sendable {
    let walk: Walk
    let innerByteCount: Int
    let begin: Int
    let beginType: IndexType
    let rank: Int
    /// For each axis the last begin at which the part fits, and the whole's stride in bytes.
    let table: ConstantAddress

    func bound(_ layout: Layout) -> BoundMovingRegion {
        BoundMovingRegion(
            walk: walk, innerByteCount: innerByteCount, begin: layout.operand(begin), beginType: beginType, rank: rank,
            table: table)
    }
}

private struct BoundMovingRegion: Sendable {
    let walk: Walk
    let innerByteCount: Int
    let begin: Operand
    let beginType: IndexType
    let rank: Int
    let table: ConstantAddress

    /// The part's first byte in the whole tensor, clamped, and whether it was inside already.
    @inline(__always)
    func start(_ execution: Execution) -> (Int, Bool) {
        let table = table.bytes.assumingMemoryBound(to: Int.self)
        let begin = begin.bytes(execution)
        var start = 0
        var isInside = true
        for axis in 0..<rank {
            let wanted = beginType.read(begin, axis)
            let first = min(max(wanted, 0), table[2 &* axis])
            if first != wanted { isInside = false }
            start &+= first &* table[2 &* axis &+ 1]
        }
        return (start, isInside)
    }
}
