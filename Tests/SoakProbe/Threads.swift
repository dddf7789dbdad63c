import EmotionFormer
import Foundation

/// Threads that predict on one model at once.
enum Threads {
    static let threadCount = 8

    static func run(_ load: Load, part: Part, threadsEach: Int, full: Int) throws -> Result {
        let count = load.count(full)
        let clips = try Clips(count: 61, for: EmotionModel(path: load.smallModel))
        let model = try EmotionModel(path: load.smallModel, options: .init(threads: threadsEach))
        let watch = Watch(total: threadCount * count)
        try onThreads(threadCount) { thread in
            var prediction = Prediction()
            for round in 0..<count {
                let index = (round * 7 + thread * 13) % clips.clips.count
                if round % 2 == 0 {
                    try model.predict(clips.clips[index], into: &prediction)
                } else {
                    prediction = try model.predict(clips.clips[index])
                }
                watch.step(isEqual: prediction.isIdentical(to: clips.expected[index]))
            }
        }
        return watch.result(
            part, "\(threadCount) threads × \(count) on one model, \(threadsEach) thread(s) a prediction",
            "predictions")
    }

    /// Runs the body on so many threads of its own, and returns when all are done.
    static func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let finished = DispatchSemaphore(value: 0)
        let failures = Failures()
        for index in 0..<count {
            let thread = Thread {
                do { try body(index) } catch { failures.add(error) }
                finished.signal()
            }
            thread.start()
        }
        for _ in 0..<count { finished.wait() }
        if let failure = failures.first { throw failure }
    }
}
