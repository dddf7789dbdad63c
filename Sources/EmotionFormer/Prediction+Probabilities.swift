extension Prediction {
    /// Whether the main output's numbers are probabilities, and look like it: each is between 0 and 1, and the sum of a
    /// row is 1 within 0.001.
    ///
    /// Other outputs' order may still give the most likely label, but percentages, losses and calibration are
    /// meaningless. An int8 softmax gives multiples of 1/256; the sum of such outputs may differ from 1 by half of that
    /// for each label.
    public var areProbabilities: Bool { probabilityFault == nil }

    /// The reason why the outputs are not probabilities, as a clause; nil if they are.
    package var probabilityFault: String? {
        switch kind {
        case .scores: return "they are scores that do not exclude each other"
        case .logits: return "they are logits"
        case .values, .probabilities: break
        }
        guard rowCount == 1 else { return "there is a row for each frame" }
        if let fault = Prediction.probabilityFault(outputs, labels: labels) { return fault }
        return kind == .probabilities ? nil : "nothing says what they are"
    }

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
