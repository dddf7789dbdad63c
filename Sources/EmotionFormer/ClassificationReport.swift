import EmotionFormerTensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#else
    import Glibc
#endif

/// How well predictions agree with the truth, by the measures that scikit-learn's `classification_report` prints and the
/// loss that Keras reports.
public struct ClassificationReport: Sendable, Hashable {
    /// The measures of one class, or an average of them.
    public struct Row: Sendable, Hashable {
        /// Of the clips that were given this label, the part that has it. 0 if there are none.
        public let precision: Double
        /// Of the clips that have this label, the part that was given it. 0 if there are none.
        public let recall: Double
        /// The harmonic mean of both. 0 if both are.
        public let f1: Double
        /// Clips that have this label.
        public let support: Int

        package init(precision: Double, recall: Double, f1: Double, support: Int) {
            self.precision = precision
            self.recall = recall
            self.f1 = f1
            self.support = support
        }
    }

    public let labels: [String]
    /// Truth × prediction, both in the labels' order.
    public let confusion: [[Int]]
    /// One a label.
    public let rows: [Row]
    /// The part of all clips that was given the right label.
    public let accuracy: Double
    /// The mean over classes, each counting alike.
    public let macroAverage: Row
    /// The mean over classes, each counting by its support.
    public let weightedAverage: Row
    /// The mean of −ln p(truth), with p kept between 1e-7 and 1 − 1e-7 as Keras does.
    public let logLoss: Double

    /// - Parameter truths: the true label of each prediction.
    /// - Throws: `invalidArgument` if there are no predictions, if there are not as many truths, if a truth is no label, or
    ///   if the predictions have different labels.
    public init(_ predictions: [Prediction], truths: [String]) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in try ClassificationReport(checking: predictions, truths) }
    }

    private init(checking predictions: [Prediction], _ truths: [String]) throws(Fault) {
        guard let labels = predictions.first?.labels, predictions.count == truths.count else {
            throw Fault(
                .invalidArgument, at: "report", "each prediction needs one truth",
                found: "\(predictions.count) predictions, \(truths.count) truths")
        }
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
        var loss = 0.0
        for (index, (prediction, truth)) in zip(predictions, truths).enumerated() {
            guard prediction.labels == labels else {
                throw Fault(.invalidArgument, at: "prediction \(index)", "the predictions are of different models")
            }
            guard let row = labels.firstIndex(of: truth) else {
                throw Fault(
                    .invalidArgument, at: "truth \(index)", "the model has no such label", found: truth,
                    expected: labels.joined(separator: ", "))
            }
            confusion[row][prediction.labelIndex] += 1
            loss -= log(min(max(Double(prediction.probabilities[row]), 1e-7), 1 - 1e-7))
        }
        let total = predictions.count
        let supports = confusion.map { $0.reduce(0, +) }
        let rows = labels.indices.map { label in
            let hits = Double(confusion[label][label])
            let given = confusion.reduce(0) { $0 + $1[label] }
            let precision = given == 0 ? 0 : hits / Double(given)
            let recall = supports[label] == 0 ? 0 : hits / Double(supports[label])
            let sum = precision + recall
            return Row(
                precision: precision, recall: recall, f1: sum == 0 ? 0 : 2 * precision * recall / sum,
                support: supports[label])
        }
        self.labels = labels
        self.confusion = confusion
        self.rows = rows
        accuracy = Double(labels.indices.reduce(0) { $0 + confusion[$1][$1] }) / Double(total)
        logLoss = loss / Double(total)
        macroAverage = Row(averaging: rows, weights: rows.map { _ in 1 / Double(rows.count) }, support: total)
        weightedAverage = Row(
            averaging: rows, weights: supports.map { Double($0) / Double(total) }, support: total)
    }
}

extension ClassificationReport.Row {
    fileprivate init(averaging rows: [Self], weights: [Double], support: Int) {
        func mean(_ measure: (Self) -> Double) -> Double { zip(rows, weights).reduce(0) { $0 + measure($1.0) * $1.1 } }
        self.init(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), support: support)
    }
}
