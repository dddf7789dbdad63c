import EmotionFormer
import Foundation

/// Four streams of frames at once: two take frame after frame, two are sequences.
enum Streams {
    private static let hop = 5
    /// Frames come again after so many, so that there are as many windows.
    private static let period = 53

    static func run(_ load: Load) async throws -> Result {
        let model = try EmotionModel(path: load.smallModel)
        let frames = try frames(for: model)
        let windows = try windows(of: frames, model)
        // Kernels that BLAS provides round a split product in other ways.
        let isExact = EmotionModel.InstructionSet.available != [.portable]
        let count = load.count(250_000)
        let watch = Watch(total: 4 * (count / hop))
        let check: @Sendable (StreamPrediction) -> Void = { found in
            let expected = windows[found.frames.upperBound % period]
            let isEqual =
                isExact
                ? found.window.isIdentical(to: expected)
                : zip(found.probabilities, expected.probabilities).allSatisfy { abs($0 - $1) <= 2e-6 }
            watch.step(isEqual: isEqual && found.probabilities == found.window.probabilities)
        }
        let options = EmotionStream.Options(hop: hop)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    var stream = try EmotionStream(model, options: options)
                    if number < 2 {
                        for index in 0..<count {
                            if let found = try stream.append(frames[index % period]) { check(found) }
                        }
                    } else {
                        let source = Frames(frames: frames, count: count)
                        for try await found in stream.predictions(of: source) { check(found) }
                    }
                }
            }
            try await group.waitForAll()
        }
        return watch.result(
            .streams, "4 streams × \(count) frames, a window of \(model.input.frames) every \(hop)", "windows")
    }

    private static func frames(for model: EmotionModel) throws -> [LandmarkFrame] {
        var random = Random(state: 29)
        return try (0..<period).map { index in
            let values = (0..<model.input.features).map { _ in random.float() }
            return index % 17 == 5 ? try LandmarkFrame(withoutFaceAt: nil) : try LandmarkFrame(features: values)
        }
    }

    /// By the frame after its last, what a window's clip gives on one thread.
    private static func windows(of frames: [LandmarkFrame], _ model: EmotionModel) throws -> [Prediction] {
        var random = Random(state: 29)
        let rows = (0..<period).map { index in
            let values = (0..<model.input.features).map { _ in random.float() }
            return index % 17 == 5 ? [Float](repeating: .nan, count: values.count) : values
        }
        return try (0..<period).map { end in
            let window = (end - model.input.frames..<end).flatMap { rows[($0 + period) % period] }
            return try model.predict(
                LandmarkClip(
                    features: window, frameCount: model.input.frames, featureCount: model.input.features))
        }
    }

    private struct Frames: AsyncSequence, Sendable {
        typealias Element = LandmarkFrame

        let frames: [LandmarkFrame]
        let count: Int

        struct AsyncIterator: AsyncIteratorProtocol {
            let source: Frames
            var next = 0

            mutating func next() async -> LandmarkFrame? {
                guard next < source.count else { return nil }
                defer { next += 1 }
                return source.frames[next % source.frames.count]
            }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: self) }
    }
}
