import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// Reduces the elements that a walk reaches from `input`, each walk position being a run of `count`, `stride` elements
/// apart, to one element.
private typealias ReductionRun =
    @Sendable (
        _ input: UnsafeRawPointer, _ walk: Walk, _ count: Int, _ stride: Int, _ output: UnsafeMutableRawPointer
    ) -> Void

extension StepBuilder {
    mutating func appendReduction(_ node: TypedGraph.Node, _ kind: OperationFamily.Reduction) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let shape = shape(input)
        let axes = Set(try resolved(node.attributes.integers("axes"), in: shape))
        if self.shape(output).elementCount == shape.elementCount, shape.elementCount > 0 {
            return alias(output, to: input)
        }
        guard self.shape(output).elementCount > 0 else { return }
        if try appendVectorReduction(node, kind, input, output, axes) { return }
        let elementType = type(input).elementType
        let run: ReductionRun? =
            switch elementType {
            case .float32: floatReduction(kind)
            case .int8: integerReduction(kind, Int8.self)
            case .uint8: integerReduction(kind, UInt8.self)
            case .int16: integerReduction(kind, Int16.self)
            case .int32: integerReduction(kind, Int32.self)
            case .int64: integerReduction(kind, Int64.self)
            case .bool: logicReduction(kind)
            default: nil
            }
        guard let run else { throw unsuitable(node, elementType) }
        let size = elementType.byteCount
        var kept: [WalkAxis] = []
        var reduced: [WalkAxis] = []
        for axis in 0..<shape.rank {
            let walkAxis = WalkAxis(extent: shape[axis], strides: [shape.strides[axis] * size, 0, 0, 0])
            if axes.contains(axis) { reduced.append(walkAxis) } else { kept.append(walkAxis) }
        }
        let isEmpty = reduced.contains { $0.extent == 0 }
        if !isEmpty { reduced = WalkAxis.joined(reduced) }
        let inner = reduced.popLast() ?? WalkAxis(extent: 1, strides: [0, 0, 0, 0])
        let outerWalk = try makeWalk(kept, for: node)
        let walk = try makeWalk(isEmpty ? [WalkAxis(extent: 0, strides: [0, 0, 0, 0])] : reduced, for: node)
        let stride = inner.strides.x / size
        var draft = StepDraft(name: node.name, label: label(node, input), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let source = input.bytes(execution)
                var target = output.bytes(execution) + rows.lowerBound &* size
                outerWalk.forEach(rows) { offsets in
                    run(source + offsets.x, walk, inner.extent, stride, target)
                    target += size
                }
            }
        }
        draft.rows = outerWalk.count
        if axes.min() == shape.rank - axes.count {
            draft.alignedReads = [input]
            draft.worksRowwise()
        }
        append(draft)
    }

    /// Float reductions over neighboring axes by vector kernels.
    /// - Returns: whether the step was appended.
    private mutating func appendVectorReduction(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Reduction, _ input: Int, _ output: Int, _ axes: Set<Int>
    ) throws(Fault) -> Bool {
        let shape = shape(input)
        guard type(input).elementType == .float32, shape.elementCount > 0,
            let operation = Reduction(kind)
        else { return false }
        // Axes of extent 1 count as kept or as reduced, as needed.
        let wide = axes.filter { shape[$0] != 1 }.sorted()
        guard let first = wide.first, let last = wide.last,
            (first...last).allSatisfy({ axes.contains($0) || shape[$0] == 1 })
        else { return false }
        let outer = shape.elementCount(of: 0..<first)
        let count = shape.elementCount(of: first..<(last + 1))
        let inner = shape.elementCount(of: (last + 1)..<shape.rank)
        let reduceRows = kernels.reduceRows
        let reduceColumns = kernels.reduceColumns
        var draft = StepDraft(name: node.name, label: label(node, input), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let source = input.floats(execution) + rows.lowerBound &* count &* inner
                let target = output.floats(execution) + rows.lowerBound &* inner
                if inner == 1 {
                    reduceRows(operation, source, count, target, rows.count, count)
                } else {
                    for row in 0..<rows.count {
                        reduceColumns(
                            operation, source + row &* count &* inner, inner, target + row &* inner, count, inner)
                    }
                }
            }
        }
        draft.rows = outer
        draft.alignedReads = [input]
        draft.worksRowwise()
        append(draft)
        return true
    }

    private func floatReduction(_ kind: OperationFamily.Reduction) -> ReductionRun? {
        switch kind {
        case .reduceSum: reduction(0 as Float) { $0 + $1 }
        case .reduceProduct: reduction(1 as Float) { $0 * $1 }
        case .reduceMaximum: reduction(-Float.infinity) { $0 > $1 || $0.isNaN ? $0 : $1 }
        case .reduceMinimum: reduction(Float.infinity) { $0 < $1 || $0.isNaN ? $0 : $1 }
        case .reduceMean:
            { input, walk, count, stride, output in
                var sum: Float = 0
                walk.forEach(0..<walk.count) { offsets in
                    let run = (input + offsets.x).assumingMemoryBound(to: Float.self)
                    for index in 0..<count { sum += run[index &* stride] }
                }
                output.storeBytes(of: sum / Float(walk.count &* count), as: Float.self)
            }
        case .reduceAny, .reduceAll: nil
        }
    }

    private func integerReduction<Element: FixedWidthInteger & Sendable>(
        _ kind: OperationFamily.Reduction, _ type: Element.Type
    ) -> ReductionRun? {
        switch kind {
        case .reduceSum: reduction(0 as Element) { $0 &+ $1 }
        case .reduceProduct: reduction(1 as Element) { $0 &* $1 }
        case .reduceMaximum: reduction(Element.min) { $0 > $1 ? $0 : $1 }
        case .reduceMinimum: reduction(Element.max) { $0 < $1 ? $0 : $1 }
        case .reduceMean, .reduceAny, .reduceAll: nil
        }
    }

    private func logicReduction(_ kind: OperationFamily.Reduction) -> ReductionRun? {
        switch kind {
        case .reduceAny: search(for: 1)
        case .reduceAll: search(for: 0)
        case .reduceSum, .reduceMean, .reduceMaximum, .reduceMinimum, .reduceProduct: nil
        }
    }

    /// Whether one of the values is `wanted`: then the result is, otherwise it is the other one.
    private func search(for wanted: UInt8) -> ReductionRun {
        { input, walk, count, stride, output in
            var found: UInt8 = 0
            walk.forEach(0..<walk.count) { offsets in
                let run = (input + offsets.x).assumingMemoryBound(to: UInt8.self)
                // Values side by side have a loop of their own, which the compiler turns into vectors.
                if stride == 1 {
                    for index in 0..<count { found |= run[index] ^ wanted ^ 1 }
                } else {
                    for index in 0..<count { found |= run[index &* stride] ^ wanted ^ 1 }
                }
            }
            output.assumingMemoryBound(to: UInt8.self)[0] = found ^ wanted ^ 1
        }
    }

    @inline(__always)
    private func reduction<Element: Sendable>(
        _ initial: Element, _ combine: @escaping @Sendable (Element, Element) -> Element
    ) -> ReductionRun {
        { input, walk, count, stride, output in
            var result = initial
            walk.forEach(0..<walk.count) { offsets in
                let run = (input + offsets.x).assumingMemoryBound(to: Element.self)
                for index in 0..<count { result = combine(result, run[index &* stride]) }
            }
            output.assumingMemoryBound(to: Element.self)[0] = result
        }
    }
}

extension Reduction {
    /// The vector kernel of a reduction, if there is one.
    init?(_ kind: OperationFamily.Reduction) {
        switch kind {
        case .reduceSum: self = .sum
        case .reduceMean: self = .mean
        case .reduceMaximum: self = .maximum
        case .reduceMinimum: self = .minimum
        case .reduceProduct, .reduceAny, .reduceAll: return nil
        }
    }
}
