import EmotionFormer
import Foundation

/// The models that `Benchmarks/make-models` makes, and clips to run them on.
enum Models {
    static let frameCounts = [30, 75, 150, 300, 600, 1200]

    /// `Benchmarks/models`, or the folder that the environment names.
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["EMOTIONFORMER_BENCHMARK_MODELS"] {
            return URL(fileURLWithPath: path, isDirectory: true)
        }
        // Benchmarks/Benchmarks/EmotionFormer/Models.swift
        let package = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        return package.appendingPathComponent("models", isDirectory: true)
    }()

    static func url(_ name: String) -> URL { folder.appendingPathComponent(name, isDirectory: true) }

    /// Ends the program with what to do if a model is not there.
    static func check() {
        let names = frameCounts.map { "float32-\($0)" } + ["int8-300"]
        let missing = names.filter {
            !FileManager.default.fileExists(atPath: url($0).appendingPathComponent("manifest.json").path)
        }
        guard !missing.isEmpty else { return }
        let text =
            "benchmarks: \(folder.path) lacks the models \(missing.joined(separator: ", ")): run Benchmarks/make-models\n"
        FileHandle.standardError.write(Data(text.utf8))
        exit(1)
    }

    static func load(_ name: String, threads: Int = 1) throws -> EmotionModel {
        try EmotionModel(contentsOf: url(name), options: .init(threads: threads))
    }

    /// A clip of numbers that are always the same, for a model of 478 features.
    static func clip(frames: Int, seed: UInt64 = 1) throws -> LandmarkClip {
        var state = seed
        let values = (0..<frames * 478).map { _ -> Float in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) * 0x1p-24
        }
        return try LandmarkClip(features: values, frameCount: frames, featureCount: 478)
    }
}

/// A stream between two steps of a measurement.
final class StreamState {
    private var stream: EmotionStream
    private let frames: [LandmarkFrame]
    private var next = 0

    /// The window is full, and everything that is made once is made.
    init(_ model: EmotionModel, hop: Int) throws {
        stream = try EmotionStream(model, options: .init(hop: hop))
        frames = try Models.clip(frames: 2 * model.input.frames).frames()
        for _ in 0..<model.input.frames + hop { _ = try advance() }
    }

    private func advance() throws -> StreamPrediction? {
        defer { next = (next + 1) % frames.count }
        return try stream.append(frames[next])
    }

    /// Frames up to the next prediction, and the prediction.
    func step() throws -> StreamPrediction {
        while true { if let prediction = try advance() { return prediction } }
    }
}
