extension Prediction {
    /// Whether `probabilities` are probabilities: none below 0 or above 1, and together 1 within 0.001.
    ///
    /// A model that ends in logits, a log-softmax, a tanh or a regression has other outputs: their order still says which label
    /// comes first, but percents, losses and calibration of them mean nothing. An int8 softmax gives multiples of 1/256;
    /// such outputs may miss 1 by half of that for each label.
    public var areProbabilities: Bool { probabilityFault == nil }

    /// What keeps the outputs from being probabilities, as a clause; nil if they are.
    package var probabilityFault: String? { Prediction.probabilityFault(probabilities, labels: labels) }

    package static func probabilityFault(_ values: [Float], labels: [String]) -> String? {
        // More than rounding, less than anybody means by a wrong output.
        let rounding: Float = 1e-5
        for (index, value) in values.enumerated() where !(value >= -rounding && value <= 1 + rounding) {
            let label = labels.indices.contains(index) ? labels[index] : "\(index)"
            return "the output for \(label) is \(value)"
        }
        let sum = values.reduce(0) { $0 + Double($1) }
        let isInSteps = values.allSatisfy { $0 * 256 == ($0 * 256).rounded() }
        let tolerance = 0.001 + (isInSteps ? Double(values.count) / 512 : 0)
        return abs(sum - 1) <= tolerance ? nil : "the outputs sum to \(Float(sum))"
    }
}
