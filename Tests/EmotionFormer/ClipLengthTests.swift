import EmotionFormerTestSupport
import Foundation
import Testing

@testable import EmotionFormer

@Suite("Clips of every length, against Keras")
struct ClipLengthTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/lengths")
    private static let frames = 24

    /// A model, and the operation that makes it take all frames, if one does.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let barrier: String?
    }

    @Test(
        "Each length gives Keras's probabilities, from a package and from a TensorFlow Lite file",
        arguments: [
            Case(testDescription: "k2_transformer.package", barrier: nil),
            Case(testDescription: "k2_transformer.tflite", barrier: nil),
            Case(testDescription: "k2_recurrent.package", barrier: nil),
            // A masked GRU is a loop that is not recognized.
            Case(testDescription: "k2_recurrent.tflite", barrier: "(while)"),
            // Keras 3 drops the mask at a sum: the second attention has none.
            Case(testDescription: "k3_transformer.package", barrier: "(attention)"),
            Case(testDescription: "k3_recurrent.package", barrier: nil),
        ], EmotionModel.InstructionSet.available)
    func keras(example: Case, level: EmotionModel.InstructionSet) throws {
        let file = example.testDescription
        let name = file.prefix { $0 != "." }
        let arrays = try ConcatenatedArrays.read(Self.folder.appendingPathComponent("\(name).npys").path)
            .map { ConcatenatedArrays.floats($0) }
        let features = arrays[0].count / Self.frames
        let classes = arrays[1].count / Self.frames
        let model = try EmotionModel(
            path: Self.folder.appendingPathComponent(file).path, options: .init(instructionSet: level))
        let found = model.frameBarrier.map { "\($0.place) \($0.reason)" } ?? ""
        if let barrier = example.barrier {
            #expect(model.clipSizes == [] && found.contains(barrier), "\(found)")
        } else {
            #expect(model.clipSizes == [4, 8, 12, 16], "\(found)")
        }
        for count in 1...Self.frames {
            let clip = try LandmarkClip(
                features: Array(arrays[0][..<(count * features)]), frameCount: count, featureCount: features)
            let found = try model.predict(clip).probabilities
            let expected = Array(arrays[1][((count - 1) * classes)..<(count * classes)])
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 2e-6 }, "\(count) frames")
            // The control: another length gives another result.
            let other = Array(arrays[1][(count % Self.frames * classes)...].prefix(classes))
            #expect(count == 4 || !zip(found, other).allSatisfy { abs($0 - $1) <= 2e-5 }, "\(count) frames")
        }
    }
}
