import Dispatch
import EmotionFormerTensors

/// Asynchronous work for commands, which run on the main thread without an executor: a program that starts one pays with
/// threads and memory before it has read its first file.
enum Blocking {
    private final class Outcome<Value: Sendable>: Sendable {
        let result = Lock<Result<Value, any Error>?>(nil)
        let isKnown = DispatchSemaphore(value: 0)
    }

    /// Waits on the calling thread, which must not be one of Swift concurrency's own, until the work is done.
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
