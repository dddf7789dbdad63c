import EmotionFormer
import EmotionFormerFiles
import Foundation
import Testing

@Suite("Evaluation, against scikit-learn")
struct EvaluationTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            struct Curve: Decodable {
                var fpr: [Double]
                var tpr: [Double]
                /// Without the first, which is infinite.
                var thresholds: [Double]
                var auc: Double
            }
            struct Calibration: Decodable {
                var counts: [Int]
                var accuracy: [Double]
                var confidence: [Double]
                var expectedError: Double
            }

            var labels: [String]
            var truths: [Int]
            var probabilities: [[Float]]
            var text: String
            var text4: String
            var confusion: [[Int]]
            var logLoss: Double
            var curves: [Curve?]
            var macroAUC: Double?
            var calibration: Calibration

            func evaluation() throws -> Evaluation {
                try Evaluation(
                    probabilities.map {
                        Prediction(labels: labels, outputs: $0, logits: nil, framesUsed: 1)
                    }, truths: truths.map { labels[$0] })
            }
        }

        var cases: [String: Case]
    }

    private static let golden: [String: Golden.Case] = {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/evaluation.json")
        return (try? JSONDecoder().decode(Golden.self, from: Data(contentsOf: url)))?.cases ?? [:]
    }()

    private static func areEqual(_ first: [Double], _ second: [Double]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) <= 1e-12 }
    }

    @Test("The recipe's cases are there, the degenerate ones too")
    func cases() {
        #expect(Self.golden.count >= 11)
    }

    @Test("The report is scikit-learn's to the character", arguments: golden.keys.sorted())
    func text(name: String) throws {
        let expected = try #require(Self.golden[name])
        let report = try expected.evaluation().report
        #expect(report.text() == expected.text)
        #expect(report.text(digits: 4) == expected.text4)
        #expect(report.confusion == expected.confusion)
        #expect(try abs(#require(report.logLoss) - expected.logLoss) <= 1e-12 * max(1, expected.logLoss))
    }

    @Test("Curves, areas and calibration are scikit-learn's", arguments: golden.keys.sorted())
    func curves(name: String) throws {
        let expected = try #require(Self.golden[name])
        let evaluation = try expected.evaluation()
        #expect(evaluation.curves.count == expected.labels.count)
        for (found, curve) in zip(evaluation.curves, expected.curves) {
            #expect((found == nil) == (curve == nil))
            guard let found, let curve else { continue }
            #expect(Self.areEqual(found.falsePositiveRates, curve.fpr))
            #expect(Self.areEqual(found.truePositiveRates, curve.tpr))
            #expect(found.thresholds.first == .infinity)
            #expect(Self.areEqual(Array(found.thresholds.dropFirst()), curve.thresholds))
            #expect(abs(found.area - curve.auc) <= 1e-12)
        }
        #expect((evaluation.macroArea == nil) == (expected.macroAUC == nil))
        if let found = evaluation.macroArea, let area = expected.macroAUC { #expect(abs(found - area) <= 1e-12) }
        let calibration = try #require(evaluation.calibration)
        let filled = calibration.bins.filter { $0.count > 0 }
        #expect(calibration.bins.map(\.count) == expected.calibration.counts)
        #expect(Self.areEqual(filled.map(\.accuracy), expected.calibration.accuracy))
        #expect(Self.areEqual(filled.map(\.confidence), expected.calibration.confidence))
        #expect(abs(calibration.expectedError - expected.calibration.expectedError) <= 1e-12)
    }

    @Test("Another truth gives other numbers: the negative control")
    func control() throws {
        var changed = try #require(Self.golden["random 1"])
        let expected = changed
        changed.truths[3] = (changed.truths[3] + 1) % 6
        let evaluation = try changed.evaluation()
        #expect(evaluation.report.text() != expected.text)
        #expect(evaluation.macroArea != expected.macroAUC)
    }

    @Test("Decimals are rounded as Python rounds them")
    func decimals() {
        // The first three look like halves and are not; the next two are halves, and go to the even neighbor.
        let cases: [(Double, Int, String)] = [
            (0.285, 2, "0.28"), (1.005, 2, "1.00"), (2.675, 2, "2.67"), (0.125, 2, "0.12"), (0.375, 2, "0.38"),
            (0.995, 2, "0.99"), (1, 2, "1.00"), (0, 4, "0.0000"), (-1.5, 0, "-2"), (0.5, 0, "0"),
            (12.3456, 3, "12.346"),
            (.infinity, 2, "inf"), (1e300, 2, "1e+300"),
        ]
        for (value, digits, text) in cases { #expect(DecimalText.fixed(value, digits) == text) }
    }

    @Test("Numbers of any size have a short form")
    func shortForms() {
        let cases: [(Double, String)] = [
            (0, "0"), (-0.2, "-0.2000"), (1.5, "1.50"), (-12.34, "-12.3"), (456.7, "457"), (99_999.4, "99999"),
            (1e6, "1.0e+06"), (-3.4e38, "-3.4e+38"), (1.2e-7, "1.2e-07"), (9.96e5, "1.0e+06"),
            (.leastNonzeroMagnitude, "4.9e-324"),
            (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"),
        ]
        for (value, text) in cases { #expect(DecimalText.short(value) == text) }
    }

    @Test("Any number becomes the nearest integer that there is")
    func saturatingIntegers() {
        let numbers: [Double] = [
            .nan, .signalingNaN, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1p63,
            -0x1p63,
            -0x1p64, 1e300, 255, 256, -1, -0.9, 0.9, 0,
        ]
        #expect(
            numbers.map { Int(saturating: $0) } == [
                0, 0, .max, .min, .max, .min, .max, .min, .min, .max, 255, 256, -1, 0, 0, 0,
            ])
        #expect(numbers.map { UInt8(saturating: $0) } == [0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 0, 0, 0, 0])
        #expect(UInt16(saturating: Float.infinity) == .max && Int(saturating: Float.nan) == 0)
        #expect(Int(saturating: Float.greatestFiniteMagnitude) == .max)
    }
}
