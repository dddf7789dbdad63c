/// A model's prediction for one clip.
public struct Prediction: Sendable, Hashable {
    /// The model's class names, in the order of its outputs.
    public private(set) var labels: [String]
    /// One for each label, in the labels' order. They sum to 1 if the model ends in a softmax: see `areProbabilities`.
    public private(set) var probabilities: [Float]
    /// The inputs of the final softmax, in the labels' order; nil if the model does not give them.
    public private(set) var logits: [Float]?
    /// The number of the clip's frames that the model used.
    public private(set) var framesUsed: Int

    /// An empty prediction, for `EmotionModel.predict(_:into:)`.
    public init() { self.init(labels: [], probabilities: [], logits: nil, framesUsed: 0) }

    package init(labels: [String], probabilities: [Float], logits: [Float]?, framesUsed: Int) {
        self.labels = labels
        self.probabilities = probabilities
        self.logits = logits
        self.framesUsed = framesUsed
    }

    /// The index of the most probable label, the first one of a tie.
    public var labelIndex: Int {
        probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
    }

    /// The most probable label.
    public var label: String { labels.indices.contains(labelIndex) ? labels[labelIndex] : "" }

    /// The probability of a label; nil if the model has no such label.
    public subscript(label: String) -> Float? {
        labels.firstIndex(of: label).flatMap { probabilities.indices.contains($0) ? probabilities[$0] : nil }
    }

    /// The `count` most probable labels with their probabilities, in descending order, ties in the labels' order.
    public func top(_ count: Int) -> [(label: String, probability: Float)] {
        let order = zip(labels.indices, probabilities.indices).map(\.0).sorted {
            probabilities[$0] != probabilities[$1] ? probabilities[$0] > probabilities[$1] : $0 < $1
        }
        return order.prefix(max(count, 0)).map { (labels[$0], probabilities[$0]) }
    }

    /// Replaces the contents, in the existing storage if the numbers of elements are the same.
    mutating func replace(
        labels: [String], probabilities: UnsafeBufferPointer<Float>, logits: UnsafeBufferPointer<Float>?,
        framesUsed: Int
    ) {
        self.labels = labels
        self.framesUsed = framesUsed
        Prediction.fill(&self.probabilities, probabilities)
        guard let logits else {
            self.logits = nil
            return
        }
        // Moved out, the storage has one owner and is written in place.
        var values = self.logits ?? []
        self.logits = nil
        Prediction.fill(&values, logits)
        self.logits = values
    }

    private static func fill(_ array: inout [Float], _ values: UnsafeBufferPointer<Float>) {
        if array.count == values.count {
            for index in values.indices { array[index] = values[index] }
        } else {
            array = Array(values)
        }
    }
}
