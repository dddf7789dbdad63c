import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    /// As `appendElementwise`, for a function of two operands that takes many rows in one call. The output's elements lie
    /// beside each other.
    mutating func appendElementwise(
        _ node: TypedGraph.Node, inputs: [Int], rows run: @escaping ElementRowRun
    ) throws(Fault) {
        let output = try output(node)
        let shape = shape(output)
        let counts = inputs.map { self.shape($0).elementCount }
        guard shape.elementCount > 0, inputs.count == 2 else { return }
        guard counts.contains(where: { $0 != 1 && $0 != shape.elementCount }) else {
            return try appendElementwise(node, inputs: inputs) { a, b, _, output, strides, count in
                run(a, b, output, strides, .zero, 1, count)
            }
        }
        var axes: [WalkAxis] = []
        let strides = (
            try self.shape(inputs[0]).strides(broadcastTo: shape), try self.shape(inputs[1]).strides(broadcastTo: shape)
        )
        let sizes = (type(inputs[0]).elementType.byteCount, type(inputs[1]).elementType.byteCount)
        let size = type(output).elementType.byteCount
        for axis in 0..<shape.rank {
            let from = SIMD4(strides.0[axis] * sizes.0, strides.1[axis] * sizes.1, 0, shape.strides[axis] * size)
            axes.append(WalkAxis(extent: shape[axis], strides: from))
        }
        // Short rows are joined; long ones stay what threads divide.
        axes.removeAll { $0.extent == 1 }
        let leading = axes.dropLast()
        while axes.count > 1, axes[axes.count - 1].extent < ElementRows.shortest,
            let joined = axes[axes.count - 2].joined(with: axes[axes.count - 1])
        {
            axes.removeLast(2)
            axes.append(joined)
        }
        let inner = axes.removeLast()
        let outer = WalkAxis.joined(axes)
        let row = outer.last ?? WalkAxis(extent: 1, strides: .zero)
        let rows = ElementRows(
            inner: inner, row: row, walk: try makeWalk(outer.dropLast(), for: node),
            steps: SIMD4(inner.strides.x / sizes.0, inner.strides.y / sizes.1, 0, 0))
        var draft = StepDraft(name: node.name, label: label(node, output), reads: inputs, writes: [output]) { layout in
            let a = layout.operand(inputs[0])
            let b = layout.operand(inputs[1])
            let output = layout.destination(output)
            return { execution, range in
                rows.run(range, a.bytes(execution), b.bytes(execution), output.bytes(execution), run)
            }
        }
        draft.rows = rows.count
        draft.alignedReads = inputs.indices.filter { index in outer.allSatisfy { $0.strides[index] != 0 } }.map {
            inputs[$0]
        }
        // A constant that differs from row to row makes rows differ.
        let isPlaced = inputs.indices.contains { index in
            graph.values[inputs[index]].constant != nil && leading.contains { $0.strides[index] != 0 }
        }
        if !isPlaced { draft.worksRowwise() }
        append(draft)
    }
}

/// Rows of results with the operands' strides, in bytes.
private struct ElementRows: Sendable {
    /// Shorter rows are joined with their neighbors.
    static let shortest = 64

    let inner: WalkAxis
    let row: WalkAxis
    /// The other axes.
    let walk: Walk
    /// Elements of the operands from one result to the next.
    let steps: SIMD4<Int>

    var count: Int { walk.count * row.extent }

    func run(
        _ range: Range<Int>, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
        _ function: ElementRowRun
    ) {
        guard !range.isEmpty else { return }
        var first = range.lowerBound % row.extent
        var left = range.count
        walk.forEach(range.lowerBound / row.extent..<(range.upperBound &- 1) / row.extent &+ 1) { offsets in
            let start = offsets &+ row.strides &* first
            let count = min(row.extent &- first, left)
            function(a + start.x, b + start.y, output + start.w, steps, row.strides, count, inner.extent)
            left &-= count
            first = 0
        }
    }
}
