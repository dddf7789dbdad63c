import EmotionFormer
import EmotionFormerTestSupport
import Testing

@Suite("Reports on many predictions")
struct ClassificationReportTests {
    private static let labels = ["a", "b", "c"]

    private func prediction(_ index: Int, _ probability: Float = 0.8) -> Prediction {
        let rest = (1 - probability) / 2
        return Prediction(
            labels: Self.labels, outputs: (0..<3).map { $0 == index ? probability : rest }, logits: nil,
            framesUsed: 1)
    }

    @Test("The measures are those of scikit-learn on the same predictions")
    func measures() throws {
        // sklearn.metrics.classification_report and log_loss for these lists.
        let truths = ["a", "a", "a", "b", "b", "c", "c", "c", "c", "a"]
        let report = try ClassificationReport([0, 0, 1, 1, 1, 2, 0, 2, 2, 0].map { prediction($0) }, truths: truths)
        #expect(report.confusion == [[3, 1, 0], [0, 2, 0], [1, 0, 3]])
        #expect(abs(report.accuracy - 0.8) < 1e-12)
        #expect(zip(report.rows.map(\.precision), [0.75, 2.0 / 3, 1]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(zip(report.rows.map(\.recall), [0.75, 1, 0.75]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(zip(report.rows.map(\.f1), [0.75, 0.8, 6.0 / 7]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(report.rows.map(\.support) == [4, 2, 4])
        let third = 6.0 / 7
        let macro: Double = (0.75 + 0.8 + third) / 3
        #expect(abs(report.macroAverage.f1 - macro) < 1e-12)
        let weighted: Double = (0.75 * 4 + 0.8 * 2 + third * 4) / 10
        #expect(abs(report.weightedAverage.f1 - weighted) < 1e-12)
        #expect(try abs(#require(report.logLoss) - 0.6390319) < 1e-6)
    }

    @Test("A class that is never given, or never true, has measures of 0")
    func absentClasses() throws {
        let report = try ClassificationReport([prediction(0), prediction(0)], truths: ["a", "b"])
        #expect(report.rows[1].recall == 0)
        #expect(report.rows[1].f1 == 0)
        #expect(report.rows[2] == ClassificationReport.Row(precision: 0, recall: 0, f1: 0, support: 0))
    }

    @Test("A probability of 0 for the truth costs what Keras and scikit-learn make of it")
    func clippedLoss() throws {
        let report = try ClassificationReport([prediction(0, 1)], truths: ["b"])
        #expect(try abs(#require(report.loss) - 16.11809565095832) < 1e-9)
        #expect(try abs(#require(report.logLoss) - 36.04365338911715) < 1e-9)
    }

    @Test("Predictions without truths, unknown truths and nothing at all are errors")
    func invalid() {
        #expect(
            refusal { try ClassificationReport([], truths: []) }
                == "report: each prediction needs one truth (found 0 predictions, 0 truths)")
        #expect(
            refusal { try ClassificationReport([prediction(0)], truths: []) }
                == "report: each prediction needs one truth (found 1 predictions, 0 truths)")
        #expect(
            refusal { try ClassificationReport([prediction(0)], truths: ["d"]) }
                == "truth 0: the model has no such label (found d, expected a, b, c)")
    }

    @Test("Outputs that are not probabilities have a label and no losses; one clip of many is enough")
    func noProbabilities() throws {
        let wrong = Prediction(labels: Self.labels, outputs: [-3, 5, 1], logits: nil, framesUsed: 1)
        let report = try ClassificationReport([prediction(0), wrong], truths: ["a", "b"])
        #expect(report.accuracy == 1)
        #expect(report.loss == nil && report.logLoss == nil)
        #expect(try Evaluation([prediction(0), wrong], truths: ["a", "b"]).calibration == nil)
        #expect(try Evaluation([prediction(0), prediction(1)], truths: ["a", "b"]).calibration != nil)
    }
}
