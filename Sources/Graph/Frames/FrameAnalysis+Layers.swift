import EmotionFormerCore

extension FrameAnalysis {
    mutating func layer(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Layer
    ) throws(FrameBarrier) -> [FrameState] {
        switch kind {
        case .constant: return [.fixed]
        case .attention: return try attention(node)
        case .dense: return [.rows(try apart(node, from: .lastAxis))]
        case .embedding: return [.rows(try apart(node, from: .none))]
        case .masking:
            guard let input = node.input(0), let rows = rows(input),
                rows.axes == [FrameAxis(axis: 1, span: rows.axis.span)],
                rows.isOwn, node.outputs.count <= 2
            else { throw FrameBarrier(node, "is not followed frame by frame") }
            var masked = FrameRows(axes: rows.axes, isOwn: true)
            if node.outputs.count > 1 { masked.zeros = [node.outputs[1]] }
            return [.rows(masked), .rows(FrameRows(axes: rows.axes, isOwn: true))]
        case .multiHeadAttention, .positionalEncoding:
            throw FrameBarrier(node, "is not followed frame by frame")
        }
    }

    /// Which axes an operation brings together.
    enum Mixed: Equatable {
        case none, lastAxis
        case axes([Int])
    }

    /// The rows of operand 0 if the operation keeps frames apart, and its other operands are no rows of frames.
    func apart(_ node: TypedGraph.Node, from mixed: Mixed) throws(FrameBarrier) -> FrameRows {
        guard let input = node.input(0), var rows = rows(input),
            !node.inputs.dropFirst().contains(where: { self.rows($0) != nil })
        else { throw FrameBarrier(node, "brings frames together") }
        let last = extents(input).count - 1
        for axis in rows.axes {
            switch mixed {
            case .none: break
            case .lastAxis where axis.axis == last: throw FrameBarrier(node, "brings all frames together")
            case .axes(let axes) where axes.contains(where: { ($0 < 0 ? $0 + last + 1 : $0) == axis.axis }):
                throw FrameBarrier(node, "brings all frames together")
            case .lastAxis, .axes: break
            }
        }
        if node.inputs.dropFirst().contains(where: { $0.map { !isConstant($0) } ?? false }) { rows.isOwn = false }
        rows.zeros = []
        rows.levels = nil
        return rows
    }

    mutating func normalization(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Normalization, _ index: Int
    ) throws(FrameBarrier) -> [FrameState] {
        switch kind {
        case .layerNormalization, .rmsNormalization, .softmax:
            guard let axes = try? node.attributes.integers("axes") else {
                throw FrameBarrier(node, "is not followed frame by frame")
            }
            if kind == .softmax, let rows = try weights(node, axes) { return [.rows(rows)] }
            guard kind == .softmax, node.input(1) != nil else { return [.rows(try apart(node, from: .axes(axes)))] }
            throw FrameBarrier(node, "is not followed frame by frame")
        case .logSoftmax:
            guard let axis = try? node.attributes.integer("axis") else {
                throw FrameBarrier(node, "is not followed frame by frame")
            }
            return [.rows(try apart(node, from: .axes([axis])))]
        case .batchNormalization:
            guard let axis = try? node.attributes.integer("axis") else {
                throw FrameBarrier(node, "is not followed frame by frame")
            }
            return [.rows(try apart(node, from: .axes([axis])))]
        }
    }

    /// A softmax over frames, whose weights of padding are 0: by its mask, or by a summand far below every score.
    private mutating func weights(_ node: TypedGraph.Node, _ axes: [Int]) throws(FrameBarrier) -> FrameRows? {
        guard let input = node.input(0), var rows = rows(input), rows.axes.count == 1,
            axes.map({ $0 < 0 ? $0 + extents(input).count : $0 }) == [rows.axis.axis]
        else { return nil }
        var masks: Set<Int>
        if let mask = node.input(1) {
            guard let other = self.rows(mask), let levels = self.mask(mask), other.axes.count == 1,
                other.axis.span == rows.axis.span,
                other.axis.axis + extents(input).count - extents(mask).count == rows.axis.axis
            else { throw FrameBarrier(node, "weighs all frames, padding included") }
            masks = levels.masks()
            let beta = (try? node.attributes.number("beta")) ?? .infinity
            guard let range = ranges.range(of: input), range.magnitude * beta.magnitude <= FrameAnalysis.largestScore
            else {
                throw FrameBarrier(node, "may have scores below those of masked frames", isOfRange: true)
            }
        } else {
            guard let low = lowered(input) else {
                throw FrameBarrier(node, "weighs all frames, padding included", isOfRange: true)
            }
            masks = low
        }
        guard keepsOutPadding(masks), rows.conditions.isSubset(of: masks), isFinite(input) else {
            throw FrameBarrier(node, "weighs all frames, padding included")
        }
        guards.insert(masks)
        rows.conditions = []
        rows.zeros = masks
        rows.isOwn = false
        rows.levels = nil
        return rows
    }

    /// The masks of a sum of scores and levels, if the levels take weight 0 to every score that is not kept.
    private mutating func lowered(_ value: Int) -> Set<Int>? {
        guard let node = graph.nodes.first(where: { $0.outputs.contains(value) }), node.operation == .add else {
            return nil
        }
        for (place, other) in [(0, 1), (1, 0)] {
            guard let levels = rows(node.input(place))?.levels, levels.on == 0, !levels.isCausal,
                rows(node.input(place))?.axes.count == 1, let scores = ranges.range(of: node.input(other)),
                // e⁻²⁰⁰ is 0 in 32 bits.
                scores.upper + levels.off < scores.lower - 200
            else { continue }
            return levels.masks()
        }
        return nil
    }

    mutating func window(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Window
    ) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), let rows = rows(input) else { return [.fixed] }
        switch kind {
        case .globalPooling1D: return [try globalPooling(node, input)]
        case .pooling1D:
            guard let size = try? node.attributes.integer("poolSize"),
                let stride = try? node.attributes.integer("stride")
            else { throw FrameBarrier(node, "mixes neighboring frames") }
            return [.rows(try windows(node, rows, size: size, stride: stride))]
        case .conv1D, .depthwiseConv1D:
            guard let kernel = node.weights["kernel"], kernel.tensor.elementType.isFloatingPoint,
                kernel.tensor.shape.rank == 3, let stride = try? node.attributes.integer("stride"),
                (try? node.attributes.integer("dilation")) == 1,
                kernel.tensor.shape[0] == 1 || (try? node.attributes.text("padding")) != "causal"
            else { throw FrameBarrier(node, "mixes neighboring frames") }
            return [.rows(try windows(node, rows, size: kernel.tensor.shape[0], stride: stride))]
        case .conv2D, .depthwiseConv2D, .pooling2D:
            // A picture a frame.
            guard rows.axes.map(\.axis) == [0], graph.constant(node.input(1))?.tensor.elementType != .int8 else {
                throw FrameBarrier(node, "mixes neighboring frames")
            }
            return [.rows(try apart(node, from: .none))]
        }
    }

    /// Windows of frames that follow each other without overlap.
    private mutating func windows(
        _ node: TypedGraph.Node, _ rows: FrameRows, size: Int, stride: Int
    ) throws(FrameBarrier) -> FrameRows {
        guard rows.axes.map(\.axis) == [1], size == stride, size > 0, rows.conditions.isEmpty, !rows.axis.isReversed,
            extent(rows.axis).isMultiple(of: size)
        else { throw FrameBarrier(node, "mixes neighboring frames") }
        var result = rows
        result.axes[0].span *= size
        if size > 1 { try include(span: result.axis.span, node) }
        result.zeros = []
        result.levels = nil
        return result
    }

    mutating func include(span: Int, _ node: TypedGraph.Node) throws(FrameBarrier) {
        var (a, b) = (unit, span)
        while b != 0 { (a, b) = (b, a % b) }
        unit = unit / a * span
        guard unit * 2 <= frameCount else { throw FrameBarrier(node, "leaves no frames apart") }
    }

    private mutating func globalPooling(_ node: TypedGraph.Node, _ input: Int) throws(FrameBarrier) -> FrameState {
        guard let rows = rows(input) else {
            throw FrameBarrier(node, "brings frames together")
        }
        if rows.axes.map(\.axis) != [1] {
            // Over an axis that is not the frames'.
            guard rows.axes.map(\.axis) == [0], node.input(1) == nil else {
                throw FrameBarrier(node, "brings all frames together")
            }
            return .rows(try apart(node, from: .none))
        }
        guard let value = node.input(1) else { throw FrameBarrier(node, "pools all frames, padding included") }
        try requireMask(value, over: rows, axis: 1, node, "pools all frames, padding included")
        return .fixed
    }

    /// A mask (1, T) that keeps out padding, and what is not the same in both runs.
    mutating func requireMask(
        _ value: Int, over rows: FrameRows, axis: Int, _ node: TypedGraph.Node, _ reason: String
    ) throws(FrameBarrier) {
        guard let mask = mask(value), let other = self.rows(value),
            other.axes == [FrameAxis(axis: axis, span: rows.axis.span)],
            keepsOutPadding(mask.masks())
        else { throw FrameBarrier(node, reason) }
        guard rows.conditions.isSubset(of: mask.masks()), !rows.axis.isReversed else {
            throw FrameBarrier(node, "takes frames that another mask keeps out")
        }
    }

    mutating func recurrence(_ node: TypedGraph.Node) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), let rows = rows(input), rows.axes.map(\.axis) == [1],
            node.input(1) == nil || !rows.axis.isReversed,
            !node.inputs.dropFirst(2).contains(where: { self.rows($0) != nil }),
            let isBackward = try? node.attributes.boolean("goBackwards"),
            let givesAll = try? node.attributes.boolean("returnSequences")
        else { throw FrameBarrier(node, "is not followed frame by frame") }
        let uses = graph.nodes.reduce(into: Set(graph.outputs)) { $0.formUnion($1.inputs.compactMap(\.self)) }
        let usesLast = !givesAll || node.outputs.dropFirst().contains { uses.contains($0) }
        var output = FrameState.fixed
        if givesAll {
            var axis = rows.axis
            axis.isReversed = isBackward
            output = .rows(FrameRows(axes: [axis]))
        }
        if let mask = node.input(1) {
            try requireMask(
                mask, over: rows, axis: 1, node, "steps over padding: its mask does not keep out padding")
        } else if isBackward || usesLast || rows.axis.isReversed || !rows.conditions.isEmpty {
            throw FrameBarrier(node, "steps over padding: it has no mask")
        }
        return [output] + node.outputs.dropFirst().map { _ in .fixed }
    }

    func sequence(_ node: TypedGraph.Node) throws(FrameBarrier) -> [FrameState] {
        guard let input = node.input(0), let rows = rows(input), rows.axes.map(\.axis) == [1], rows.conditions.isEmpty,
            !rows.axis.isReversed, (try? node.attributes.boolean("timeMajor")) == false,
            (try? node.attributes.boolean("goBackwards")) == false,
            !node.inputs.dropFirst().contains(where: { self.rows($0) != nil })
        else { throw FrameBarrier(node, "steps over padding: it has no mask") }
        return [.rows(FrameRows(axes: rows.axes))]
    }
}
