import EmotionFormerCore
import EmotionFormerGraph

/// Scans along one axis of a tensor of `outer` × `count` × `inner` elements, for a range of `outer`.
private typealias ScanRun =
    @Sendable (
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ rows: Range<Int>, _ count: Int, _ inner: Int
    ) -> Void

extension StepBuilder {
    mutating func appendScan(_ node: TypedGraph.Node, _ kind: OperationFamily.Scan) throws(Fault) {
        switch kind {
        case .argMaximum: try appendExtremeIndex(node, isMaximum: true)
        case .argMinimum: try appendExtremeIndex(node, isMaximum: false)
        case .cumulativeSum: try appendCumulativeSum(node)
        }
    }

    private mutating func appendExtremeIndex(_ node: TypedGraph.Node, isMaximum: Bool) throws(Fault) {
        let output = try output(node)
        let isLong = type(output).elementType == .int64
        let elementType = type(try operand(node, 0)).elementType
        let run: ScanRun? =
            switch elementType {
            case .float32: extremeIndex(Float.self, isMaximum, isLong)
            case .int8: extremeIndex(Int8.self, isMaximum, isLong)
            case .uint8, .bool: extremeIndex(UInt8.self, isMaximum, isLong)
            case .int16: extremeIndex(Int16.self, isMaximum, isLong)
            case .int32: extremeIndex(Int32.self, isMaximum, isLong)
            case .int64: extremeIndex(Int64.self, isMaximum, isLong)
            case .float16: nil
            }
        guard let run else { throw unsuitable(node, elementType) }
        try appendScan(node, run)
    }

    private func extremeIndex<Element: Comparable & Sendable>(
        _ type: Element.Type, _ isMaximum: Bool, _ isLong: Bool
    ) -> ScanRun {
        isLong
            ? isMaximum
                ? extremeIndex(Int64.self) { (a: Element, b: Element) in a > b }
                : extremeIndex(Int64.self) { (a: Element, b: Element) in a < b }
            : isMaximum
                ? extremeIndex(Int32.self) { (a: Element, b: Element) in a > b }
                : extremeIndex(Int32.self) { (a: Element, b: Element) in a < b }
    }

    @inline(__always)
    private func extremeIndex<Element: Sendable, Index: FixedWidthInteger & Sendable>(
        _ type: Index.Type, _ isBetter: @escaping @Sendable (Element, Element) -> Bool
    ) -> ScanRun {
        { input, output, rows, count, inner in
            let input = input.assumingMemoryBound(to: Element.self)
            let output = output.assumingMemoryBound(to: Index.self)
            for row in rows {
                for column in 0..<inner {
                    let first = input + (row &* count &* inner &+ column)
                    var best = 0
                    for index in 1..<max(count, 1) where isBetter(first[index &* inner], first[best &* inner]) {
                        best = index
                    }
                    output[row &* inner &+ column] = Index(truncatingIfNeeded: best)
                }
            }
        }
    }

    private mutating func appendCumulativeSum(_ node: TypedGraph.Node) throws(Fault) {
        let isExclusive = try node.attributes.boolean("exclusive")
        let isReverse = try node.attributes.boolean("reverse")
        let elementType = type(try operand(node, 0)).elementType
        let run: ScanRun? =
            switch elementType {
            case .float32: cumulativeSum(0 as Float, isExclusive, isReverse) { $0 + $1 }
            case .int32: cumulativeSum(0 as Int32, isExclusive, isReverse) { $0 &+ $1 }
            case .int64: cumulativeSum(0 as Int64, isExclusive, isReverse) { $0 &+ $1 }
            default: nil
            }
        guard let run else { throw unsuitable(node, elementType) }
        try appendScan(node, run)
    }

    @inline(__always)
    private func cumulativeSum<Element: Sendable>(
        _ zero: Element, _ isExclusive: Bool, _ isReverse: Bool,
        _ add: @escaping @Sendable (Element, Element) -> Element
    ) -> ScanRun {
        { input, output, rows, count, inner in
            for row in rows {
                for column in 0..<inner {
                    let start = row &* count &* inner &+ column &+ (isReverse ? (count &- 1) &* inner : 0)
                    let step = isReverse ? 0 &- inner : inner
                    let input = input.assumingMemoryBound(to: Element.self) + start
                    let output = output.assumingMemoryBound(to: Element.self) + start
                    var sum = zero
                    for index in 0..<count {
                        let next = add(sum, input[index &* step])
                        output[index &* step] = isExclusive ? sum : next
                        sum = next
                    }
                }
            }
        }
    }

    private mutating func appendScan(_ node: TypedGraph.Node, _ run: @escaping ScanRun) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let shape = shape(input)
        let axis = try shape.axis(node.attributes.integer("axis"))
        guard shape.elementCount > 0 else { return }
        let count = shape[axis]
        let inner = shape.elementCount(of: (axis + 1)..<shape.rank)
        var draft = StepDraft(name: node.name, label: label(node, input), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in run(input.bytes(execution), output.bytes(execution), rows, count, inner) }
        }
        draft.rows = shape.elementCount(of: 0..<axis)
        draft.alignedReads = [input]
        append(draft)
    }
}
