/// All measures of predictions whose true labels are known.
public struct Evaluation: Sendable, Hashable {
    /// Precision, recall, F1, accuracy, losses and the confusion matrix.
    public let report: ClassificationReport
    /// For each label, the curve of that class against all others; nil for a class that has no clips or all of them.
    public let curves: [ROCCurve?]
    /// The mean area under the curves that are not nil; nil if all are.
    public let macroArea: Double?
    /// nil if the outputs of any prediction are not probabilities (`Prediction.areProbabilities`).
    public let calibration: Calibration?

    public var labels: [String] { report.labels }

    /// - Parameters:
    ///   - predictions: predictions of one model.
    ///   - truths: the true label of each prediction.
    /// - Throws: like `ClassificationReport`.
    public init(_ predictions: [Prediction], truths: [String]) throws(EmotionFormerError) {
        report = try ClassificationReport(predictions, truths: truths)
        let labels = report.labels
        curves = labels.indices.map { label in
            ROCCurve(zip(predictions, truths).map { (Double($0.outputs[label]), $1 == labels[label]) })
        }
        let areas = curves.compactMap { $0?.area }
        macroArea = areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
        calibration =
            report.loss == nil
            ? nil
            : Calibration(zip(predictions, truths).map { (Double($0.outputs[$0.labelIndex]), $0.label == $1) })
    }
}
