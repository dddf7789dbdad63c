import Benchmark
import EmotionFormer

let benchmarks: @Sendable () -> Void = {
    Models.check()
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal], timeUnits: .microseconds, warmupIterations: 3, maxDuration: .seconds(1),
        maxIterations: 10_000)
    for frames in Models.frameCounts { predict("float32-\(frames)", threads: 1, frames: frames) }
    predict("float32-300", threads: 2, frames: 300)
    predict("int8-300", threads: 1, frames: 300)
    predict("int8-300", threads: 2, frames: 300)
    for precision in ["float32", "int8"] { predictBatch("\(precision)-300", clips: 32) }
    for precision in ["float32", "int8"] { load("\(precision)-300") }
    for hop in [1, 10, 30] { stream("float32-300", hop: hop) }
}

/// One clip, from the values of its frames to probabilities.
private func predict(_ name: String, threads: Int, frames: Int) {
    Benchmark(
        "Predict \(name), \(threads) thread\(threads == 1 ? "" : "s")",
        closure: { (benchmark, state: (model: EmotionModel, clip: LandmarkClip)) throws in
            for _ in benchmark.scaledIterations { blackHole(try state.model.predict(state.clip)) }
        },
        setup: { (model: try Models.load(name, threads: threads), clip: try Models.clip(frames: frames)) })
}

/// Clips over all cores.
private func predictBatch(_ name: String, clips count: Int) {
    Benchmark(
        "Predict \(name), batch of \(count)",
        closure: { (benchmark, state: (model: EmotionModel, clips: [LandmarkClip])) async throws in
            for _ in benchmark.scaledIterations {
                let predictions = try await withTaskExecutorPreference(QueueExecutor.shared) {
                    try await state.model.predict(state.clips)
                }
                blackHole(predictions)
            }
        },
        setup: {
            (
                model: try Models.load(name),
                clips: try (0..<count).map { try Models.clip(frames: 300, seed: UInt64($0)) }
            )
        })
}

/// From a package's files to a model that is ready.
private func load(_ name: String) {
    Benchmark("Load \(name)") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try Models.load(name)) }
    }
}

/// From one prediction of a stream to the next, the frames between them included.
private func stream(_ name: String, hop: Int) {
    Benchmark(
        "Stream \(name), hop \(hop)",
        closure: { (benchmark, state: StreamState) throws in
            for _ in benchmark.scaledIterations { blackHole(try state.step()) }
        },
        setup: { try StreamState(Models.load(name), hop: hop) })
}
