package import EmotionFormerCore

/// An output of a model: its name for callers, the value of the main graph, and what its numbers are.
package struct OutputSpecification: Sendable, Hashable {
    /// What an output's numbers are; raw values are the names in a manifest.
    package enum Kind: String, Sendable, CaseIterable {
        /// A softmax over the last axis: 0 or more, with the sum 1.
        case probabilities
        /// Sigmoids: each between 0 and 1, independent of the others.
        case scores
        /// A softmax of them would be probabilities.
        case logits
        /// Numbers of which nothing is claimed.
        case values
    }

    /// What an output has a row for; raw values are the names in a manifest.
    package enum Rows: String, Sendable, CaseIterable {
        case clip
        /// (batch, frames, …): a row for each of the clip's frames.
        case frame
    }

    /// Unique among the model's outputs.
    package var name: String
    /// The name of one of the main graph's outputs.
    package var value: String
    /// nil if nobody states it; it follows from the graph.
    package var elementType: ElementType?
    /// nil if nobody states them; nil for each open axis.
    package var extents: [Int?]?
    package var kind: Kind
    /// nil if nobody states it.
    package var per: Rows?

    package init(
        name: String, value: String, elementType: ElementType? = nil, extents: [Int?]? = nil, kind: Kind,
        per: Rows? = nil
    ) {
        self.name = name
        self.value = value
        self.elementType = elementType
        self.extents = extents
        self.kind = kind
        self.per = per
    }
}

extension OutputSpecification {
    /// The names of the outputs of a model that ends in a softmax.
    package static let probabilitiesName = "probabilities"
    package static let logitsName = "logits"

    /// Whether this is the operand of the softmax that makes another output, by their names: `logits` of `probabilities`,
    /// and `emotion/logits` of `emotion`.
    package func isLogits(of main: OutputSpecification) -> Bool {
        guard kind == .logits, main.kind == .probabilities else { return false }
        return name == "\(main.name)/\(OutputSpecification.logitsName)"
            || name == OutputSpecification.logitsName && main.name == OutputSpecification.probabilitiesName
    }

    /// Probabilities of a clip's classes, and perhaps the operand of their softmax.
    package static func classes(probabilities: String, logits: String?) -> [OutputSpecification] {
        let main = OutputSpecification(
            name: probabilitiesName, value: probabilities, kind: .probabilities, per: .clip)
        guard let logits else { return [main] }
        return [main, OutputSpecification(name: logitsName, value: logits, kind: .logits, per: .clip)]
    }
}
