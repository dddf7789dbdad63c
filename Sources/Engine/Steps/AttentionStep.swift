import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// softmax(scale · query keyᵀ) value for every head, over operands that may be columns of one joined value.
struct AttentionStep {
    /// Columns of a value: rows `rowStride` elements apart, the first of them `columnOffset` into the row.
    struct Columns {
        var value: Int
        var columnOffset: Int
        var rowStride: Int
    }

    var name: String
    var query: Columns
    var key: Columns
    var value: Columns
    var mask: Int?
    var output: Int
    /// The value of the softmax (B, H, Tq, Tk), if it is an output.
    var scores: Int?
    var batchCount: Int
    var queryCount: Int
    var keyCount: Int
    var headCount: Int
    var keyDimension: Int
    var valueDimension: Int
    var scale: Float
    var isCausal: Bool
}

/// The strides of a mask by batch, head, query and key; 0 if it is the same for all.
private struct MaskStrides: Sendable {
    var batch = 0
    var head = 0
    var query = 0
}

extension StepBuilder {
    mutating func appendAttention(_ node: TypedGraph.Node) throws(Fault) {
        for index in 0..<3 { try requireFloat(operand(node, index), node) }
        guard let step = try attentionStep(node) else {
            throw unsupported(node, "attention over these shapes", found: "\(try shape(operand(node, 0)))")
        }
        try append(step)
    }

    /// Attention over three values; nil if they are not of rank 3.
    func attentionStep(_ node: TypedGraph.Node) throws(Fault) -> AttentionStep? {
        let query = try operand(node, 0)
        let key = try operand(node, 1)
        let value = try operand(node, 2)
        let headCount = try node.attributes.integer("headCount")
        let queryShape = shape(query)
        let valueShape = shape(value)
        guard queryShape.rank == 3, valueShape.rank == 3, headCount > 0 else { return nil }
        return try AttentionStep(
            name: node.name,
            query: AttentionStep.Columns(value: query, columnOffset: 0, rowStride: queryShape[2]),
            key: AttentionStep.Columns(value: key, columnOffset: 0, rowStride: queryShape[2]),
            value: AttentionStep.Columns(value: value, columnOffset: 0, rowStride: valueShape[2]),
            mask: node.input(3), output: output(node), scores: node.outputs.count > 1 ? node.outputs[1] : nil,
            batchCount: queryShape[0], queryCount: queryShape[1], keyCount: valueShape[1], headCount: headCount,
            keyDimension: queryShape[2] / headCount, valueDimension: valueShape[2] / headCount,
            scale: Float(node.attributes.number("scale")), isCausal: node.attributes.boolean("causal"))
    }

    mutating func append(_ attention: AttentionStep) throws(Fault) {
        let kernels = self.kernels
        let kernel = kernels.attention
        let strides = try maskStrides(attention)
        let (queries, keys, heads) = (attention.queryCount, attention.keyCount, attention.headCount)
        let (keyDimension, valueDimension) = (attention.keyDimension, attention.valueDimension)
        guard attention.batchCount > 0, queries > 0, keys > 0, keyDimension > 0, valueDimension > 0 else {
            throw Fault(.invalidValue, at: "node '\(attention.name)'", "attention over nothing")
        }
        var label = "attention \(queries)×\(keys), \(heads) heads of \(keyDimension)"
        if attention.mask != nil { label += " masked" }
        if attention.isCausal { label += " causal" }
        let division = AttentionDivision(
            heads: attention.batchCount * heads, queries: queries,
            smallest: kernels.splitsRows ? 4 * kernels.rowBlock : queries)
        var reads = [attention.query.value, attention.key.value, attention.value.value]
        if let mask = attention.mask { reads.append(mask) }
        var draft = StepDraft(
            name: attention.name, label: label, reads: reads,
            writes: [attention.output] + (attention.scores.map { [$0] } ?? [])
        ) { layout in
            let query = layout.operand(attention.query.value)
            let key = layout.operand(attention.key.value)
            let value = layout.operand(attention.value.value)
            let mask = attention.mask.map { layout.operand($0) }
            let output = layout.destination(attention.output)
            let scores = attention.scores.map { layout.destination($0) }
            let outputStride = heads * valueDimension
            return { execution, parts in
                division.forEach(parts) { index, range in
                    let batch = index / heads
                    let head = index % heads
                    let queryStart =
                        query.floats(execution) + attention.query.columnOffset
                        + batch &* queries &* attention.query.rowStride
                    let keyStart =
                        key.floats(execution) + attention.key.columnOffset + batch &* keys &* attention.key.rowStride
                    let valueStart =
                        value.floats(execution) + attention.value.columnOffset
                        + batch &* keys &* attention.value.rowStride
                    let outputStart = output.floats(execution) + batch &* queries &* outputStride
                    let maskStart = mask.map {
                        $0.elements(execution, as: UInt8.self) + batch &* strides.batch + head &* strides.head
                    }
                    let isKeyMask = strides.query == 0
                    let weights = scores.map { $0.floats(execution) + index &* queries &* keys }
                    kernel(
                        AttentionHead(
                            query: queryStart + head &* keyDimension, queryStride: attention.query.rowStride,
                            key: keyStart + head &* keyDimension, keyStride: attention.key.rowStride,
                            value: valueStart + head &* valueDimension, valueStride: attention.value.rowStride,
                            output: outputStart + head &* valueDimension, outputStride: outputStride,
                            queryCount: queries, keyCount: keys, keyDimension: keyDimension,
                            valueDimension: valueDimension, scale: attention.scale,
                            keyMask: isKeyMask ? maskStart : nil, mask: isKeyMask ? nil : maskStart,
                            maskStride: strides.query, isCausal: attention.isCausal, weights: weights,
                            weightsStride: keys), range, execution.scratch)
                }
            }
        }
        draft.scratchByteCount = kernels.attentionScratchByteCount(keys, keyDimension, valueDimension)
        draft.products = [
            ProductShape(count: attention.batchCount * heads, m: queries, k: keyDimension, n: keys),
            ProductShape(count: attention.batchCount * heads, m: queries, k: keys, n: valueDimension),
        ]
        draft.part = .attention
        draft.floatingPointOperations =
            2 * attention.batchCount * heads * queries * keys * (keyDimension + valueDimension)
        draft.rows = division.count
        draft.dividesParts = true
        append(draft)
    }

    /// - Throws: `shapeMismatch` for a mask of another form than the table names.
    private func maskStrides(_ attention: AttentionStep) throws(Fault) -> MaskStrides {
        guard let mask = attention.mask else { return MaskStrides() }
        let extents = shape(mask).extents
        let (queries, keys, heads) = (attention.queryCount, attention.keyCount, attention.headCount)
        let refusal = Fault(
            .shapeMismatch, at: "node '\(attention.name)'", "the mask's shape is not supported",
            found: "\(shape(mask))",
            expected: "(B, Tk), (B, 1 or Tq, Tk) or (B, 1 or heads, 1 or Tq, Tk)")
        guard type(mask).elementType == .bool, let last = extents.last, last == keys else { throw refusal }
        let (head, query): (Int, Int)
        switch extents.count {
        case 2: (head, query) = (1, 1)
        case 3: (head, query) = (1, extents[1])
        case 4: (head, query) = (extents[1], extents[2])
        default: throw refusal
        }
        guard head == 1 || head == heads, query == 1 || query == queries,
            extents[0] == 1 || extents[0] == attention.batchCount
        else { throw refusal }
        return MaskStrides(
            batch: extents[0] == 1 ? 0 : head * query * keys, head: head == 1 ? 0 : query * keys,
            // With one query, a mask by key and a mask by query are the same.
            query: query == 1 ? 0 : keys)
    }
}
