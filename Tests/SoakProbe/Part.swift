/// The kinds of load, in the order in which they run.
enum Part: String, CaseIterable {
    /// Processes that are forked off while the worker pool is busy, and predict with several threads themselves.
    case forks
    /// Eight threads on one model.
    case threads
    /// Eight threads on one model that asks for two threads a prediction: one pool of workers for all.
    case workers
    /// Models loaded, used and dropped in turn.
    case models
    /// Batches of many clips, half of them cancelled at a random moment.
    case batches
    /// Streams of frames, one at a time and as sequences.
    case streams

    func run(_ load: Load) async throws -> Result {
        switch self {
        case .forks: try Forks.run(load)
        case .threads: try Threads.run(load, part: .threads, threadsEach: 1, full: 100_000)
        case .workers: try Threads.run(load, part: .workers, threadsEach: 2, full: 10_000)
        case .models: try Models.run(load)
        case .batches: try await Batches.run(load)
        case .streams: try await Streams.run(load)
        }
    }
}
