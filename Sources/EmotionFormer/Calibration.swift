/// Whether a model is right as often as its probabilities say: clips in bins of equal width by the probability of the
/// label that they were given.
public struct Calibration: Sendable, Hashable {
    /// One bin; edges belong to the bin below, as in scikit-learn's `calibration_curve`.
    public struct Bin: Sendable, Hashable {
        public let lowerEdge: Double
        public let upperEdge: Double
        public let count: Int
        /// The mean probability of the labels given; 0 in an empty bin.
        public let confidence: Double
        /// The part of the bin's clips that was given the right label; 0 in an empty bin.
        public let accuracy: Double
    }

    public let bins: [Bin]
    /// The mean over clips of their bin's |accuracy − confidence|.
    public let expectedError: Double
    /// The largest |accuracy − confidence| of a bin with clips.
    public let maximumError: Double

    /// - Parameter outcomes: for each clip the probability of the label given, and whether it was right.
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
