import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    /// Appends a step that computes each element of the output from one element of each operand, broadcast to the
    /// output's shape.
    ///
    /// Its rows are those of the output's last axis.
    /// - Parameter inputs: one to three values.
    mutating func appendElementwise(
        _ node: TypedGraph.Node, inputs: [Int], run: @escaping ElementRun
    ) throws(Fault) {
        let output = try output(node)
        let shape = shape(output)
        guard shape.elementCount > 0, let first = inputs.first else { return }
        var strides: [[Int]] = []
        for input in inputs { strides.append(try self.shape(input).strides(broadcastTo: shape)) }
        let operands = (first, inputs.count > 1 ? inputs[1] : first, inputs.count > 2 ? inputs[2] : first)
        let isUniform = inputs.allSatisfy {
            let count = self.shape($0).elementCount
            return count == 1 || count == shape.elementCount
        }
        var draft = StepDraft(name: node.name, label: label(node, output), reads: inputs, writes: [output]) { _ in
            { _, _ in }
        }
        if isUniform {
            let columns = shape.extents.last ?? 1
            draft.rows = shape.elementCount / columns
            draft.alignedReads = inputs.filter { self.shape($0).elementCount == shape.elementCount }
            var lanes = SIMD4<Int>(repeating: 0)
            for (lane, input) in inputs.enumerated() {
                lanes[lane] = self.shape(input).elementCount == shape.elementCount ? 1 : 0
            }
            draft.bind = uniform(operands, output, columns: columns, strides: lanes, run)
            if !inputs.contains(where: { isConstant($0) && self.shape($0).elementCount != 1 }) {
                draft.worksRowwise()
            }
        } else {
            // A last axis of extent 1 would make every run one element long.
            let axes = (0..<shape.rank).prefix { axis in shape.extents[axis...].contains { $0 != 1 } }
            let leading = axes.dropLast()
            let columns = axes.last.map { shape[$0] } ?? 1
            let walk = try makeWalk(
                leading.map { axis in
                    WalkAxis(extent: shape[axis], strides: lanes(axis, strides, inputs, output))
                }, for: node)
            var inner = SIMD4<Int>(repeating: 0)
            for (lane, stride) in strides.enumerated() { inner[lane] = axes.last.map { stride[$0] } ?? 0 }
            draft.rows = walk.count
            draft.alignedReads = zip(inputs, strides).filter { _, stride in
                leading.allSatisfy { shape[$0] == 1 || stride[$0] != 0 }
            }.map(\.0)
            draft.bind = stretched(operands, output, columns: columns, strides: inner, walk, run)
            // A constant that differs from row to row makes rows differ.
            let isPlaced = zip(inputs, strides).contains { input, stride in
                isConstant(input) && leading.contains { shape[$0] != 1 && stride[$0] != 0 }
            }
            if !isPlaced { draft.worksRowwise() }
        }
        append(draft)
    }

    private func isConstant(_ value: Int) -> Bool { graph.values[value].constant != nil }

    /// Bytes from one index of an axis to the next.
    private func lanes(_ axis: Int, _ strides: [[Int]], _ inputs: [Int], _ output: Int) -> SIMD4<Int> {
        var lanes = SIMD4<Int>(repeating: 0)
        for (lane, (input, stride)) in zip(inputs, strides).enumerated() {
            lanes[lane] = stride[axis] * type(input).elementType.byteCount
        }
        lanes.w = shape(output).strides[axis] * type(output).elementType.byteCount
        return lanes
    }

    /// Every operand has the output's elements, or one element.
    private func uniform(
        _ operands: (Int, Int, Int), _ output: Int, columns: Int, strides: SIMD4<Int>, _ run: @escaping ElementRun
    ) -> (Layout) -> StepBody {
        let size = type(output).elementType.byteCount
        let bytes = (
            type(operands.0).elementType.byteCount * strides.x, type(operands.1).elementType.byteCount * strides.y,
            type(operands.2).elementType.byteCount * strides.z
        )
        return { layout in
            let a = layout.operand(operands.0)
            let b = layout.operand(operands.1)
            let c = layout.operand(operands.2)
            let output = layout.destination(output)
            return { execution, rows in
                let first = rows.lowerBound &* columns
                run(
                    a.bytes(execution) + first &* bytes.0, b.bytes(execution) + first &* bytes.1,
                    c.bytes(execution) + first &* bytes.2, output.bytes(execution) + first &* size, strides,
                    rows.count &* columns)
            }
        }
    }

    private func stretched(
        _ operands: (Int, Int, Int), _ output: Int, columns: Int, strides: SIMD4<Int>, _ walk: Walk,
        _ run: @escaping ElementRun
    ) -> (Layout) -> StepBody {
        { layout in
            let a = layout.operand(operands.0)
            let b = layout.operand(operands.1)
            let c = layout.operand(operands.2)
            let output = layout.destination(output)
            return { execution, rows in
                let a = a.bytes(execution)
                let b = b.bytes(execution)
                let c = c.bytes(execution)
                let output = output.bytes(execution)
                walk.forEach(rows) { offsets in
                    run(a + offsets.x, b + offsets.y, c + offsets.z, output + offsets.w, strides, columns)
                }
            }
        }
    }
}
