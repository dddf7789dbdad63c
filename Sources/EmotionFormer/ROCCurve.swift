/// The receiver operating characteristic of a class against all others, as computed by scikit-learn's `roc_curve`.
public struct ROCCurve: Sendable, Hashable {
    /// The fraction of the clips of other classes whose probability is at or above the threshold.
    public let falsePositiveRates: [Double]
    /// The fraction of the clips of this class whose probability is at or above the threshold.
    public let truePositiveRates: [Double]
    /// In descending order; the first is infinite.
    public let thresholds: [Double]
    /// The area under the curve, by the trapezoidal rule: the chance that a clip of this class gets a higher
    /// probability than a clip of another, where a tie counts half.
    public let area: Double

    /// - Parameter scores: for each clip, the probability of this class and whether the clip is of this class.
    /// - Returns: nil unless there are clips of this class and of others.
    package init?(_ scores: [(probability: Double, isOfClass: Bool)]) {
        let positives = scores.count { $0.isOfClass }
        guard positives > 0, positives < scores.count else { return nil }
        var counts: [(falsePositives: Int, truePositives: Int, threshold: Double)] = []
        var (falsePositives, truePositives) = (0, 0)
        for score in scores.sorted(by: { $0.probability > $1.probability }) {
            if score.isOfClass { truePositives += 1 } else { falsePositives += 1 }
            if counts.last?.threshold == score.probability { counts.removeLast() }
            counts.append((falsePositives, truePositives, score.probability))
        }
        // A point on the line between its neighbors is left out.
        let corners = counts.indices.filter { index in
            guard index > 0, index < counts.count - 1 else { return true }
            let (before, here, after) = (counts[index - 1], counts[index], counts[index + 1])
            return after.falsePositives - here.falsePositives != here.falsePositives - before.falsePositives
                || after.truePositives - here.truePositives != here.truePositives - before.truePositives
        }.map { counts[$0] }
        falsePositiveRates = [0] + corners.map { Double($0.falsePositives) / Double(scores.count - positives) }
        truePositiveRates = [0] + corners.map { Double($0.truePositives) / Double(positives) }
        thresholds = [.infinity] + corners.map(\.threshold)
        var area = 0.0
        for index in falsePositiveRates.indices.dropFirst() {
            area +=
                (falsePositiveRates[index] - falsePositiveRates[index - 1])
                * (truePositiveRates[index] + truePositiveRates[index - 1]) / 2
        }
        self.area = area
    }
}
