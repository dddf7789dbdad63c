import Dispatch
import EmotionFormerCore

/// Runs asynchronous work from a synchronous command. An asynchronous `main` would start an executor, which costs
/// threads and memory before the first file is read.
enum Blocking {
    private final class Outcome<Value: Sendable>: Sendable {
        let result = Lock<Result<Value, any Error>?>(nil)
        let isKnown = DispatchSemaphore(value: 0)
    }

    /// Blocks the calling thread until the work is done. It must not be a thread of Swift concurrency.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let outcome = Outcome<Value>()
        Task.detached {
            let result: Result<Value, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            outcome.result.withLock { $0 = result }
            outcome.isKnown.signal()
        }
        outcome.isKnown.wait()
        guard let result = outcome.result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}
