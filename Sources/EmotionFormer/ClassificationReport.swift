import EmotionFormerCore
import EmotionFormerSystem

/// How well predictions agree with the true labels: the measures of scikit-learn's `classification_report`, and the
/// loss that Keras reports.
public struct ClassificationReport: Sendable, Hashable {
    /// The measures of one class, or an average of them.
    public struct Row: Sendable, Hashable {
        /// True positives ÷ clips predicted as this class; 0 if there are none.
        public let precision: Double
        /// True positives ÷ clips of this class; 0 if there are none.
        public let recall: Double
        /// The harmonic mean of precision and recall; 0 if both are 0.
        public let f1: Double
        /// The number of clips of this class.
        public let support: Int

        package init(precision: Double, recall: Double, f1: Double, support: Int) {
            self.precision = precision
            self.recall = recall
            self.f1 = f1
            self.support = support
        }
    }

    public let labels: [String]
    /// The confusion matrix: true label × predicted label, both in the labels' order.
    public let confusion: [[Int]]
    /// One for each label, in the labels' order.
    public let rows: [Row]
    /// The fraction of clips whose predicted label is right.
    public let accuracy: Double
    /// The unweighted mean over the classes.
    public let macroAverage: Row
    /// The mean over the classes, weighted by support.
    public let weightedAverage: Row
    /// The mean of −ln p(truth), with p kept between 2⁻⁵² and 1 − 2⁻⁵² as scikit-learn does; nil if the outputs of any
    /// prediction are not probabilities (`Prediction.areProbabilities`).
    public let logLoss: Double?
    /// The mean of −ln p(truth), with p kept between 1e-7 and 1 − 1e-7: the `loss` that Keras reports; nil like
    /// `logLoss`.
    public let loss: Double?

    /// - Parameters:
    ///   - predictions: predictions of one model.
    ///   - truths: the true label of each prediction.
    /// - Throws: `invalidArgument` if there are no predictions, if the numbers of predictions and truths differ, if a
    ///   truth is not one of the labels, or if the predictions have different labels.
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
        var logLoss = 0.0
        for (index, (prediction, truth)) in zip(predictions, truths).enumerated() {
            guard prediction.labels == labels, prediction.outputs.count == labels.count else {
                throw Fault(.invalidArgument, at: "prediction \(index)", "the predictions are of different models")
            }
            guard let row = labels.firstIndex(of: truth) else {
                throw Fault(
                    .invalidArgument, at: "truth \(index)", "the model has no such label", found: truth,
                    expected: labels.joined(separator: ", "))
            }
            confusion[row][prediction.labelIndex] += 1
            let probability = Double(prediction.outputs[row])
            loss -= log(min(max(probability, 1e-7), 1 - 1e-7))
            logLoss -= log(min(max(probability, Double.ulpOfOne), 1 - Double.ulpOfOne))
        }
        let total = predictions.count
        let supports = confusion.map { $0.reduce(0, +) }
        let rows = labels.indices.map { label in
            let hits = Double(confusion[label][label])
            let given = confusion.reduce(0) { $0 + $1[label] }
            func part(_ numerator: Double, of denominator: Int) -> Double {
                denominator == 0 ? 0 : numerator / Double(denominator)
            }
            return Row(
                precision: part(hits, of: given), recall: part(hits, of: supports[label]),
                f1: part(2 * hits, of: supports[label] + given), support: supports[label])
        }
        self.labels = labels
        self.confusion = confusion
        self.rows = rows
        accuracy = Double(labels.indices.reduce(0) { $0 + confusion[$1][$1] }) / Double(total)
        let areProbabilities = predictions.allSatisfy(\.areProbabilities)
        self.loss = areProbabilities ? loss / Double(total) : nil
        self.logLoss = areProbabilities ? logLoss / Double(total) : nil
        macroAverage = Row(averaging: rows, weights: rows.map { _ in 1 }, support: total)
        weightedAverage = Row(averaging: rows, weights: supports.map(Double.init), support: total)
    }
}

extension ClassificationReport.Row {
    fileprivate init(averaging rows: [Self], weights: [Double], support: Int) {
        let sum = weights.reduce(0, +)
        func mean(_ measure: (Self) -> Double) -> Double {
            zip(rows, weights).reduce(0) { $0 + measure($1.0) * $1.1 } / sum
        }
        self.init(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), support: support)
    }
}
