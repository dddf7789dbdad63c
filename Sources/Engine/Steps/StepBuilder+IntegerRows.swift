import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// Quantized numbers along axes: softmax, means and sums.
extension StepBuilder {
    mutating func appendIntegerSoftmax(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let softmax = try integerContext(node).integerSoftmax()
        switch type(input).elementType {
        case .int8: try appendNarrowSoftmax(node, softmax)
        case .uint8: try appendSoftmax(node, softmax, UInt8.self)
        case .int16: try appendWideSoftmax(node, softmax)
        default: throw notQuantized(node, type(input).elementType)
        }
    }

    private mutating func appendSoftmax<Element: QuantizedElement>(
        _ node: TypedGraph.Node, _ softmax: IntegerSoftmax, _ element: Element.Type
    ) throws(Fault) {
        let exponentials = ConstantAddress(
            makeBuffer(byteCount: 256 * 4) { bytes in
                bytes.assumingMemoryBound(to: Float.self).update(from: softmax.exponentials, count: 256)
            })
        let output = softmax.output
        try appendRows(node) { (x: UnsafePointer<Element>, y: UnsafeMutablePointer<Element>, columns, _) in
            let table = exponentials.floats
            var largest = x[0]
            for index in 1..<max(columns, 1) { largest = max(largest, x[index]) }
            let top = Int(largest)
            // In order: another order of float additions gives other sums.
            var sum: Float = 0
            for index in 0..<columns { sum += table[top &- Int(x[index])] }
            let inverse = 1 / (sum * output.scale)
            for index in 0..<columns {
                y[index] = Element(
                    truncatingIfNeeded: output.storedProbability(table[top &- Int(x[index])] * inverse))
            }
        }
    }

    private mutating func appendNarrowSoftmax(_ node: TypedGraph.Node, _ softmax: IntegerSoftmax) throws(Fault) {
        let (input, output) = (try operand(node, 0), try output(node))
        let exponentials = ConstantAddress(
            makeBuffer(byteCount: 256 * 4) { bytes in
                bytes.assumingMemoryBound(to: Float.self).update(from: softmax.exponentials, count: 256)
            })
        let columns = shape(input).extents.last ?? 1
        let range = IntegerRange(softmax.output)
        let scale = softmax.output.scale
        let run = kernels.integers.softmax
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let start = rows.lowerBound &* columns
                run(
                    exponentials.floats, scale, range, input.elements(execution, as: Int8.self) + start,
                    output.elements(execution, as: Int8.self) + start, rows.count, columns)
            }
        }
        draft.rows = shape(input).elementCount / columns
        draft.rowBlock = 8
        draft.alignedReads = [input]
        append(draft)
    }

    private mutating func appendWideSoftmax(_ node: TypedGraph.Node, _ softmax: IntegerSoftmax) throws(Fault) {
        try appendRows(node, scratchElement: Int.self) {
            (x: UnsafePointer<Int16>, y: UnsafeMutablePointer<Int16>, columns, scratch) in
            softmax.store(x, y, columns, scratch.assumingMemoryBound(to: Int.self))
        }
    }

    /// A step that computes each row of the last axis alone.
    private mutating func appendRows<Element: QuantizedElement>(
        _ node: TypedGraph.Node, scratchElement: Any.Type? = nil,
        _ row:
            @escaping @Sendable (
                UnsafePointer<Element>, UnsafeMutablePointer<Element>, _ columns: Int,
                _ scratch: UnsafeMutableRawPointer
            ) -> Void
    ) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let columns = shape(input).extents.last ?? 1
        guard shape(input).elementCount > 0 else { return }
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let x = input.elements(execution, as: Element.self)
                let y = output.elements(execution, as: Element.self)
                for index in rows { row(x + index &* columns, y + index &* columns, columns, execution.scratch) }
            }
        }
        draft.rows = shape(input).elementCount / columns
        draft.alignedReads = [input]
        if scratchElement != nil { draft.scratchByteCount = columns * MemoryLayout<Int>.stride }
        append(draft)
    }

    mutating func appendIntegerReduction(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        switch type(input).elementType {
        case .int8:
            if try !appendNarrowReduction(node, input) { try appendReduction(node, input, Int8.self) }
        case .uint8: try appendReduction(node, input, UInt8.self)
        case .int16: try appendReduction(node, input, Int16.self)
        default: throw notQuantized(node, type(input).elementType)
        }
    }

    /// Over neighboring axes, by the kernel of exact sums.
    /// - Returns: whether the step was appended.
    private mutating func appendNarrowReduction(_ node: TypedGraph.Node, _ input: Int) throws(Fault) -> Bool {
        let output = try output(node)
        let shape = shape(input)
        let axes = Set(try resolved(node.attributes.integers("axes"), in: shape)).filter { shape[$0] != 1 }.sorted()
        guard shape.elementCount > 0, let first = axes.first, let last = axes.last,
            (first...last).allSatisfy({ axes.contains($0) || shape[$0] == 1 })
        else { return false }
        let outer = shape.elementCount(of: 0..<first)
        let count = shape.elementCount(of: first..<(last + 1))
        let inner = shape.elementCount(of: (last + 1)..<shape.rank)
        let reduction = try integerContext(node).integerReduction(count: count)
        let sum = kernels.integers.sum
        let room = max(inner, 64)
        var draft = StepDraft(name: node.name, label: label(node, input), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let x = input.elements(execution, as: Int8.self)
                let y = output.elements(execution, as: Int8.self)
                let sums = execution.scratch.assumingMemoryBound(to: Int32.self)
                // As many rows at a time as the sums have room for.
                let block = max(room / max(inner, 1), 1)
                var row = rows.lowerBound
                while row < rows.upperBound {
                    let height = min(block, rows.upperBound &- row)
                    sum(x + row &* count &* inner, sums, height, count, inner)
                    let y = y + row &* inner
                    for index in 0..<height &* inner {
                        y[index] = Int8(truncatingIfNeeded: reduction.stored(Int(sums[index])))
                    }
                    row &+= height
                }
            }
        }
        draft.rows = outer
        draft.alignedReads = [input]
        draft.scratchByteCount = room * 4
        append(draft)
        return true
    }

    private mutating func appendReduction<Element: QuantizedElement>(
        _ node: TypedGraph.Node, _ input: Int, _ element: Element.Type
    ) throws(Fault) {
        let output = try output(node)
        let shape = shape(input)
        let results = self.shape(output).elementCount
        guard results > 0 else { return }
        let axes = Set(try resolved(node.attributes.integers("axes"), in: shape))
        let reduction = try integerContext(node).integerReduction(count: max(shape.elementCount / results, 1))
        var kept: [WalkAxis] = []
        var reduced: [WalkAxis] = []
        for axis in 0..<shape.rank {
            let walkAxis = WalkAxis(extent: shape[axis], strides: [shape.strides[axis], 0, 0, 0])
            if axes.contains(axis) { reduced.append(walkAxis) } else { kept.append(walkAxis) }
        }
        reduced = WalkAxis.joined(reduced)
        let inner = reduced.popLast() ?? WalkAxis(extent: 1, strides: [0, 0, 0, 0])
        let outerWalk = try makeWalk(kept, for: node)
        let walk = try makeWalk(reduced, for: node)
        let step = inner.strides.x
        var draft = StepDraft(name: node.name, label: label(node, input), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let x = input.elements(execution, as: Element.self)
                var y = output.elements(execution, as: Element.self) + rows.lowerBound
                outerWalk.forEach(rows) { outer in
                    var sum = 0
                    walk.forEach(0..<walk.count) { offsets in
                        let run = x + (outer.x &+ offsets.x)
                        for index in 0..<inner.extent { sum &+= Int(run[index &* step]) }
                    }
                    y.pointee = Element(truncatingIfNeeded: reduction.stored(sum))
                    y += 1
                }
            }
        }
        draft.rows = outerWalk.count
        if axes.min() == shape.rank - axes.count { draft.alignedReads = [input] }
        append(draft)
    }
}
