import EmotionFormerCore

extension FrameAnalysis {
    /// Attention that gives all padding the weight 0.
    ///
    /// A row of the result is the same in both runs if its query is, and if it attends to something: with a key mask
    /// alone, every row does once one frame is kept; if its own frame is kept by all masks of keys, it attends to
    /// itself.
    mutating func attention(_ node: TypedGraph.Node) throws(FrameBarrier) -> [FrameState] {
        guard let query = node.input(0), let key = node.input(1), let value = node.input(2),
            let isCausal = try? node.attributes.boolean("causal"), node.outputs.count == 1
        else { throw FrameBarrier(node, "gives its weights, of all frames") }
        let (queries, keys, values) = (rows(query), rows(key), rows(value))
        for case let rows? in [queries, keys, values] where rows.axes.map(\.axis) != [1] || rows.axis.isReversed {
            throw FrameBarrier(node, "is not followed frame by frame")
        }
        if keys == nil, values == nil {
            guard var result = queries, !isCausal, node.input(3).map({ rows($0) == nil }) ?? true,
                node.input(3).map({ extents($0).count < 3 || !extents($0).contains(extent(result.axis)) }) ?? true
            else { throw FrameBarrier(node, "is not followed frame by frame") }
            if ![key, value].allSatisfy(isConstant) { result.isOwn = false }
            result.zeros = []
            result.levels = nil
            return [.rows(result)]
        }
        guard let keys, let values, keys.axes == values.axes,
            !isCausal || queries?.axes == keys.axes
        else { throw FrameBarrier(node, "brings different frames together") }
        let mask = try AttendedFrames(self, node, keys: keys.axis, queries: queries?.axis, isCausal: isCausal)
        let needed = keys.conditions.union(values.conditions)
        if mask.ofKeys.isEmpty {
            guard mask.isCausal else { throw FrameBarrier(node, "attends to padding: it has no mask") }
            guard needed.isEmpty else { throw FrameBarrier(node, "attends to frames that another mask keeps out") }
        } else {
            guard keepsOutPadding(mask.ofKeys) else {
                throw FrameBarrier(node, "attends to padding: its mask does not keep it out")
            }
            guard needed.isSubset(of: mask.ofKeys) else {
                throw FrameBarrier(node, "attends to frames that another mask keeps out")
            }
        }
        guard isFinite(key), isFinite(value) else {
            throw FrameBarrier(node, "attends to frames of padding that may not be finite", isOfRange: true)
        }
        guard hasSmallScores(node) else {
            throw FrameBarrier(node, "may have scores below those of masked frames", isOfRange: true)
        }
        guard let queries else {
            // One row, or several, of no frame's.
            guard mask.ofQueries.isEmpty else { throw FrameBarrier(node, "is not followed frame by frame") }
            guards.insert(mask.ofKeys)
            return [.fixed]
        }
        var result = FrameRows(axes: queries.axes, conditions: queries.conditions.union(mask.ofQueries))
        if mask.isCausal {
            result.conditions.formUnion(mask.ofKeys)
        } else if !mask.ofKeys.isSubset(of: mask.ofQueries) || queries.axis != keys.axis {
            guards.insert(mask.ofKeys)
        }
        return [.rows(result)]
    }
}

extension FrameAnalysis {
    private mutating func hasSmallScores(_ node: TypedGraph.Node) -> Bool {
        guard let query = ranges.range(of: node.input(0)), let key = ranges.range(of: node.input(1)),
            let scale = try? node.attributes.number("scale"), let heads = try? node.attributes.integer("headCount"),
            let width = node.input(0).flatMap({ extents($0).last }), heads > 0
        else { return false }
        let sum = query.magnitude * key.magnitude * Double(width / heads) * scale.magnitude
        return sum * 1.01 <= FrameAnalysis.largestScore
    }
}

/// Which masks must be true for a query to attend to a key.
private struct AttendedFrames {
    var ofQueries = Set<Int>()
    var ofKeys = Set<Int>()
    var isCausal: Bool

    init(
        _ analysis: FrameAnalysis, _ node: TypedGraph.Node, keys: FrameAxis, queries: FrameAxis?, isCausal: Bool
    ) throws(FrameBarrier) {
        self.isCausal = isCausal
        guard let value = node.input(3) else { return }
        let refusal = FrameBarrier(node, "attends to padding: its mask is not followed frame by frame")
        guard let rows = analysis.rows(value), let levels = analysis.mask(value) else { throw refusal }
        let rank = analysis.extents(value).count
        self.isCausal = isCausal || levels.isCausal
        for (place, axis) in rows.axes.enumerated() {
            guard !axis.isReversed else { throw refusal }
            if axis.axis == rank - 1, axis.span == keys.span {
                ofKeys = levels.masks(place)
            } else if rank > 2, axis.axis == rank - 2, axis.span == queries?.span {
                ofQueries = levels.masks(place)
            } else {
                throw refusal
            }
        }
        // Without a mask over keys, or over frames of its own, a query attends to padding like to any frame.
        let extents = analysis.extents(value)
        let isByHead = rank == 4 && extents[1] != 1
        guard !isByHead, !rows.axes.isEmpty, !levels.isCausal || rows.axes.count == 2 else { throw refusal }
    }
}
