/// Attention and two dense layers, each with a shortcut around it and a normalization.
public struct TransformerEncoderBlock: Sendable {
    /// Where the normalizations stand.
    public enum Order: String, Sendable, CaseIterable {
        /// After each sum, as in "Attention Is All You Need": norm(x + f(x)).
        case normalizesAfter
        /// Before attention and the dense layers: x + f(norm(x)).
        case normalizesBefore
    }

    private let attention: MultiHeadAttention
    private let attentionNormalization: LayerNormalization
    private let expansion: Dense
    private let contraction: Dense
    private let forwardNormalization: LayerNormalization
    public let order: Order

    public init(
        attention: MultiHeadAttention, attentionNormalization: LayerNormalization, expansion: Dense,
        contraction: Dense, forwardNormalization: LayerNormalization, order: Order = .normalizesAfter
    ) {
        self.attention = attention
        self.attentionNormalization = attentionNormalization
        self.expansion = expansion
        self.contraction = contraction
        self.forwardNormalization = forwardNormalization
        self.order = order
    }

    /// - Parameters:
    ///   - x: batch × time × features.
    ///   - mask, isCausal: as ``MultiHeadAttention`` takes them.
    /// - Throws: `shapeMismatch`.
    public func callAsFunction(
        _ x: Tensor<Float>, mask: Tensor<Bool>? = nil, isCausal: Bool = false
    ) throws(TensorError) -> Tensor<Float> {
        switch order {
        case .normalizesAfter:
            let attended = try attentionNormalization(
                x.adding(attention(x, mask: mask, isCausal: isCausal)))
            return try forwardNormalization(attended.adding(contraction(expansion(attended))))
        case .normalizesBefore:
            let attended = try x.adding(attention(attentionNormalization(x), mask: mask, isCausal: isCausal))
            return try attended.adding(contraction(expansion(forwardNormalization(attended))))
        }
    }
}
