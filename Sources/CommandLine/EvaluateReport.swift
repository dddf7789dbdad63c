import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// An evaluation with its dataset and model, as text and as JSON.
struct EvaluateReport {
    let dataset: String
    let model: EmotionModel
    /// Printed beside the model's name.
    let modelNote: String?
    let outcome: EvaluateClips.Outcome
    let evaluation: Evaluation

    init(
        dataset: String, model: EmotionModel, modelNote: String?, outcome: EvaluateClips.Outcome
    ) throws {
        self.dataset = dataset
        self.model = model
        self.modelNote = modelNote
        self.outcome = outcome
        evaluation = try Evaluation(outcome.answers.map(\.prediction), truths: outcome.answers.map(\.truth))
    }

    /// Why losses and calibration are missing: the first clip whose outputs are not probabilities. nil if they are not
    /// missing.
    var probabilityFault: String? {
        outcome.answers.lazy.compactMap { answer in
            answer.prediction.probabilityFault.map { "\(answer.clip): \($0)" }
        }.first
    }

    /// The text in place of losses and calibration.
    static func leftOut(_ fault: String) -> String {
        "Loss, log loss and calibration are left out: the model's outputs are not probabilities (\(fault))."
    }

    private func row(_ name: String, _ value: Double?) -> String {
        let gap = String(repeating: " ", count: max(2, 20 - name.count))
        return name + gap + (value.map { DecimalText.fixed($0, 4) } ?? "undefined")
    }

    /// Each label has its own row, even one that is named like an average.
    private var table: [String] {
        evaluation.report.text(labels: evaluation.report.labels.map(PrintedText.line))
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private var losses: [String] {
        if let fault = probabilityFault { return [EvaluateReport.leftOut(fault)] }
        return [
            row("loss, as Keras", evaluation.report.loss), row("log loss", evaluation.report.logLoss),
            row("calibration error", evaluation.calibration?.expectedError),
        ]
    }

    var lines: [String] {
        let report = evaluation.report
        var confusion = TextTable(
            ["truth \\ prediction"] + report.labels, rightAligned: Set(1..<report.labels.count + 1))
        for (label, counts) in zip(report.labels, report.confusion) {
            confusion.append([label] + counts.map(String.init))
        }
        let skipped = outcome.skipped.isEmpty ? "" : ", \(outcome.skipped.count) files skipped"
        var lines = [
            "dataset: \(dataset) (\(outcome.answers.count) clips\(skipped))",
            "model: \(model.name)",
        ]
        if let modelNote { lines.append("note: \(modelNote)") }
        lines.append("")
        lines += table + losses
        lines += ["", "area under the ROC curve, one class against the rest"]
        for (label, curve) in zip(report.labels, evaluation.curves) { lines.append(row("  " + label, curve?.area)) }
        lines += [row("  macro", evaluation.macroArea), ""]
        return lines + confusion.lines
    }

    /// One object; numbers in the shortest form that reads back as the same value, null for undefined values.
    var json: String {
        let report = evaluation.report
        func row(_ row: ClassificationReport.Row) -> String {
            "\"precision\":\(row.precision),\"recall\":\(row.recall),\"f1\":\(row.f1),\"support\":\(row.support)"
        }
        func list(_ values: [Double]) -> String { "[\(values.map { "\($0)" }.joined(separator: ","))]" }
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
        let classes = report.labels.indices.map { index in
            let curve = evaluation.curves[index].map { curve in
                // The first threshold is infinite, which JSON cannot represent.
                "{\"falsePositiveRates\":\(list(curve.falsePositiveRates)),"
                    + "\"truePositiveRates\":\(list(curve.truePositiveRates)),"
                    + "\"thresholds\":[null\(curve.thresholds.dropFirst().map { ",\($0)" }.joined())]}"
            }
            return "\(PrintedText.quotedInJSON(report.labels[index])):{\(row(report.rows[index])),"
                + "\"auc\":\(number(evaluation.curves[index]?.area)),\"roc\":\(curve ?? "null")}"
        }
        let calibration = evaluation.calibration.map { calibration in
            let bins = calibration.bins.map {
                "{\"from\":\($0.lowerEdge),\"to\":\($0.upperEdge),\"count\":\($0.count),\"confidence\":\($0.confidence),"
                    + "\"accuracy\":\($0.accuracy)}"
            }
            return "{\"expectedError\":\(calibration.expectedError),\"maximumError\":\(calibration.maximumError),"
                + "\"bins\":[\(bins.joined(separator: ","))]}"
        }
        let note = probabilityFault.map { PrintedText.quotedInJSON(EvaluateReport.leftOut($0)) }
        let answers = outcome.answers.map {
            "{\"clip\":\(PrintedText.quotedInJSON($0.clip)),\"index\":\($0.index),\"truth\":\(PrintedText.quotedInJSON($0.truth)),"
                + "\"label\":\(PrintedText.quotedInJSON($0.prediction.label)),"
                + "\"\($0.prediction.outputKey)\":[\($0.prediction.outputs.map { "\($0)" }.joined(separator: ","))]}"
        }
        return "{\"dataset\":\(PrintedText.quotedInJSON(dataset)),\"model\":\(PrintedText.quotedInJSON(model.name)),"
            + "\"clips\":\(outcome.answers.count),"
            + "\"skipped\":[\(outcome.skipped.map(PrintedText.quotedInJSON).joined(separator: ","))],"
            + "\"labels\":[\(report.labels.map(PrintedText.quotedInJSON).joined(separator: ","))],"
            + "\"accuracy\":\(report.accuracy),\"loss\":\(number(report.loss)),\"logLoss\":\(number(report.logLoss)),"
            + "\"macroAverage\":{\(row(report.macroAverage))},\"weightedAverage\":{\(row(report.weightedAverage))},"
            + "\"macroAUC\":\(number(evaluation.macroArea)),\"classes\":{\(classes.joined(separator: ","))},"
            + "\"confusion\":[\(report.confusion.map { "[\($0.map(String.init).joined(separator: ","))]" }.joined(separator: ","))],"
            + "\"calibration\":\(calibration ?? "null"),\(note.map { "\"note\":\($0)," } ?? "")"
            + "\"predictions\":[\(answers.joined(separator: ","))]}"
    }
}
