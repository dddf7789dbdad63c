import EmotionFormer
import EmotionFormerCore
import Foundation
import Testing

@Suite("Folders of frames")
struct FrameFolderTests {
    private let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("frames-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    private func write(_ values: [Float], to name: String, shape: String? = nil) throws {
        let url = root.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        let bytes = ClipFixtures.npy(shape: shape ?? "(\(values.count),)", payload: ClipFixtures.bytes(of: values))
        try Data(bytes).write(to: url)
    }

    private func error(_ folder: String, for input: ModelInput? = nil) -> EmotionFormerError? {
        do throws(EmotionFormerError) {
            _ = try ClipFile(path: root.appendingPathComponent(folder).path, for: input)
            return nil
        } catch {
            return error
        }
    }

    @Test("Frames come in the order of their numbers, from 0 or from 1", arguments: [0, 1])
    func order(first: Int) throws {
        defer { try? FileManager.default.removeItem(at: root) }
        for frame in 0..<12 { try write([Float(frame), 0.5], to: "clip/\(frame + first).npy") }
        try Data("notes".utf8).write(to: root.appendingPathComponent("clip/readme.txt"))
        let file = try ClipFile(path: root.path + "/clip/")
        #expect(file.name == "clip" && file.format == .npy)
        #expect(file.clips.count == 1)
        #expect(file.clips[0].values == (0..<12).flatMap { [Float($0), 0.5] })
    }

    @Test("A frame has the model's shape, or is landmarks; one of NaN is a frame without a face")
    func shapes() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let input = ModelInput(frames: 9, features: 6, frameShape: [3, 2])
        for (frame, shape) in ["(6,)", "(3, 2)", "(1, 6)", "(1, 3, 2)"].enumerated() {
            try write([Float](repeating: Float(frame), count: 6), to: "own/\(frame).npy", shape: shape)
        }
        try write([Float](repeating: .nan, count: 6), to: "own/4.npy", shape: "(3, 2)")
        let clip = try ClipFile(path: root.path + "/own", for: input).clips[0]
        #expect(clip.frameCount == 5 && clip.featureCount == 6 && clip.missingFrames == [4])
        try write([1, 2, 3, 4, 5, 6], to: "points/0.npy", shape: "(2, 3)")
        #expect(try ClipFile(path: root.path + "/points").clips[0].landmarkCount == 2)
        try write([1, 2, 3, 4, 5, 6], to: "clips/0.npy", shape: "(3, 2)")
        let other = ModelInput(frames: 9, features: 2)
        #expect(error("clips", for: other)?.problem == "the file is not one frame of a clip")
        #expect(error("clips", for: other)?.place.hasSuffix("clips/0.npy") == true)
    }

    @Test("Names that are not numbers without gaps are refused")
    func names() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        try write([1], to: "gap/0.npy")
        try write([1], to: "gap/2.npy")
        #expect(error("gap")?.found == "2 files and no 1.npy")
        try write([1], to: "late/2.npy")
        #expect(error("late")?.found == "1 files and no 1.npy")
        try write([1], to: "text/0.npy")
        try write([1], to: "text/mean.npy")
        #expect(error("text")?.found == "mean.npy")
        try write([1], to: "twice/0.npy")
        try write([1], to: "twice/00.npy")
        #expect(error("twice")?.code == .duplicateName)
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent("empty"), withIntermediateDirectories: true)
        #expect(error("empty")?.code == .emptyClip)
        try write([1], to: "uneven/0.npy")
        try write([1, 2], to: "uneven/1.npy")
        #expect(error("uneven")?.code == .featureCountMismatch)
        #expect(error("uneven")?.place.hasSuffix("uneven/1.npy") == true)
        #expect(error("none")?.code == .missingFile)
    }

    @Test("A data set may be folders of frames in folders of classes")
    func dataset() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        for (sequence, label) in [("0", "hello"), ("1", "hello"), ("0", "thanks")] {
            for frame in 0..<3 { try write([Float(frame)], to: "\(label)/\(sequence)/\(frame).npy") }
        }
        try write([1, 2], to: "thanks/whole.npy", shape: "(2, 1)")
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent("thanks/pictures"), withIntermediateDirectories: true)
        let entries = try EvaluationDataset(path: root.path).entries
        #expect(entries.map(\.name) == ["hello/0", "hello/1", "thanks/0", "thanks/whole.npy"])
        #expect(entries.map(\.label) == ["hello", "hello", "thanks", "thanks"])
        #expect(try entries.map { try ClipFile(path: $0.path).clips[0].frameCount } == [3, 3, 3, 2])
    }
}
