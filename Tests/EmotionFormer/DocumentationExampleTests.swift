import EmotionFormer
import Foundation
import Testing

/// The code of the articles in `EmotionFormer.docc`: it stands here too, so that it compiles and runs.
@Suite("The articles' examples")
struct DocumentationExampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private let modelPath = root.appendingPathComponent("Tests/Fixtures/tflite/k2_transformer_float32.tflite").path
    private let features = (0..<12 * 40).map { Float($0 % 7) - 3 }

    @Test("The same steps give what the model gives")
    func steps() throws {
        let clip = features.withUnsafeBytes { Data($0) }
        func once() throws -> [Float] {
            let interpreter = try Interpreter(modelPath: modelPath)
            try interpreter.allocateTensors()
            try interpreter.copy(clip, toInputAt: 0)
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
        #expect(throws: EmotionFormerError.self) { try interpreter.copy(Data(), toInputAt: 0) }
    }

    @Test("Every Swift block of every article stands in this file, and the article has some")
    func blocks() throws {
        let source = Self.lines(try String(contentsOfFile: #filePath, encoding: .utf8)).joined(separator: "\n")
        let path = Self.root.appendingPathComponent("Sources/EmotionFormer/EmotionFormer.docc").path
        let articles = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".md") }
        var count = 0
        for article in articles {
            let text = try String(contentsOfFile: "\(path)/\(article)", encoding: .utf8)
            for part in text.components(separatedBy: "```swift\n").dropFirst() {
                let block = Self.lines(try #require(part.components(separatedBy: "\n```").first))
                #expect(source.contains(block.joined(separator: "\n")), "\(article): \(block.first ?? "")")
                count += 1
            }
        }
        #expect(count >= 5)
        #expect(
            !source.contains(["try interpreter.invoke()", "try interpreter.allocateTensors()"].joined(separator: "\n")))
    }

    /// The lines without the indentation, which differs between an article and a function's body.
    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.drop(while: { $0 == " " }))
        }
    }
}
