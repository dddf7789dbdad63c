import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    /// Layer normalization and its root-mean-square form.
    mutating func appendNormalization(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        try requireFloat(input, node)
        var axes: [Int] = []
        for axis in try node.attributes.integers("axes") { axes.append(try shape(input).axis(axis)) }
        axes.sort()
        let rank = shape(input).rank
        guard !axes.isEmpty, axes == Array((rank - axes.count)..<rank) else {
            try appendNormalizationOfInnerAxes(node, input: input, output: output, axes: axes)
            return
        }
        let columns = shape(input).elementCount(of: (rank - axes.count)..<rank)
        guard columns > 0 else { throw unsupported(node, "normalization of nothing") }
        try appendRowNormalization(
            node, input: input, residual: nil, output: output, rows: shape(input).elementCount / columns,
            columns: columns)
    }

    /// - Parameter residual: added to the input first.
    mutating func appendRowNormalization(
        _ node: TypedGraph.Node, input: Int, residual: Int?, output: Int, rows: Int, columns: Int
    ) throws(Fault) {
        let epsilon = Float(try node.attributes.number("epsilon"))
        let isLayer = node.operation == .layerNormalization
        let kernel = isLayer ? kernels.layerNormalization : kernels.rootMeanSquareNormalization
        let gamma = weight(node, "gamma")
        let beta = weight(node, "beta")
        var draft = StepDraft(
            name: node.name,
            label: "\(isLayer ? "layerNorm" : "rmsNorm") \(rows)×\(columns)" + (residual == nil ? "" : " +residual"),
            reads: [input] + (residual.map { [$0] } ?? []), writes: [output]
        ) { layout in
            let inputOperand = layout.operand(input)
            let residualOperand = residual.map { layout.operand($0) }
            let destination = layout.destination(output)
            return { execution, range in
                let start = range.lowerBound &* columns
                kernel(
                    RowNormalization(
                        input: inputOperand.floats(execution) + start, inputStride: columns,
                        residual: residualOperand.map { $0.floats(execution) + start }, residualStride: columns,
                        output: destination.floats(execution) + start, outputStride: columns, gamma: gamma?.floats,
                        beta: beta?.floats, epsilon: epsilon, rows: range.count, columns: columns))
            }
        }
        draft.rows = rows
        draft.alignedReads = draft.reads
        draft.worksRowwise()
        append(draft)
    }

    /// The address of a weight, kept alive by the plan.
    mutating func weight(_ node: TypedGraph.Node, _ role: String) -> ConstantAddress? {
        node.weights[role].map { keep($0.tensor) }
    }

    /// Axes that are not the last ones: element by element, for rare models.
    private mutating func appendNormalizationOfInnerAxes(
        _ node: TypedGraph.Node, input: Int, output: Int, axes: [Int]
    ) throws(Fault) {
        let shape = shape(input)
        let strides = shape.strides
        let kept = (0..<shape.rank).filter { !axes.contains($0) }
        let inner = try AxisOffsets(extents: axes.map { shape[$0] }, strides: axes.map { strides[$0] }).all
        let outer = try AxisOffsets(extents: kept.map { shape[$0] }, strides: kept.map { strides[$0] }).all
        guard !inner.isEmpty, !axes.isEmpty else { throw unsupported(node, "normalization of nothing") }
        let innerOffsets = ConstantAddress(makeBuffer(inner))
        let outerOffsets = ConstantAddress(makeBuffer(outer))
        let (innerCount, outerCount) = (inner.count, outer.count)
        let epsilon = try node.attributes.number("epsilon")
        let centers = node.operation == .layerNormalization
        let gamma = weight(node, "gamma")
        let beta = weight(node, "beta")
        append(
            StepDraft(name: node.name, label: "normalization over axes \(axes)", reads: [input], writes: [output]) {
                layout in
                let source = layout.operand(input)
                let destination = layout.destination(output)
                return { execution, _ in
                    let x = source.floats(execution)
                    let y = destination.floats(execution)
                    let innerOffset = innerOffsets.bytes.assumingMemoryBound(to: Int.self)
                    let outerOffset = outerOffsets.bytes.assumingMemoryBound(to: Int.self)
                    for row in 0..<outerCount {
                        let base = outerOffset[row]
                        var mean = 0.0
                        if centers {
                            for index in 0..<innerCount { mean += Double(x[base &+ innerOffset[index]]) }
                            mean /= Double(innerCount)
                        }
                        var variance = 0.0
                        for index in 0..<innerCount {
                            let difference = Double(x[base &+ innerOffset[index]]) - mean
                            variance += difference * difference
                        }
                        let factor = 1 / (variance / Double(innerCount) + epsilon).squareRoot()
                        for index in 0..<innerCount {
                            let position = base &+ innerOffset[index]
                            var value = (Double(x[position]) - mean) * factor
                            if let gamma { value *= Double(gamma.floats[index]) }
                            if let beta { value += Double(beta.floats[index]) }
                            y[position] = Float(value)
                        }
                    }
                }
            })
    }

    mutating func makeBuffer(_ integers: [Int]) -> UnsafeRawPointer {
        makeBuffer(byteCount: integers.count * MemoryLayout<Int>.stride) { bytes in
            integers.withUnsafeBytes { source in
                if let base = source.baseAddress { bytes.copyMemory(from: base, byteCount: source.count) }
            }
        }
    }
}

/// The offsets of all elements of some axes, in row-major order.
struct AxisOffsets {
    let all: [Int]

    init(extents: [Int], strides: [Int]) throws(Fault) {
        let shape = try Shape(extents)
        var offsets: [Int] = []
        offsets.reserveCapacity(shape.elementCount)
        for index in 0..<shape.elementCount {
            var rest = index
            var offset = 0
            for axis in Swift.stride(from: extents.count - 1, through: 0, by: -1) {
                offset += rest % extents[axis] * strides[axis]
                rest /= extents[axis]
            }
            offsets.append(offset)
        }
        all = offsets
    }
}
