extension Prediction {
    /// Whether `probabilities` are probabilities: each is between 0 and 1, and their sum is 1 within 0.001.
    ///
    /// A model that ends in logits, a log-softmax, a tanh or a regression has other outputs. Their order still gives
    /// the most likely label, but percentages, losses and calibration are meaningless. An int8 softmax gives multiples
    /// of 1/256; the sum of such outputs may differ from 1 by half of that for each label.
    public var areProbabilities: Bool { probabilityFault == nil }

    /// The reason why the outputs are not probabilities, as a clause; nil if they are.
    package var probabilityFault: String? { Prediction.probabilityFault(probabilities, labels: labels) }

    package static func probabilityFault(_ values: [Float], labels: [String]) -> String? {
        // More than rounding errors, less than any real fault.
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
