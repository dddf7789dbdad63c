import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    /// The value that replaces a masked score.
    static let maskedScore = -1e30

    func multiHeadAttention() throws(Fault) -> [[Double]] {
        func projected(_ index: Int, _ role: String) throws(Fault) -> ReferenceValue {
            let input = try operand(index)
            let kernel = try weight("\(role)Kernel")
            let columns = kernel.shape[1] * kernel.shape[2]
            let product =
                MatrixView(input.elements, rows: input.shape[0] * input.shape[1], columns: input.shape[2])
                * MatrixView(kernel.elements, rows: kernel.shape[0], columns: columns)
            return try ReferenceValue(
                ValueType(.float32, Shape([input.shape[0], input.shape[1], columns])),
                product.addingRow(try optionalWeight("\(role)Bias")?.elements))
        }
        let (query, key, value) = (
            try projected(0, "query"), try projected(1, "key"), try projected(2, "value")
        )
        let usual = 1 / Double(try attributes.integer("keyDimension")).squareRoot()
        let scale = try attributes.optionalNumber("scale") ?? usual
        let results = try attention(query, key, value, heads: attributes.integer("headCount"), scale: scale)
        let kernel = try weight("outputKernel")
        let inner = kernel.shape[0] * kernel.shape[1]
        let output =
            MatrixView(results[0], rows: query.shape[0] * query.shape[1], columns: inner)
            * MatrixView(kernel.elements, rows: inner, columns: kernel.shape[2])
        return [output.addingRow(try optionalWeight("outputBias")?.elements), results[1]]
    }

    /// Output (B, Tq, H·V) and scores (B, H, Tq, Tk).
    func attention(
        _ query: ReferenceValue, _ key: ReferenceValue, _ value: ReferenceValue, heads: Int, scale: Double
    ) throws(Fault) -> [[Double]] {
        let (batch, queries, keys) = (query.shape[0], query.shape[1], key.shape[1])
        let (keyWidth, valueWidth) = (query.shape[2] / heads, value.shape[2] / heads)
        let isKept = try kept(try Shape([batch, heads, queries, keys]))
        var output = [Double](repeating: 0, count: batch * queries * value.shape[2])
        var weights: [Double] = []
        func head(_ operand: ReferenceValue, _ batch: Int, _ head: Int, width: Int) -> MatrixView {
            MatrixView(
                operand.elements, start: batch * operand.shape[1] * operand.shape[2] + head * width,
                rows: operand.shape[1], columns: width, rowStride: operand.shape[2])
        }
        for clip in 0..<batch {
            for index in 0..<heads {
                var scores =
                    head(query, clip, index, width: keyWidth) * head(key, clip, index, width: keyWidth).transposed
                for place in scores.indices {
                    let isMasked = isKept.map { !$0[weights.count + place] } ?? false
                    scores[place] = isMasked ? Self.maskedScore : scores[place] * scale
                }
                for row in 0..<queries {
                    let range = row * keys..<(row + 1) * keys
                    scores.replaceSubrange(range, with: Self.softmax(scores[range]))
                }
                let product =
                    MatrixView(scores, rows: queries, columns: keys) * head(value, clip, index, width: valueWidth)
                for row in 0..<queries {
                    let start = (clip * queries + row) * value.shape[2] + index * valueWidth
                    output.replaceSubrange(
                        start..<start + valueWidth, with: product[row * valueWidth..<(row + 1) * valueWidth])
                }
                weights += scores
            }
        }
        return [output, weights]
    }

    /// Whether each score is kept; nil if all are.
    private func kept(_ scores: Shape) throws(Fault) -> [Bool]? {
        let mask = optionalOperand(3)
        let isCausal = try attributes.boolean("causal")
        if mask == nil && !isCausal { return nil }
        var kept = [Bool](repeating: true, count: scores.elementCount)
        if let mask {
            var extents = mask.shape.extents
            // (B, Tk) and (B, Tq or 1, Tk) apply to every head.
            if extents.count == 2 { extents.insert(1, at: 1) }
            if extents.count == 3 { extents.insert(1, at: 1) }
            kept = try Offsets.broadcasting(try Shape(extents), to: scores).map { mask.elements[$0] != 0 }
        }
        if isCausal {
            let (queries, keys) = (scores[2], scores[3])
            for place in kept.indices where place % keys > place / keys % queries { kept[place] = false }
        }
        return kept
    }

    static func softmax(_ scores: some Collection<Double>) -> [Double] {
        let largest = scores.max() ?? 0
        let powers = scores.map { Mathematics.exponential($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}
