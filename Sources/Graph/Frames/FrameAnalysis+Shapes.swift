import EmotionFormerCore

extension FrameAnalysis {
    /// Axes of frames after a reshape; nil if one of them does not stay an axis.
    func moved(_ axes: [FrameAxis], from old: [Int], to new: [Int]) -> [FrameAxis]? {
        var result: [FrameAxis] = []
        for axis in axes {
            let lead = old[..<axis.axis].reduce(1, *)
            var product = 1
            var found: Int?
            for (index, extent) in new.enumerated() {
                if product == lead, extent == old[axis.axis] {
                    found = index
                    break
                }
                product *= extent
            }
            guard let found else { return nil }
            result.append(FrameAxis(axis: found, span: axis.span, isReversed: axis.isReversed))
        }
        return Set(result.map(\.axis)).count == axes.count ? result : nil
    }

    mutating func arrangement(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Arrangement
    ) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), var rows = rows(input), let output = node.outputs.first,
            !node.inputs.dropFirst().contains(where: { self.rows($0) != nil })
        else { throw FrameBarrier(node, "brings frames together") }
        switch kind {
        case .identity: break
        case .reshape, .expandDimensions, .squeeze:
            if let axes = moved(rows.axes, from: extents(input), to: extents(output)) {
                rows.axes = axes
            } else {
                rows = try joined(node, rows, from: extents(input), to: extents(output))
            }
        case .transpose:
            guard let permutation = try? node.attributes.integers("permutation") else {
                throw FrameBarrier(node, "brings frames together")
            }
            rows.axes = rows.axes.map {
                FrameAxis(
                    axis: permutation.firstIndex(of: $0.axis) ?? 0, span: $0.span, isReversed: $0.isReversed)
            }
            // Queries and keys have changed places.
            if rows.axes.count > 1 { rows.levels = nil }
        case .reverse:
            guard let named = try? node.attributes.integers("axes") else {
                throw FrameBarrier(node, "brings frames together")
            }
            let axes = named.map { $0 < 0 ? $0 + extents(input).count : $0 }
            let turned = rows.axes.indices.filter { axes.contains(rows.axes[$0].axis) }
            if turned.isEmpty { break }
            guard rows.axes.count == 1 else { throw FrameBarrier(node, "brings different frames together") }
            rows.axes[0].isReversed.toggle()
            rows.isOwn = false
            rows.levels = nil
        }
        return [.rows(rows)]
    }

    /// Neighboring frames side by side in one row.
    private mutating func joined(
        _ node: TypedGraph.Node, _ rows: FrameRows, from old: [Int], to new: [Int]
    ) throws(FrameBarrier) -> FrameRows {
        guard rows.axes.count == 1, rows.conditions.isEmpty, !rows.axis.isReversed else {
            throw FrameBarrier(node, "brings frames together")
        }
        let lead = old[..<rows.axis.axis].reduce(1, *)
        let count = old[rows.axis.axis]
        var product = 1
        for (index, extent) in new.enumerated() {
            if product == lead, extent > 1 {
                guard count.isMultiple(of: extent), extent < count else { break }
                var result = rows
                result.axes = [FrameAxis(axis: index, span: rows.axis.span * (count / extent))]
                result.zeros = []
                result.levels = nil
                try include(span: result.axis.span, node)
                return result
            }
            product *= extent
        }
        throw FrameBarrier(node, "brings frames together")
    }

    mutating func expansion(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Expansion, _ index: Int
    ) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), let output = node.outputs.first else {
            throw FrameBarrier(node, "brings frames together")
        }
        switch kind {
        case .concatenate, .pack:
            let operands = node.inputs.compactMap(\.self)
            var result = try aligned(node, operands, index)
            guard let named = try? node.attributes.integer("axis") else {
                throw FrameBarrier(node, "brings frames together")
            }
            let axis = named < 0 ? named + extents(output).count : named
            let zeros = operands.map { rows($0)?.zeros ?? [] }
            if let first = zeros.first, zeros.allSatisfy({ $0 == first }) { result.zeros = first }
            for place in result.axes.indices {
                if kind == .pack {
                    if axis <= result.axes[place].axis { result.axes[place].axis += 1 }
                } else if result.axes[place].axis == axis {
                    throw FrameBarrier(node, "puts rows beside those of the frames")
                }
            }
            guard result.axes.count == 1 else { throw FrameBarrier(node, "brings different frames together") }
            return [.rows(result)]
        case .tile, .pad, .broadcastTo:
            guard var rows = rows(input), rows.axes.count == 1,
                !node.inputs.dropFirst().contains(where: { self.rows($0) != nil })
            else { throw FrameBarrier(node, "brings frames together") }
            rows.axes[0].axis += extents(output).count - extents(input).count
            guard extents(output)[rows.axis.axis] == extent(rows.axis) else {
                throw FrameBarrier(node, "puts rows beside those of the frames")
            }
            rows.levels = nil
            if kind == .pad { rows.zeros = [] }
            return [.rows(rows)]
        case .mirrorPad: throw FrameBarrier(node, "is not followed frame by frame")
        }
    }

    func selection(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Selection
    ) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), var rows = rows(input), rows.axes.count == 1,
            !node.inputs.dropFirst().contains(where: { self.rows($0) != nil })
        else { throw FrameBarrier(node, "brings frames together") }
        rows.levels = nil
        let old = extents(input)
        if node.inputs.dropFirst().contains(where: { $0.map { !isConstant($0) } ?? false }) { rows.isOwn = false }
        switch kind {
        case .split, .splitSizes, .unpack:
            guard let named = try? node.attributes.integer("axis"),
                (named < 0 ? named + old.count : named) != rows.axis.axis
            else { throw FrameBarrier(node, "takes some of the frames") }
            if kind == .unpack, (named < 0 ? named + old.count : named) < rows.axis.axis { rows.axes[0].axis -= 1 }
        case .slice:
            guard let output = node.outputs.first, extents(output)[rows.axis.axis] == extent(rows.axis),
                slice(node, "begin", 1)?[rows.axis.axis] == 0, slice(node, "size", 2) != nil
            else { throw FrameBarrier(node, "takes some of the frames") }
        case .stridedSlice:
            guard let axis = strided(node, input, rows.axis) else {
                throw FrameBarrier(node, "takes some of the frames")
            }
            rows.axes[0].axis = axis
        case .gather:
            guard let named = try? node.attributes.integer("axis"), let indices = node.input(1),
                (try? node.attributes.integer("batchDimensions")) == 0
            else { throw FrameBarrier(node, "takes some of the frames") }
            let axis = named < 0 ? named + old.count : named
            guard axis != rows.axis.axis else { throw FrameBarrier(node, "takes some of the frames") }
            if axis < rows.axis.axis { rows.axes[0].axis += extents(indices).count - 1 }
        case .gatherND, .updateSlice: throw FrameBarrier(node, "is not followed frame by frame")
        }
        return node.outputs.map { _ in .rows(rows) }
    }

    /// The integers of an attribute, or of the constant operand that stands in its place.
    private func slice(_ node: TypedGraph.Node, _ name: String, _ operand: Int) -> [Int]? {
        if let value = node.input(operand) { return graph.constant(value)?.tensor.integers }
        return try? node.attributes.integers(name)
    }

    /// The axis of frames after a strided slice that takes all of them. An end past the last frame is no fault.
    private func strided(_ node: TypedGraph.Node, _ input: Int, _ axis: FrameAxis) -> Int? {
        guard let begin = slice(node, "begin", 1), let end = slice(node, "end", 2),
            let strides = slice(node, "strides", 3), let masks = try? StridedSliceWindow.Masks(node.attributes),
            let window = try? StridedSliceWindow(
                of: graph.shape(of: input), begin: begin, end: end, strides: strides, masks: masks),
            window.starts[axis.axis] == 0, window.steps[axis.axis] == 1,
            window.counts[axis.axis] == extent(axis)
        else { return nil }
        // New axes and such that go are of extent 1.
        return moved([axis], from: window.counts, to: window.shape.extents)?.first?.axis
    }

    func generator(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Generator
    ) throws(FrameBarrier) -> [FrameState] {
        guard var rows = rows(node.input(0)), kind == .onesLike || kind == .zerosLike else {
            throw FrameBarrier(node, "is not followed frame by frame")
        }
        rows.conditions = []
        rows.levels = nil
        rows.zeros = []
        return [.rows(rows)]
    }
}
