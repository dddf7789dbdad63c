import EmotionFormerCore

extension FrameAnalysis {
    mutating func product(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Product
    ) throws(FrameBarrier) -> [FrameState] {
        switch kind {
        case .fullyConnected: [.rows(try fullyConnected(node))]
        case .matmul: [try matmul(node)]
        }
    }

    private func fullyConnected(_ node: TypedGraph.Node) throws(FrameBarrier) -> FrameRows {
        var result = try apart(node, from: .lastAxis)
        guard let input = node.input(0), let weights = node.input(1), let output = node.outputs.first,
            extents(input).last == extents(weights).last,
            let axes = moved(result.axes, from: Array(extents(input).dropLast()), to: Array(extents(output).dropLast()))
        else { throw FrameBarrier(node, "brings frames together") }
        result.axes = axes
        return result
    }

    private mutating func matmul(_ node: TypedGraph.Node) throws(FrameBarrier) -> FrameState {
        guard let first = node.input(0), let second = node.input(1), let output = node.outputs.first,
            let transposesFirst = try? node.attributes.boolean("transposeFirst"),
            let transposesSecond = try? node.attributes.boolean("transposeSecond")
        else { throw FrameBarrier(node, "brings frames together") }
        let rank = extents(output).count
        /// The axis of the result: an index, or nil for the axis that is summed over.
        func place(_ axis: FrameAxis, _ operand: Int, isFirst: Bool) -> Int? {
            let aligned = axis.axis + rank - extents(operand).count
            if aligned < rank - 2 { return aligned }
            let isLast = aligned == rank - 1
            let transposes = isFirst ? transposesFirst : transposesSecond
            let isSummed = isFirst ? isLast != transposes : isLast == transposes
            return isSummed ? nil : isFirst ? rank - 2 : rank - 1
        }
        let (left, right) = (rows(first), rows(second))
        guard left?.axes.count ?? 1 == 1, right?.axes.count ?? 1 == 1 else {
            throw FrameBarrier(node, "is not followed frame by frame")
        }
        let leftPlace = left.map { place($0.axis, first, isFirst: true) }
        let rightPlace = right.map { place($0.axis, second, isFirst: false) }
        if let left, let right, leftPlace == .some(nil), rightPlace == .some(nil) {
            return try contraction(node, left, right)
        }
        guard leftPlace != .some(nil), rightPlace != .some(nil) else {
            throw FrameBarrier(node, "brings all frames together")
        }
        let places = [leftPlace, rightPlace].compactMap { $0.flatMap(\.self) }
        guard var result = left ?? right, Set(places).count == 1,
            left == nil || right == nil || left?.axes.map(\.span) == right?.axes.map(\.span)
        else { throw FrameBarrier(node, "brings different frames together") }
        guard left?.axis.isReversed ?? result.axis.isReversed == right?.axis.isReversed ?? result.axis.isReversed else {
            throw FrameBarrier(node, "brings different frames together")
        }
        // An operand without an axis of frames must not be one for each.
        for (operand, rows) in [(first, left), (second, right)] where rows == nil {
            let axis = places[0] - rank + extents(operand).count
            if places[0] < rank - 2, axis >= 0, extents(operand)[axis] != 1 {
                throw FrameBarrier(node, "takes another value at each frame")
            }
        }
        result.axes[0].axis = places[0]
        result.conditions = (left?.conditions ?? []).union(right?.conditions ?? [])
        result.isOwn = false
        result.zeros = []
        result.levels = nil
        return .rows(result)
    }

    /// A sum over frames of products with what is 0 for padding.
    private mutating func contraction(
        _ node: TypedGraph.Node, _ left: FrameRows, _ right: FrameRows
    ) throws(FrameBarrier) -> FrameState {
        let zeros = left.zeros.union(right.zeros)
        guard left.axis.span == right.axis.span, left.axis.isReversed == right.axis.isReversed,
            keepsOutPadding(zeros), left.conditions.union(right.conditions).isSubset(of: zeros)
        else { throw FrameBarrier(node, "brings all frames together, padding included", isOfRange: true) }
        guard isFinite(node.input(0)), isFinite(node.input(1)) else {
            throw FrameBarrier(node, "takes frames of padding that may not be finite", isOfRange: true)
        }
        return .fixed
    }

    mutating func reduction(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Reduction
    ) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), let output = node.outputs.first, var rows = rows(input),
            let named = try? node.attributes.integers("axes"),
            let keeps = try? node.attributes.boolean("keepDimensions")
        else { throw FrameBarrier(node, "brings frames together") }
        let rank = extents(input).count
        let axes = Set(named.map { $0 < 0 ? $0 + rank : $0 })
        let reduced = rows.axes.filter { axes.contains($0.axis) }
        func moved(_ axis: FrameAxis) -> FrameAxis {
            var axis = axis
            if !keeps { axis.axis -= axes.filter { $0 < axis.axis }.count }
            return axis
        }
        guard let over = reduced.first else {
            // One element of each frame stays what it is.
            let isSame = graph.shape(of: output).elementCount == graph.shape(of: input).elementCount
            rows.axes = rows.axes.map(moved)
            if !isSame {
                rows.levels = nil
                if kind != .reduceSum { rows.zeros = [] }
                if rows.axes.count > 1 { throw FrameBarrier(node, "brings frames together") }
            }
            return [.rows(rows)]
        }
        if rows.axes.count == 2 {
            guard kind == .reduceAny, reduced.count == 1, axes.count == 1, let levels = rows.levels,
                levels.on == 1, levels.off == 0, let place = rows.axes.firstIndex(of: over), place == 1
            else { throw FrameBarrier(node, "brings all frames together") }
            return [.rows(try anyKey(node, rows, levels, axis: moved(rows.axes[0])))]
        }
        // 0, and false, add nothing.
        guard kind == .reduceSum || kind == .reduceAny, keepsOutPadding(rows.zeros),
            rows.conditions.isSubset(of: rows.zeros)
        else { throw FrameBarrier(node, "brings all frames together, padding included", isOfRange: true) }
        return [.fixed]
    }

    /// Whether a query attends to any key: so it does if its own masks say so and one key is kept.
    private mutating func anyKey(
        _ node: TypedGraph.Node, _ rows: FrameRows, _ levels: FrameLevels, axis: FrameAxis
    ) throws(FrameBarrier) -> FrameRows {
        let keys = levels.masks(1)
        guard !levels.isCausal, keepsOutPadding(keys) else {
            throw FrameBarrier(node, "brings all frames together, padding included")
        }
        guards.insert(keys)
        let terms = Set(levels.terms.filter { $0.place == 0 })
        return FrameRows(axes: [axis], levels: FrameLevels(terms: terms, on: 1, off: 0))
    }

    func scan(_ node: TypedGraph.Node, _ kind: OperationFamily.Scan) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), var rows = rows(input), let named = try? node.attributes.integer("axis") else {
            throw FrameBarrier(node, "brings frames together")
        }
        let axis = named < 0 ? named + extents(input).count : named
        rows.levels = nil
        rows.zeros = []
        switch kind {
        case .argMaximum, .argMinimum:
            guard rows.axes.count == 1, rows.axis.axis != axis else {
                throw FrameBarrier(node, "brings all frames together")
            }
            if axis < rows.axis.axis { rows.axes[0].axis -= 1 }
            rows.isOwn = false
        case .cumulativeSum:
            if rows.axes.contains(where: { $0.axis == axis }) {
                // Up to each frame of the clip there is no padding.
                guard rows.axes.count == 1, rows.conditions.isEmpty, !rows.axis.isReversed,
                    (try? node.attributes.boolean("reverse")) == false
                else { throw FrameBarrier(node, "brings all frames together, padding included") }
            }
            rows.isOwn = false
        }
        return [.rows(rows)]
    }
}
