import EmotionFormer
import Foundation
import Testing

@Suite("Cancelling")
struct CancellationTests {
    @Test("A cancelled batch stops within one clip", .timeLimit(.minutes(1)), arguments: [1, 3])
    func batch(concurrency: Int) async throws {
        let model = try EmotionModel(SmallModel.package())
        let good = try LandmarkClip(features: [1, 2, 3, 4], frameCount: 2, featureCount: 2)
        let bad = try LandmarkClip(features: [1, 2, 3], frameCount: 1, featureCount: 3)
        // Whoever goes on meets the clip that fails; all before it take many seconds.
        let clips = [LandmarkClip](repeating: good, count: 300_000) + [bad]
        let task = Task { try await model.predict(clips, concurrency: concurrency) }
        try await Task.sleep(nanoseconds: 20_000_000)
        task.cancel()
        let error = await #expect(throws: EmotionFormerError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        // The negative control: not cancelled, the last clip's error is met.
        let last = await #expect(throws: EmotionFormerError.self) {
            try await model.predict(Array(clips.suffix(100)), concurrency: concurrency)
        }
        #expect(last?.code == .featureCountMismatch)
    }

    @Test("A cancelled reader of a stream gets an error, not the last window of a source that gave up")
    func sequence() async throws {
        let model = try EmotionModel(StreamModel.positions.package())
        let frame = try LandmarkFrame(features: [Float](repeating: 0.5, count: StreamModel.features))
        let stream = try EmotionStream(model, options: .init(window: 2, hop: 2))
        let (waiting, isWaiting) = AsyncStream.makeStream(of: Void.self)
        // A camera that stops after three frames and ends, as sequences do, when its reader is cancelled.
        let camera = Camera(frame: frame, count: 3) { isWaiting.yield() }
        let reader = Task {
            var iterator = stream.predictions(of: camera).makeAsyncIterator()
            var count = 0
            do {
                while try await iterator.next() != nil { count += 1 }
                return (count: count, error: nil as EmotionFormerError?, isOver: true)
            } catch {
                return (count, error as? EmotionFormerError, try await iterator.next() == nil)
            }
        }
        for await _ in waiting { break }
        reader.cancel()
        let found = try await reader.value
        #expect(found.count == 1)
        #expect(found.error?.code == .cancelled)
        #expect(found.isOver)
    }

    @Test("Without a cancellation the rest of a source that ends is predicted")
    func sequenceThatEnds() async throws {
        let model = try EmotionModel(StreamModel.positions.package())
        let frame = try LandmarkFrame(features: [Float](repeating: 0.5, count: StreamModel.features))
        let stream = try EmotionStream(model, options: .init(window: 2, hop: 2))
        var frames: [Range<Int>] = []
        for try await found in stream.predictions(of: Camera(frame: frame, count: 3, atEnd: nil)) {
            frames.append(found.frames)
        }
        #expect(frames == [0..<2, 1..<3])
    }
}

/// Gives some frames, then waits until its reader is cancelled, and ends.
private struct Camera: AsyncSequence, Sendable {
    typealias Element = LandmarkFrame

    let frame: LandmarkFrame
    let count: Int
    /// Called when there are no more frames; nil to end at once.
    let atEnd: (@Sendable () -> Void)?

    struct AsyncIterator: AsyncIteratorProtocol {
        let camera: Camera
        var taken = 0

        mutating func next() async -> LandmarkFrame? {
            taken += 1
            if taken <= camera.count { return camera.frame }
            guard let atEnd = camera.atEnd else { return nil }
            atEnd()
            while !Task.isCancelled { try? await Task.sleep(nanoseconds: 1_000_000) }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(camera: self) }
}
