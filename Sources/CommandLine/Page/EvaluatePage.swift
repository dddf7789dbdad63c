import EmotionFormer
import EmotionFormerFiles

/// An evaluation as a page: the measures, and the plots that the published model's card shows.
struct EvaluatePage {
    private let result: EvaluateReport
    private var evaluation: Evaluation { result.evaluation }
    private var report: ClassificationReport { result.evaluation.report }

    init(_ result: EvaluateReport) { self.result = result }

    var html: String {
        Page(
            title: "Evaluation of \(result.model.name)",
            body: [
                head, measures, "<div class=\"pair\">\n\(confusion)\(curves)</div>",
                "<div class=\"pair\">\n\(calibration)\(mistakes)</div>", skipped,
            ].joined(separator: "\n")
        ).html
    }

    private var head: String {
        let area = evaluation.macroArea.map { DecimalText.fixed($0, 3) } ?? "undefined"
        let note = result.modelNote.map { "<p class=\"note\">\(HTML.escaped($0))</p>\n" } ?? ""
        let count = result.outcome.answers.count
        return "<h1>Evaluation of \(HTML.escaped(result.model.name))</h1>\n"
            + "<p class=\"lead\">\(count) \(count == 1 ? "clip" : "clips") of \(HTML.escaped(result.dataset))</p>\n"
            + note
            + HTML.facts(
                [
                    ("Accuracy", HTML.percent(report.accuracy)),
                    ("Macro F1", DecimalText.fixed(report.macroAverage.f1, 3)),
                    ("Weighted F1", DecimalText.fixed(report.weightedAverage.f1, 3)), ("Macro AUC", area),
                ]
                    + [
                        ("Loss", report.loss.map { DecimalText.fixed($0, 4) }),
                        ("Calibration error", evaluation.calibration.map { DecimalText.fixed($0.expectedError, 3) }),
                    ].compactMap { name, value in value.map { (name, $0) } })
            + (result.probabilityFault.map {
                "<p class=\"note\">\(HTML.escaped(EvaluateReport.leftOut($0)))</p>\n"
            } ?? "")
    }

    private var measures: String {
        func row(_ name: String, _ row: ClassificationReport.Row, style: String = "") -> String {
            let cells = [row.precision, row.recall, row.f1].map { "<td>\(DecimalText.fixed($0, 2))</td>" }.joined()
            return "<tr\(style)><th scope=\"row\">\(HTML.escaped(name))</th>\(cells)<td>\(row.support)</td></tr>\n"
        }
        let rows = zip(report.labels, report.rows).map { row($0, $1) }.joined()
        return "<section><h2>Classes</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th class=\"text\">Class</th>"
            + "<th>Precision</th><th>Recall</th><th>F1</th><th>Clips</th></tr></thead>\n<tbody>\n\(rows)"
            + row("Macro average", report.macroAverage, style: " class=\"rule\"")
            + row("Weighted average", report.weightedAverage) + "</tbody></table></div>\n"
            + (report.logLoss.map {
                "<p class=\"small\">Loss as Keras reports it; log loss as scikit-learn does: "
                    + "\(DecimalText.fixed($0, 4)).</p>"
            } ?? "") + "</section>\n"
    }

    private var confusion: String {
        let header = report.labels.map { "<th scope=\"col\"><span>\(HTML.escaped($0))</span></th>" }.joined()
        let rows = zip(report.labels, report.confusion).map { label, counts in
            let sum = max(counts.reduce(0, +), 1)
            let cells = counts.map { count in
                let level = (count * 20 + sum) / (2 * sum)
                let part = HTML.percent(Double(count) / Double(sum))
                return "<td class=\"h\(level)\(level > 5 ? " strong" : "")\" title=\"\(part)\">\(count)</td>"
            }
            return "<tr><th scope=\"row\">\(HTML.escaped(label))</th>\(cells.joined())</tr>\n"
        }
        return "<section><h2>Confusion matrix</h2>\n<p class=\"small\">A row is a true class, a column what the model "
            + "said; the darker, the larger the part of the row.</p>\n<div class=\"scroll\"><table class=\"matrix\">\n"
            + "<thead><tr><td></td>\(header)</tr></thead>\n<tbody>\n\(rows.joined())</tbody></table></div></section>\n"
    }

    private var curves: String {
        let frame = ChartFrame(
            title: "other classes at or above the threshold",
            description: "ROC curves, one for each class: true positive rate over false positive rate")
        var drawing = frame.line("diagonal", 0, 0, 1, 1)
        for (index, curve) in evaluation.curves.enumerated() {
            guard let curve else { continue }
            drawing += frame.curve(
                HTML.color(index), Array(zip(curve.falsePositiveRates, curve.truePositiveRates)))
        }
        let entries = zip(report.labels, evaluation.curves).map { label, curve in
            "\(label) \(curve.map { DecimalText.fixed($0.area, 3) } ?? "undefined")"
        }
        return
            "<section><h2>ROC curves</h2>\n<p class=\"small\">One class against the rest: the part of its clips found, "
            + "over the part of others taken for it. The number is the area under the curve.</p>\n"
            + frame.svg(drawing) + ChartFrame.legend(entries) + "</section>\n"
    }

    private var calibration: String {
        guard let calibration = evaluation.calibration else { return "" }
        let frame = ChartFrame(
            title: "probability of the label given",
            description: "Reliability: accuracy in each bin of the probability of the label given")
        var drawing = ""
        for bin in calibration.bins where bin.count > 0 {
            let (left, right) = (frame.x(bin.lowerEdge) + 1, frame.x(bin.upperEdge) - 1)
            let top = frame.y(bin.accuracy)
            drawing += "<rect class=\"bar\" x=\"\(HTML.coordinate(left))\" y=\"\(HTML.coordinate(top))\" "
            drawing += "width=\"\(HTML.coordinate(right - left))\" height=\"\(HTML.coordinate(frame.y(0) - top))\"/>"
            drawing += "<text x=\"\(HTML.coordinate((left + right) / 2))\" y=\"\(HTML.coordinate(max(top - 3, 18)))\" "
            drawing += "text-anchor=\"middle\">\(bin.count)</text>\n"
        }
        drawing += frame.line("diagonal", 0, 0, 1, 1)
        return
            "<section><h2>Calibration</h2>\n<p class=\"small\">How often the model is right, by how sure it is; on the "
            + "dashed line it is as often right as it says. The numbers count clips. Expected calibration error "
            + "\(DecimalText.fixed(calibration.expectedError, 3)).</p>\n\(frame.svg(drawing))</section>\n"
    }

    /// The wrong predictions with the highest probabilities.
    private var mistakes: String {
        let wrong = result.outcome.answers.filter { $0.prediction.label != $0.truth }
            .sorted { confidence($0) > confidence($1) }
        let rows = wrong.prefix(12).map { answer in
            let name = answer.index == 0 ? answer.clip : "\(answer.clip) #\(answer.index)"
            return
                "<tr><td class=\"text name\">\(HTML.escaped(name))</td><td class=\"text\">\(HTML.escaped(answer.truth))</td>"
                + "<td class=\"text\">\(HTML.escaped(answer.prediction.label))</td>"
                + "<td>\(sureness(answer))</td></tr>\n"
        }
        let table =
            wrong.isEmpty
            ? "<p>None.</p>"
            : "<div class=\"scroll\"><table>\n<thead><tr><th class=\"text\">Clip</th><th class=\"text\">Truth</th>"
                + "<th class=\"text\">Said</th><th>\(result.probabilityFault == nil ? "Sure" : "Output")</th></tr></thead>\n<tbody>\n\(rows.joined())</tbody></table></div>"
        return "<section><h2>Surest mistakes</h2>\n<p class=\"small\">\(wrong.count) of "
            + "\(result.outcome.answers.count) clips were given a wrong label\(wrong.count > 12 ? "; twelve of them" : "").</p>\n"
            + "\(table)</section>\n"
    }

    private func confidence(_ answer: EvaluateClips.Answer) -> Double {
        answer.prediction.outputs.max().map { Double($0) } ?? 0
    }

    private func sureness(_ answer: EvaluateClips.Answer) -> String {
        result.probabilityFault == nil ? HTML.percent(confidence(answer)) : DecimalText.short(confidence(answer))
    }

    private var skipped: String {
        let lines = result.outcome.skipped
        guard !lines.isEmpty else { return "" }
        let shown = lines.prefix(50).map { "<li>\(HTML.escaped($0))</li>" }.joined(separator: "\n")
        return "<section><h2>Skipped</h2>\n<p class=\"small\">\(lines.count) files could not be used"
            + "\(lines.count > 50 ? "; the first fifty" : "").</p>\n<ul class=\"small\">\n\(shown)\n</ul></section>\n"
    }
}
