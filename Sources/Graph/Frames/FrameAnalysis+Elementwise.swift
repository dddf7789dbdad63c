import EmotionFormerCore

extension FrameAnalysis {
    /// The rows of a result whose elements depend on the elements at the same place of all operands, which broadcast.
    ///
    /// Their conditions are those of all operands; zeros and levels are the caller's.
    mutating func aligned(_ node: TypedGraph.Node, _ operands: [Int], _ index: Int) throws(FrameBarrier) -> FrameRows {
        let rank = operands.map { extents($0).count }.max() ?? 0
        var result: FrameRows?
        for operand in operands {
            guard var rows = rows(operand) else { continue }
            let shift = rank - extents(operand).count
            for place in rows.axes.indices { rows.axes[place].axis += shift }
            guard let other = result else {
                result = rows
                continue
            }
            guard rows.axes == other.axes else { throw FrameBarrier(node, "brings different frames together") }
            result?.conditions.formUnion(rows.conditions)
            result?.isOwn = other.isOwn && rows.isOwn
        }
        guard var result else { throw FrameBarrier(node, "has no rows of frames") }
        try alignFixed(node, operands, index, with: &result)
        result.zeros = []
        result.levels = nil
        return result
    }

    /// Operands without an axis of frames must be the same for all frames, or constants that can be cut.
    mutating func alignFixed(
        _ node: TypedGraph.Node, _ operands: [Int], _ index: Int, with rows: inout FrameRows
    ) throws(FrameBarrier) {
        let rank = operands.map { extents($0).count }.max() ?? 0
        for operand in operands where self.rows(operand) == nil {
            if !isConstant(operand) { rows.isOwn = false }
            let shift = rank - extents(operand).count
            let cut = rows.axes.map { FrameAxis(axis: $0.axis - shift, span: $0.span, isReversed: $0.isReversed) }
                .filter { $0.axis >= 0 && extents(operand)[$0.axis] != 1 }
            if cut.isEmpty { continue }
            guard isConstant(operand), !cut.contains(where: \.isReversed) else {
                throw FrameBarrier(node, "takes another value at each frame")
            }
            for (place, input) in node.inputs.enumerated() where input == operand {
                slices.insert(FrameProof.ConstantSlice(node: index, operand: place, axes: cut))
            }
        }
    }

    mutating func elementwise(_ node: TypedGraph.Node, _ index: Int) throws(FrameBarrier) -> [FrameState] {
        [.rows(try aligned(node, node.inputs.compactMap(\.self), index))]
    }

    mutating func arithmetic(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Arithmetic, _ index: Int
    ) throws(FrameBarrier) -> [FrameState] {
        var result = try aligned(node, node.inputs.compactMap(\.self), index)
        let (first, second) = (rows(node.input(0)), rows(node.input(1)))
        if kind == .multiply {
            // 0 times what is finite.
            let zeros = (first?.zeros ?? []).union(second?.zeros ?? [])
            if !zeros.isEmpty, isFinite(node.input(0)), isFinite(node.input(1)) {
                result.zeros = zeros
                result.conditions.subtract(zeros)
            }
        }
        result.levels = levels(node, kind, first?.levels, second?.levels)
        return [.rows(result)]
    }

    /// Levels and a number give levels.
    private func levels(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Arithmetic, _ first: FrameLevels?, _ second: FrameLevels?
    ) -> FrameLevels? {
        let isFirst = first != nil && second == nil
        guard var levels = isFirst ? first : second, isFirst || first == nil,
            let other = number(node.input(isFirst ? 1 : 0))
        else { return nil }
        func value(_ level: Double) -> Double? {
            let (a, b) = isFirst ? (level, other) : (other, level)
            switch kind {
            case .add: return a + b
            case .subtract: return a - b
            case .multiply: return a * b
            case .divide, .floorDivide, .floorModulo, .power, .maximum, .minimum, .squaredDifference: return nil
            }
        }
        guard let on = value(levels.on), let off = value(levels.off) else { return nil }
        levels.on = on
        levels.off = off
        return levels
    }

    /// A constant of one finite element.
    func number(_ value: Int?) -> Double? {
        guard let constant = graph.constant(value), constant.quantization == nil,
            constant.tensor.shape.elementCount == 1, let number = constant.tensor.doubles.first, number.isFinite
        else { return nil }
        return number
    }

    mutating func logic(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Logic, _ index: Int
    ) throws(FrameBarrier) -> [FrameState] {
        if kind == .logicalAnd, let pairs = pairs(node) { return [.rows(pairs)] }
        if kind == .logicalAnd, let causal = try causal(node, index) { return [.rows(causal)] }
        var result = try aligned(node, node.inputs.compactMap(\.self), index)
        switch kind {
        case .logicalNot:
            if let levels = rows(node.input(0))?.levels, levels.on + levels.off == 1 {
                result.levels = levels
                result.levels?.on = levels.off
                result.levels?.off = levels.on
            }
        case .logicalAnd:
            if let one = mask(node.input(0)), let other = mask(node.input(1)) {
                result.levels = FrameLevels(terms: one.terms.union(other.terms), on: 1, off: 0)
                result.levels?.isCausal = one.isCausal || other.isCausal
            }
        case .logicalOr: break
        }
        return [.rows(result)]
    }

    /// A mask over queries and one over keys, or more of such, together: true where all are.
    private func pairs(_ node: TypedGraph.Node) -> FrameRows? {
        guard let first = rows(node.input(0)), let second = rows(node.input(1)), let one = mask(node.input(0)),
            let other = mask(node.input(1)), let output = node.outputs.first
        else { return nil }
        let rank = extents(output).count
        var axes: [FrameAxis] = []
        var terms = Set<FrameLevels.Term>()
        for (rows, levels, operand) in [(first, one, node.input(0)), (second, other, node.input(1))] {
            guard let operand else { return nil }
            var places: [Int] = []
            for axis in rows.axes {
                var axis = axis
                axis.axis += rank - extents(operand).count
                if let place = axes.firstIndex(of: axis) {
                    places.append(place)
                } else {
                    places.append(axes.count)
                    axes.append(axis)
                }
            }
            for term in levels.terms { terms.insert(FrameLevels.Term(mask: term.mask, place: places[term.place])) }
        }
        guard axes.count == 2, Set(axes.map(\.axis)).count == 2, first.conditions.isEmpty, second.conditions.isEmpty
        else { return nil }
        // Queries are the axis in front.
        if axes[0].axis > axes[1].axis {
            axes.reverse()
            terms = Set(terms.map { FrameLevels.Term(mask: $0.mask, place: 1 - $0.place) })
        }
        let levels = FrameLevels(terms: terms, isCausal: one.isCausal || other.isCausal, on: 1, off: 0)
        // The value repeats the first operand's elements along the second's axis only if it has no more axes.
        guard
            extents(output).enumerated().allSatisfy({ axis, extent in
                extent == 1 || axes.contains { $0.axis == axis }
            })
        else { return nil }
        return FrameRows(axes: axes, levels: levels)
    }

    /// A mask over keys and the constant that is true up to the query.
    private mutating func causal(_ node: TypedGraph.Node, _ index: Int) throws(FrameBarrier) -> FrameRows? {
        for (place, other) in [(0, 1), (1, 0)] {
            guard let rows = rows(node.input(place)), let levels = mask(node.input(place)), rows.conditions.isEmpty,
                let operand = node.input(other), let output = node.outputs.first,
                let constant = graph.constant(operand)?.tensor, constant.elementType == .bool,
                let axis = rows.axes.last, let mask = node.input(place)
            else { continue }
            let count = extent(axis)
            let rank = extents(output).count
            let columns = FrameAxis(axis: rank - 1, span: axis.span)
            let queries = FrameAxis(axis: rank - 2, span: axis.span)
            let shift = rank - extents(mask).count
            let places = rows.axes.map { [queries.axis, columns.axis].firstIndex(of: $0.axis + shift) }
            let cut = constant.shape.rank
            guard rank >= 2, !places.contains(nil), !axis.isReversed, rows.axes.allSatisfy({ $0.span == axis.span }),
                cut >= 2, constant.shape.extents.suffix(2) == [count, count],
                constant.shape.elementCount == count * count,
                graph.shape(of: output).elementCount == count * count,
                constant.withUnsafeBytes({ bytes in
                    bytes.indices.allSatisfy { (bytes[$0] != 0) == ($0 % count <= $0 / count) }
                })
            else { continue }
            slices.insert(
                FrameProof.ConstantSlice(
                    node: index, operand: other,
                    axes: [
                        FrameAxis(axis: cut - 2, span: axis.span), FrameAxis(axis: cut - 1, span: axis.span),
                    ]))
            let terms = levels.terms.map { FrameLevels.Term(mask: $0.mask, place: places[$0.place] ?? 0) }
            return FrameRows(
                axes: [queries, columns], levels: FrameLevels(terms: Set(terms), isCausal: true, on: 1, off: 0))
        }
        return nil
    }

    mutating func pointwise(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Pointwise, _ index: Int
    ) throws(FrameBarrier) -> [FrameState] {
        var result = try aligned(node, node.inputs.compactMap(\.self), index)
        switch kind {
        case .activation, .rescaling, .prelu, .clip: break
        case .select: select(node, &result)
        }
        return [.rows(result)]
    }

    /// One of two values, by a mask: what is not taken does not count, whatever it is.
    private func select(_ node: TypedGraph.Node, _ result: inout FrameRows) {
        guard let condition = rows(node.input(0))?.levels, result.axes.count == 1, !condition.isCausal,
            [condition.on, condition.off].sorted() == [0, 1]
        else { return }
        let isKept = condition.on == 1
        let (kept, other) = isKept ? (1, 2) : (2, 1)
        let masks = condition.masks()
        let (first, second) = (rows(node.input(kept)), rows(node.input(other)))
        result.conditions = (first?.conditions ?? []).subtracting(masks).union(second?.conditions ?? [])
        if number(node.input(other)) == 0 { result.zeros = masks.union(first?.zeros ?? []) }
        if let on = number(node.input(kept)), let off = number(node.input(other)) {
            result.levels = FrameLevels(terms: condition.terms, on: on, off: off)
        }
    }

    mutating func conversion(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Conversion
    ) throws(FrameBarrier) -> [FrameState] {
        guard var rows = rows(node.input(0)) else { return [.fixed] }
        switch kind {
        case .cast:
            // From and to Booleans 0 and 1 stay what they are.
            if let levels = rows.levels, [levels.on, levels.off].sorted() != [0, 1] { rows.levels = nil }
        case .dequantize, .quantize:
            rows.levels = nil
            rows.zeros = []
        }
        return [.rows(rows)]
    }
}
