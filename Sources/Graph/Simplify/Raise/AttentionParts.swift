import EmotionFormerCore

/// A value of shape (B, H, T, K), or (B, H, K, T) if transposed, that holds the heads of one of shape (B, T, H·K); or
/// (B, T, K), or (B, K, T), for a single head.
struct AttentionHeads {
    let source: Int
    let batch: Int
    let heads: Int
    let length: Int
    let width: Int
    let isTransposed: Bool

    init?(_ rewriter: GraphRewriter, _ value: Int) {
        let shape = rewriter.shape(of: value)
        guard rewriter.type(of: value).elementType == .float32, rewriter.constant(value) == nil else { return nil }
        let transpose = rewriter.producing(value, .transpose)
        let permutation = try? transpose?.attributes.integers("permutation")
        if shape.rank == 3 {
            isTransposed = permutation == [0, 2, 1]
            guard let source = isTransposed ? transpose?.input(0) : value else { return nil }
            self.source = source
            heads = 1
            batch = shape[0]
            length = shape[isTransposed ? 2 : 1]
            width = shape[isTransposed ? 1 : 2]
            return
        }
        guard shape.rank == 4 else { return nil }
        let split: Int
        if let transpose, let operand = transpose.input(0), permutation == [0, 2, 1, 3] || permutation == [0, 2, 3, 1] {
            isTransposed = permutation == [0, 2, 3, 1]
            split = operand
        } else {
            // One head needs no transpose: (B, T, K) was only reshaped.
            guard shape[1] == 1, let reshape = rewriter.producing(value, .reshape), let source = reshape.input(0),
                rewriter.shape(of: source).extents == [shape[0], shape[2], shape[3]]
            else { return nil }
            self.source = source
            isTransposed = false
            (batch, heads, length, width) = (shape[0], 1, shape[2], shape[3])
            return
        }
        let parts = rewriter.shape(of: split)
        guard let reshape = rewriter.producing(split, .reshape), let source = reshape.input(0),
            rewriter.shape(of: source).extents == [parts[0], parts[1], parts[2] * parts[3]]
        else { return nil }
        self.source = source
        (batch, length, heads, width) = (parts[0], parts[1], parts[2], parts[3])
    }
}

/// The operations on query and key before the softmax.
struct AttentionScores {
    private(set) var query: AttentionHeads
    private(set) var key: AttentionHeads
    private(set) var scale: Double
    private(set) var mask: AttentionMask?

    init?(_ rewriter: GraphRewriter, _ scores: Int, scale: Double) {
        var value = scores
        var scale = scale
        var mask: AttentionMask?
        var isSwapped = false
        // A mask, one or two scales and a transpose: anything more is not attention.
        for _ in 0..<6 {
            guard let node = rewriter.producing(value) else { return nil }
            switch node.operation {
            case .matmul:
                guard let first = node.input(0), let second = node.input(1), first != second,
                    let left = AttentionHeads(rewriter, first), let right = AttentionHeads(rewriter, second),
                    left.isTransposed == (node.attributes["transposeFirst"] == .boolean(true)),
                    right.isTransposed != (node.attributes["transposeSecond"] == .boolean(true))
                else { return nil }
                query = isSwapped ? right : left
                key = isSwapped ? left : right
                self.scale = scale
                self.mask = mask
                return
            case .multiply, .divide:
                guard let factor = rewriter.scalar(node.input(1)), factor != 0, let input = node.input(0) else {
                    return nil
                }
                scale *= node.operation == .multiply ? factor : 1 / factor
                value = input
            case .transpose:
                guard let permutation = try? node.attributes.integers("permutation"), let input = node.input(0),
                    permutation == [0, 1, 3, 2] || permutation == [0, 2, 1]
                else { return nil }
                isSwapped.toggle()
                value = input
            case .add, .select:
                guard mask == nil, !isSwapped,
                    let (masked, found) = AttentionMask.find(
                        rewriter, node, of: rewriter.shape(of: scores), scale: scale)
                else { return nil }
                mask = found
                value = masked
            default: return nil
            }
        }
        return nil
    }
}
