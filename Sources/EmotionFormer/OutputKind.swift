import EmotionFormerModelFormat

/// What the numbers of a model's output are.
public enum OutputKind: String, Sendable, CaseIterable {
    /// Of classes that exclude each other: 0 or more, with the sum 1 (a softmax).
    case probabilities
    /// Independent of each other, each between 0 and 1 (sigmoids).
    case scores
    /// A softmax of them would be probabilities.
    case logits
    /// Numbers of which nothing is known: a regression, for example.
    case values
}

extension OutputKind {
    init(_ kind: OutputSpecification.Kind) {
        switch kind {
        case .probabilities: self = .probabilities
        case .scores: self = .scores
        case .logits: self = .logits
        case .values: self = .values
        }
    }
}
