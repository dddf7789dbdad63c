import EmotionFormer
import Foundation
import Testing

@Suite("TensorFlow Lite files through the public module, against LiteRT's outputs")
struct InterpreterLiteRTTests {
    /// Probabilities of the float forms; `Tests/Fixtures/tflite` says how the outputs were made.
    private static let tolerance: Float = 2e-6

    @Test(
        "The interpreter's outputs are LiteRT's",
        arguments: ["bilstm", "convolution", "masked", "prenorm_gelu"], ["float32", "float16"])
    func outputs(model: String, form: String) throws {
        let name = "k2_\(model)_\(form)"
        let arrays = try ConcatenatedArrays.read(Self.path("\(name).npys"))
        let interpreter = try Interpreter(modelPath: Self.path("\(name).tflite"))
        try interpreter.allocateTensors()
        // An input, what the reference kernels make of it, and what the default ones do.
        #expect(arrays.count == 9)
        for run in stride(from: 0, to: arrays.count - 2, by: 3) {
            // Each of LiteRT's runs began so, too.
            try interpreter.resetVariableTensors()
            try interpreter.copy(arrays[run], toInputAt: 0)
            try interpreter.invoke()
            let found = try #require(try interpreter.output(at: 0).floats)
            let expected = ConcatenatedArrays.floats(arrays[run + 2])
            #expect(found.count == expected.count)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= Self.tolerance }, "run \(run / 3)")
            // The negative control: another run's outputs are no match.
            let other = ConcatenatedArrays.floats(arrays[(run + 5) % arrays.count])
            #expect(!zip(found, other).allSatisfy { abs($0 - $1) <= Self.tolerance })
        }
    }

    @Test("A TensorFlow Lite file is a model, with classes by number and logits where it has a softmax")
    func model() throws {
        let name = "k2_masked_float32"
        let arrays = try ConcatenatedArrays.read(Self.path("\(name).npys"))
        let model = try EmotionModel(path: Self.path("\(name).tflite"))
        let clip = try LandmarkClip(
            features: ConcatenatedArrays.floats(arrays[0]), frameCount: model.input.frames,
            featureCount: model.input.features)
        let prediction = try model.predict(clip)
        let expected = ConcatenatedArrays.floats(arrays[2])
        #expect(zip(prediction.probabilities, expected).allSatisfy { abs($0 - $1) <= Self.tolerance })
        #expect(prediction.labels == expected.indices.map { "class\($0)" })
        #expect(prediction.logits?.count == expected.count)
    }

    private static func path(_ name: String) -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return folder.appendingPathComponent("Fixtures/tflite/\(name)").path
    }
}

/// Files that are one `npy` array after another.
enum ConcatenatedArrays {
    /// Each array's elements as bytes; all of them are little-endian float32.
    static func read(_ path: String) throws -> [Data] {
        var rest = try Data(contentsOf: URL(fileURLWithPath: path))[...]
        var arrays: [Data] = []
        while !rest.isEmpty {
            let length = Int(rest[rest.startIndex + 8]) + Int(rest[rest.startIndex + 9]) << 8
            let header = String(decoding: rest.dropFirst(10).prefix(length), as: UTF8.self)
            let extents = header.split(separator: "(").last?.split(separator: ")").first?
                .split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
            let count = try #require(extents).reduce(4, *)
            rest = rest.dropFirst(10 + length)
            arrays.append(Data(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return arrays
    }

    static func floats(_ data: Data) -> [Float] {
        [UInt8](data).withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
    }
}
