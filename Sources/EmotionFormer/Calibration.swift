/// How well a model's probabilities match its accuracy: clips grouped into bins of equal width by the probability of
/// the predicted label.
public struct Calibration: Sendable, Hashable {
    /// One bin; a value on an edge belongs to the bin below, as in scikit-learn's `calibration_curve`.
    public struct Bin: Sendable, Hashable {
        public let lowerEdge: Double
        public let upperEdge: Double
        public let count: Int
        /// The mean probability of the predicted labels; 0 in an empty bin.
        public let confidence: Double
        /// The fraction of the bin's clips whose predicted label is right; 0 in an empty bin.
        public let accuracy: Double
    }

    public let bins: [Bin]
    /// The expected calibration error: |accuracy − confidence| of the bins, weighted by their numbers of clips.
    public let expectedError: Double
    /// The maximum calibration error: the largest |accuracy − confidence| of a bin that has clips.
    public let maximumError: Double

    /// - Parameter outcomes: for each clip, the probability of the predicted label and whether the label is right.
    package init(_ outcomes: [(confidence: Double, isRight: Bool)], binCount: Int = 10) {
        let binCount = max(binCount, 1)
        let step = 1 / Double(binCount)
        let innerEdges = (1..<binCount).map { Double($0) * step }
        var counts = [Int](repeating: 0, count: binCount)
        var confidences = [Double](repeating: 0, count: binCount)
        var hits = [Int](repeating: 0, count: binCount)
        for outcome in outcomes {
            let bin = innerEdges.count { $0 < outcome.confidence }
            counts[bin] += 1
            confidences[bin] += outcome.confidence
            if outcome.isRight { hits[bin] += 1 }
        }
        bins = (0..<binCount).map { bin in
            let count = Double(max(counts[bin], 1))
            return Bin(
                lowerEdge: bin == 0 ? 0 : innerEdges[bin - 1], upperEdge: bin == binCount - 1 ? 1 : innerEdges[bin],
                count: counts[bin], confidence: confidences[bin] / count, accuracy: Double(hits[bin]) / count)
        }
        let total = Double(max(outcomes.count, 1))
        expectedError = bins.reduce(0) { $0 + abs($1.accuracy - $1.confidence) * Double($1.count) / total }
        maximumError = bins.filter { $0.count > 0 }.map { abs($0.accuracy - $0.confidence) }.max() ?? 0
    }
}
