import EmotionFormer
import EmotionFormerTensors
import Foundation
import Testing

@Suite("The model by hand") struct HandmadeModelTests {
    private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static var clips: [URL] {
        get throws {
            let folder = project.appendingPathComponent("Tests/Fixtures/cremad")
            return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "npy" }.sorted { $0.path < $1.path }
        }
    }

    @Test("The bundled classifier out of layers gives the engine's probabilities within 1e-6")
    func bundled() throws {
        let folder = Self.project.appendingPathComponent("Weights/EmotionFormer-Synthetic")
        let models = try EmotionModel.InstructionSet.available.map {
            try EmotionModel(contentsOf: folder, options: EmotionModel.Options(instructionSet: $0))
        }
        let classifier = HandmadeClassifier(weights: try ModelWeights(contentsOf: folder))
        #expect(models.allSatisfy { classifier.weights.labels == $0.labels })
        var labels: Set<String> = []
        for url in try Self.clips {
            let found = try classifier.probabilities(Tensor<Float>(contentsOf: url))
            #expect(found.shape == [1, 6])
            for model in models {
                let prediction = try model.predict(LandmarkClip(contentsOf: url))
                for (ours, engines) in zip(found.scalars, prediction.probabilities) {
                    #expect(abs(ours - engines) <= 1e-6)
                }
                labels.insert(prediction.label)
            }
        }
        // Different clips, so that a constant would not pass.
        #expect(try Self.clips.count == 6 && labels.count > 1)
    }

    @Test("A swapped weight is noticed")
    func control() throws {
        let folder = Self.project.appendingPathComponent("Weights/EmotionFormer-Synthetic")
        let clip = try Tensor<Float>(contentsOf: #require(Self.clips.first))
        let classifier = HandmadeClassifier(weights: try ModelWeights(contentsOf: folder))
        let right = try classifier.probabilities(clip)
        let wrong = try classifier.probabilities(clip.reversed(axis: 1))
        #expect(zip(right.scalars, wrong.scalars).contains { abs($0 - $1) > 1e-4 })
    }

    @Test("A weight that is not there is missed by name, and the names that are there are said")
    func missing() throws {
        let folder = Self.project.appendingPathComponent("Weights/EmotionFormer-Synthetic")
        let weights = try ModelWeights(contentsOf: folder)
        do {
            _ = try weights["emotion/kernal"]
            Issue.record("accepted")
        } catch {
            #expect(error.code == .missing && error.found == "emotion/kernal")
            #expect(error.expected?.contains("attention_1/key/bias") == true)
        }
    }
}
