import EmotionFormer
import Foundation

/// Batches of a random number of clips, half of which are cancelled at a random moment.
enum Batches {
    static func run(_ load: Load) async throws -> Result {
        let count = load.count(5000)
        let model = try EmotionModel(path: load.smallModel)
        let clips = try Clips(count: 200, for: model)
        let watch = Watch(total: count)
        var random = Random(state: 3)
        var (complete, cancelled) = (0, 0)
        for _ in 0..<count {
            let size = 1 + random.integer(below: clips.clips.count)
            let concurrency = 1 + random.integer(below: 8)
            let batch = Array(clips.clips.prefix(size))
            let task = Task { try await model.predict(batch, concurrency: concurrency) }
            if random.integer(below: 2) == 0 {
                try await Task.sleep(nanoseconds: UInt64(random.integer(below: 500_000)))
                task.cancel()
            }
            do {
                let found = try await task.value
                complete += 1
                watch.step(
                    isEqual: found.count == size && zip(found, clips.expected).allSatisfy { $0.isIdentical(to: $1) })
            } catch let error as EmotionFormerError where error.code == .cancelled {
                cancelled += 1
                watch.step(isEqual: true)
            }
        }
        // A run in which nothing was cancelled, or everything, proves nothing.
        if complete == 0 || cancelled == 0 { watch.step(isEqual: false) }
        return watch.result(
            .batches, "1 to 200 clips each, \(complete) complete, \(cancelled) cancelled half-way", "batches")
    }
}
