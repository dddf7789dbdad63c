import EmotionFormerCore

/// An attention mask: a Boolean value or constant, aligned with scores (B, H, Tq, Tk).
struct AttentionMask {
    private enum Source {
        case value(Int, isInverted: Bool)
        case constant([Bool])
    }

    private let source: Source
    let batch: Int
    let heads: Int
    let rows: Int
    private let columns: Int
    /// Whether query i attends only to keys up to i.
    let isCausal: Bool
    /// Whether a row that may attend to nothing gives NaN instead of equal weights.
    private(set) var isInfinite = false

    /// A score below this has weight 0 after the softmax. float16 files have −65504 for −1e9.
    private static let threshold = -1e4
    /// A summand below this also removes the differences between scores, so that a row with nothing to attend to gives
    /// all keys the same weight.
    private static let equalizingThreshold = -1e8

    /// Whether a summand is low enough to be a mask. If all queries share it, a row with nothing to attend to means a
    /// clip without frames, whose result is undefined.
    private func admits(_ summand: Double) -> Bool {
        summand.isFinite
            && summand <= (rows == 1 && heads == 1 ? AttentionMask.threshold : AttentionMask.equalizingThreshold)
    }

    private init?(_ source: Source, shape: Shape, scores: Shape) {
        // Shapes align at the last axis; scores without an axis of heads have one head.
        var extents = shape.extents
        if scores.rank == 3, extents.count == 3 { extents.insert(1, at: 1) }
        guard extents.count <= 4 else { return nil }
        extents = Array(repeating: 1, count: 4 - extents.count) + extents
        let full = scores.rank == 3 ? [scores[0], 1, scores[1], scores[2]] : scores.extents
        guard full.count == 4, extents[3] == full[3], extents[0] == full[0],
            zip(extents, full).allSatisfy({ $0 == $1 || $0 == 1 }),
            extents[1] == 1 || extents[2] == full[2]
        else { return nil }
        self.source = source
        (batch, heads, rows, columns) = (extents[0], extents[1], extents[2], extents[3])
        var isCausal = false
        if case .constant(let kept) = source, rows == columns, heads == 1, batch == 1 {
            let columns = columns
            isCausal = kept.indices.allSatisfy { kept[$0] == ($0 % columns <= $0 / columns) }
        }
        self.isCausal = isCausal
    }

    /// - Parameter scale: what the masked scores still are multiplied with.
    /// - Returns: the scores before the mask, and the mask.
    static func find(
        _ rewriter: GraphRewriter, _ node: TypedGraph.Node, of scores: Shape, scale: Double
    ) -> (masked: Int, mask: AttentionMask)? {
        guard scale > 0, let first = node.input(0), let second = node.input(1) else { return nil }
        if node.operation == .select {
            guard let number = rewriter.scalar(node.input(2)), number * scale <= threshold,
                rewriter.shape(of: second) == scores,
                var mask = AttentionMask(rewriter, condition: first, scores: scores)
            else { return nil }
            mask.isInfinite = number.isInfinite
            return (second, mask)
        }
        for (masked, summand) in [(first, second), (second, first)] {
            guard rewriter.shape(of: masked) == scores, rewriter.constant(masked) == nil,
                let mask = additive(rewriter, summand, scores: scores, scale: scale)
            else { continue }
            return (masked, mask)
        }
        return nil
    }

    private init?(_ rewriter: GraphRewriter, condition: Int, scores: Shape) {
        if let constant = rewriter.constant(condition) {
            guard constant.tensor.elementType == .bool else { return nil }
            self.init(
                .constant(constant.tensor.doubles.map { $0 != 0 }), shape: constant.tensor.shape, scores: scores)
        } else {
            self.init(
                .value(condition, isInverted: false), shape: rewriter.shape(of: condition), scores: scores)
        }
    }

    /// A summand that is 0 for a kept score and far below every score elsewhere.
    private static func additive(
        _ rewriter: GraphRewriter, _ summand: Int, scores: Shape, scale: Double
    ) -> AttentionMask? {
        let shape = rewriter.shape(of: summand)
        if let numbers = rewriter.numbers(summand) {
            guard let mask = AttentionMask(.constant(numbers.map { $0 == 0 }), shape: shape, scores: scores),
                numbers.allSatisfy({ $0 == 0 || mask.admits(Double($0) * scale) })
            else { return nil }
            return mask
        }
        guard let product = rewriter.producing(rewriter.beforeReshapes(summand), .multiply),
            let operand = product.input(0), let factor = rewriter.scalar(product.input(1)),
            let (value, isInverted, sign) = dropped(rewriter, operand),
            let mask = AttentionMask(.value(value, isInverted: isInverted), shape: shape, scores: scores),
            mask.admits(sign * factor * scale)
        else { return nil }
        return mask
    }

    /// 1 − kept, kept − 1, or a cast of what is dropped: the Boolean, whether it says what is dropped, and the sign of
    /// what the number is where a score does not count.
    private static func dropped(
        _ rewriter: GraphRewriter, _ operand: Int
    ) -> (value: Int, isInverted: Bool, sign: Double)? {
        let node = rewriter.producing(rewriter.beforeReshapes(operand))
        if let node, node.operation == .subtract, rewriter.scalar(node.input(0)) == 1,
            let value = node.input(1).flatMap({ rewriter.castBoolean($0) })
        {
            return (value, false, 1)
        }
        if let node, node.operation == .add, rewriter.scalar(node.input(1)) == -1,
            let value = node.input(0).flatMap({ rewriter.castBoolean($0) })
        {
            return (value, false, -1)
        }
        return rewriter.castBoolean(operand).map { ($0, true, 1) }
    }

    /// Whether a condition is this mask.
    func isSame(_ rewriter: GraphRewriter, as condition: Int) -> Bool {
        guard case .value(let value, isInverted: false) = source else { return false }
        return rewriter.isSame(value, as: condition)
    }

    /// The mask as a value (B, 1 or H, 1 or Tq, Tk).
    func write(to rewriter: inout GraphRewriter, name: String) throws(Fault) -> Int {
        let shape = try Shape([batch, heads, rows, columns])
        switch source {
        case .constant(let kept): return rewriter.addConstant(named: "\(name)/mask", try Tensor(kept, shape: shape))
        case .value(let value, let isInverted):
            var value = value
            if isInverted {
                value = rewriter.insert(
                    .logicalNot, name: "\(name)/kept", inputs: [value], type: rewriter.type(of: value))
            }
            return rewriter.reshaped(value, to: shape, name: "\(name)/mask")
        }
    }
}
