import EmotionFormer
import EmotionFormerTestSupport
import Foundation
import Testing

/// What the article for people from TensorFlow Lite shows, run. That every article's code compiles is a test of its
/// own, in `Tools/tests/test_documentation.py`.
@Suite("The articles' examples, run")
struct DocumentationExampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private let modelPath = root.appendingPathComponent("Tests/Fixtures/tflite/k2_transformer_float32.tflite").path
    private let features = (0..<12 * 40).map { Float($0 % 7) - 3 }

    @Test("The same steps give what the model gives")
    func steps() throws {
        let data = features.withUnsafeBytes { Data($0) }
        func once() throws -> [Float] {
            let interpreter = try Interpreter(modelPath: modelPath)
            try interpreter.allocateTensors()
            try interpreter.copy(data, toInputAt: 0)
            try interpreter.invoke()
            let probabilities = try interpreter.output(at: 0).floats ?? []
            return probabilities
        }
        func model() throws -> [Float] {
            let model = try EmotionModel(path: modelPath)
            let frames = try LandmarkClip(features: features, frameCount: 12, featureCount: 40)
            let prediction = try model.predict(frames)
            print(prediction.label)
            return prediction.probabilities
        }
        let found = try once()
        #expect(found.count == 6)
        #expect(found == (try model()))
    }

    @Test("Options and errors")
    func options() throws {
        let interpreter = try Interpreter(modelPath: modelPath, options: EmotionModel.Options(threads: 2))
        do {
            try interpreter.copy(Data(), toInputAt: 0)
        } catch {
            print(error.description)
        }
        #expect(
            refusal { try interpreter.copy(Data(), toInputAt: 0) }
                == "interpreter: the tensors are not allocated: call allocateTensors first")
    }
}
