/// What a model says of one clip.
public struct Prediction: Sendable, Hashable {
    /// The model's class names, in the order of its outputs.
    public let labels: [String]
    /// One a label, in the labels' order; they sum to 1.
    public let probabilities: [Float]
    /// What the probabilities are the softmax of, in the labels' order; nil if the model does not give them.
    public let logits: [Float]?
    /// Frames of the clip that went into the model.
    public let framesUsed: Int

    package init(labels: [String], probabilities: [Float], logits: [Float]?, framesUsed: Int) {
        self.labels = labels
        self.probabilities = probabilities
        self.logits = logits
        self.framesUsed = framesUsed
    }

    /// The index of the most probable label, the first of equals.
    public var labelIndex: Int {
        probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
    }

    /// The most probable label.
    public var label: String { labels.indices.contains(labelIndex) ? labels[labelIndex] : "" }

    /// The probability of a label; nil if the model has no such label.
    public subscript(label: String) -> Float? {
        labels.firstIndex(of: label).map { probabilities[$0] }
    }

    /// The `count` most probable labels with their probabilities, the most probable first, equals in the labels' order.
    public func top(_ count: Int) -> [(label: String, probability: Float)] {
        let order = probabilities.indices.sorted {
            probabilities[$0] != probabilities[$1] ? probabilities[$0] > probabilities[$1] : $0 < $1
        }
        return order.prefix(max(count, 0)).map { (labels[$0], probabilities[$0]) }
    }
}
