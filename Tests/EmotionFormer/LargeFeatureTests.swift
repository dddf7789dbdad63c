import EmotionFormer
import Foundation
import Testing

@Suite("Features far from what a model was trained on")
struct LargeFeatureTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/attention")

    /// As pixel coordinates are to a model of normalized ones: attention's scores then go into the millions.
    @Test(
        "Attention models answer with numbers, the same at every level",
        arguments: ["blocks", "bilstm", "masked"], [1e2, 1e4, 1e5, 1e7, 1e9] as [Float])
    func finite(name: String, scale: Float) throws {
        let path = Self.folder.appendingPathComponent("\(name).package").path
        var answers: [[Float]] = []
        for level in EmotionModel.InstructionSet.available {
            let model = try EmotionModel(path: path, options: .init(instructionSet: level))
            let count = model.input.frames * model.input.features
            let clip = try LandmarkClip(
                features: (0..<count).map { (Float($0 * 7 % 11) / 5 - 1) * scale }, frameCount: model.input.frames,
                featureCount: model.input.features)
            answers.append(try model.predict(clip).probabilities)
        }
        for answer in answers {
            #expect(answer.allSatisfy(\.isFinite) && abs(answer.reduce(0, +) - 1) < 1e-5)
            let farthest = zip(answer, answers[0]).map { abs($0 - $1) }.max() ?? .infinity
            #expect(farthest < 1e-5, "\(answer) instead of \(answers[0])")
        }
    }
}
