import EmotionFormerTestSupport
import Foundation
import Testing

@testable import EmotionFormer

@Suite("Attention on request")
struct AttentionTests {
    private static let tolerance: Float = 2e-6
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let folder = tests.appendingPathComponent("Fixtures/attention")
    private static let frames = 9
    private static let heads = [2, 3]

    /// The clip, and by layer what Keras's `return_attention_scores` gives for it.
    private static func golden(_ name: String) throws -> (clip: LandmarkClip, scores: [[Float]]) {
        let arrays = try ConcatenatedArrays.read(folder.appendingPathComponent("\(name).npys").path)
            .map { ConcatenatedArrays.floats($0) }
        let clip = try LandmarkClip(features: arrays[0], frameCount: frames, featureCount: arrays[0].count / frames)
        return (clip, Array(arrays.dropFirst()))
    }

    private static func distance(_ first: [Float], _ second: [Float]) -> Float {
        first.count == second.count ? zip(first, second).map { abs($0 - $1) }.max() ?? 0 : .infinity
    }

    @Test(
        "Every layer's and head's weights are Keras's, from a Keras package and from a TensorFlow Lite file",
        arguments: [
            ("blocks", "package", tolerance), ("blocks", "tflite", tolerance), ("bilstm", "package", tolerance),
            ("bilstm", "tflite", tolerance), ("masked", "package", tolerance), ("masked", "tflite", tolerance),
            // Weights rounded to 11 bits.
            ("blocks", "float16", 0.01),
        ], EmotionModel.InstructionSet.available)
    func keras(model: (name: String, form: String, tolerance: Float), level: EmotionModel.InstructionSet) throws {
        let (clip, scores) = try Self.golden(model.name)
        let file =
            switch model.form {
            case "package": "\(model.name).package"
            case "tflite": "\(model.name)_float32.tflite"
            default: "\(model.name)_\(model.form).tflite"
            }
        let loaded = try EmotionModel(
            path: Self.folder.appendingPathComponent(file).path, options: .init(instructionSet: level))
        let before = try loaded.predict(clip)
        let maps = try loaded.attention(of: clip)
        #expect(maps.map(\.headCount) == Self.heads)
        #expect(Set(maps.map(\.name)).count == maps.count)
        for (map, expected) in zip(maps, scores) {
            #expect(map.queryCount == Self.frames && map.keyCount == Self.frames)
            #expect(Self.distance(map.weights, expected) <= model.tolerance, "\(map.name)")
            #expect(map.keyFrames == (0..<Self.frames).map { $0...$0 })
            // The negative control: with two heads swapped, nothing agrees.
            let size = Self.frames * Self.frames
            let swapped = expected[size..<2 * size] + expected[..<size] + expected[(2 * size)...]
            #expect(Self.distance(map.weights, Array(swapped)) > 10 * model.tolerance)
        }
        #expect(try loaded.predict(clip) == before)
    }

    @Test("What a head gives its keys is the mean over queries, and sums to 1")
    func received() throws {
        let map = AttentionMap(
            name: "a", headCount: 2, queryCount: 2, keyCount: 3, weights: [1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.25, 0.25])
        #expect(map.received(head: 0) == [0.5, 0.5, 0])
        #expect(map.received(head: 1) == [0.25, 0.125, 0.625])
        #expect(map.received() == [0.375, 0.3125, 0.3125])
        #expect(map[head: 1, query: 1, key: 0] == 0.5)
        #expect(map[head: 2, query: 0, key: 0] == nil)
        #expect(map[head: 0, query: 0, key: 3] == nil)
        #expect(map.received(head: 2).isEmpty)
        let padded = AttentionMap(
            name: "a", headCount: 1, queryCount: 2, keyCount: 2, weights: [1, 0, 0, 1], queryFrames: [0...0, nil],
            keyFrames: [0...0, nil])
        #expect(padded.received() == [1, 0])
    }

    @Test("Rows say which frame of the clip they are: dropped frames are left out, padding is not a frame")
    func frames() throws {
        let model = try EmotionModel(path: Self.folder.appendingPathComponent("blocks.package").path)
        var values = [Float](repeating: 0.5, count: 4 * 5)
        for index in 5..<10 { values[index] = .nan }
        let clip = try LandmarkClip(features: values, frameCount: 4, featureCount: 5)
        let map = try #require(try model.attention(of: clip).first)
        #expect(map.keyFrames == [0...0, 2...2, 3...3, nil, nil, nil, nil, nil, nil])
        #expect(map.queryFrames == map.keyFrames)
    }

    @Test("Behind pooling a row stands for several frames; rows that are not groups of frames stand for none")
    func pooledRows() {
        let places: [Int?] = [0, 1, 3, 4, 5, nil, nil, nil, nil, nil]
        #expect(EmotionModel.shortened(places, to: 5) == [0...1, 3...4, 5...5, nil, nil])
        // Three groups of three, and one row that pooling leaves out; or a fourth group.
        #expect(EmotionModel.shortened(places, to: 3) == [0...3, 4...5, nil])
        #expect(EmotionModel.shortened(places, to: 4) == [0...3, 4...5, nil, nil])
        #expect(EmotionModel.shortened(places, to: 6).isEmpty)
        #expect(EmotionModel.shortened(places, to: 11).isEmpty)
        #expect(EmotionModel.shortened(places, to: 1) == [0...5])
    }

    @Test("A model without attention gives no map; a clip for another model is an error")
    func withoutAttention() throws {
        let model = try EmotionModel(SmallModel.package())
        let clip = try LandmarkClip(features: [1, 2], frameCount: 1, featureCount: 2)
        #expect(try model.attention(of: clip).isEmpty)
        #expect(
            refusal {
                try model.attention(of: LandmarkClip(features: [1, 2, 3], frameCount: 1, featureCount: 3))
            } == "the clip does not have as many features a frame as the model (found 3, expected 2)")
    }

    @Test("Attention that stays as a dynamic-range file has it is found too")
    func lowered() throws {
        let folder = Self.tests.appendingPathComponent("Fixtures/tflite")
        let maps = try ["float32", "int8"].map { form in
            let model = try EmotionModel(path: folder.appendingPathComponent("k2_bilstm_\(form).tflite").path)
            let clip = try LandmarkClip(
                features: (0..<model.input.frames * model.input.features).map { Float($0 * 7 % 11) / 5 - 1 },
                frameCount: model.input.frames, featureCount: model.input.features)
            return try model.attention(of: clip)
        }
        #expect(!maps[0].isEmpty)
        #expect(maps[0].map(\.headCount) == maps[1].map(\.headCount))
        for (float, int8) in zip(maps[0], maps[1]) {
            // Quantized products: near, not equal. The bound notices a head or a query in another's place.
            #expect(Self.distance(float.weights, int8.weights) < 0.001)
            #expect(Self.distance(float.weights, Self.headsTurned(int8)) > 0.01)
            #expect(Self.distance(float.weights, Self.queriesTurned(int8)) > 0.01)
        }
    }

    /// Each head's weights in the place of the head before.
    private static func headsTurned(_ map: AttentionMap) -> [Float] {
        turned(map.weights, by: map.queryCount * map.keyCount)
    }

    /// Each query's weights in the place of the query before.
    private static func queriesTurned(_ map: AttentionMap) -> [Float] { turned(map.weights, by: map.keyCount) }

    private static func turned(_ values: [Float], by count: Int) -> [Float] {
        Array(values[count...] + values[..<count])
    }

    @Test("Of more lengths than plans are kept, the one not used for the longest time goes")
    func keptPlans() throws {
        let plans = try EmotionModel(SmallModel.package(padding: .init(side: .none), hasOpenTime: true)).attentionPlans
        let first = try plans.entry(rows: 1).plan
        let second = try plans.entry(rows: 2).plan
        for rows in [3, 4, 1, 5] { _ = try plans.entry(rows: rows) }
        #expect(try plans.entry(rows: 1).plan === first)
        #expect(try plans.entry(rows: 2).plan !== second)
    }

    @Test("A model file that changed after loading is not mistaken for the loaded one")
    func changedFile() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("attention-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(at: Self.folder.appendingPathComponent("blocks.package"), to: folder)
        let model = try EmotionModel(path: folder.path)
        try FileManager.default.removeItem(at: folder)
        try FileManager.default.copyItem(at: Self.folder.appendingPathComponent("masked.package"), to: folder)
        let error = #expect(throws: EmotionFormerError.self) {
            try model.attention(of: Self.golden("blocks").clip)
        }
        #expect(error?.code == .checksumMismatch)
    }
}
