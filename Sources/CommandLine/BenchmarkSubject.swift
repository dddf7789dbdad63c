import Dispatch
import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine
import Synchronization

/// The subject of a measurement: a model's plan with prepared input, and one session for each thread.
///
/// Preparing a clip (normalization, padding) is not measured, as in the benchmark tools of other runtimes.
final class BenchmarkSubject {
    /// The model's name.
    let name: String
    let plan: Plan
    let threads: Int
    let batch: Int
    let frames: Int
    private let sessions: [Session]
    private let inputs: [Tensor]

    /// - Parameter frames: of a clip; 1 for a model of other inputs.
    init(_ plan: Plan, name: String, frames: Int, threads: Int, batch: Int) {
        self.name = name
        self.threads = threads
        self.batch = batch
        self.frames = frames
        self.plan = plan
        // Clips of a model with variables follow each other in one session.
        let isSequence = !plan.variables.isEmpty
        sessions = (0..<(batch > 1 && !isSequence ? min(threads, batch) : 1)).map { _ in Session(plan) }
        var random = RandomInputs()
        inputs = plan.inputTypes.map { random.tensor(ModelTensor.ElementType($0.elementType), $0.shape) }
    }

    /// Predicts all clips of the batch once.
    func runOnce() throws {
        if sessions.count == 1 {
            for _ in 0..<batch { try BenchmarkSubject.run(sessions[0], inputs) }
            return
        }
        let next = Atomic<Int>(0)
        let failure = Lock<Fault?>(nil)
        // Each session is used by one iteration only.
        nonisolated(unsafe) let sessions = sessions
        let (batch, inputs) = (batch, inputs)
        DispatchQueue.concurrentPerform(iterations: sessions.count) { worker in
            while next.add(1, ordering: .relaxed).oldValue < batch {
                do throws(Fault) {
                    try BenchmarkSubject.run(sessions[worker], inputs)
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private static func run(_ session: Session, _ inputs: [Tensor]) throws(Fault) {
        for (index, input) in inputs.enumerated() {
            input.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        try session.run()
    }

    /// Milliseconds of each batch, for at least `seconds` and at least five batches. The processor's peak is measured
    /// in between.
    func measure(seconds: Double, _ peak: BenchmarkPeak) throws -> [Double] {
        for _ in 0..<3 { try runOnce() }
        var samples: [Double] = []
        let start = ContinuousClock.now
        while samples.count < 5 || ContinuousClock.now - start < .seconds(seconds) {
            samples.append(try timedRun())
            peak.sample(after: (ContinuousClock.now - start).milliseconds)
        }
        return samples
    }

    /// Milliseconds of one batch.
    func timedRun() throws -> Double {
        let start = ContinuousClock.now
        try runOnce()
        return (ContinuousClock.now - start).milliseconds
    }

    /// The median milliseconds of every step, on one thread.
    func profile(seconds: Double) throws -> [(step: Plan.StepSummary, milliseconds: Double)] {
        try runOnce()
        var samples: [[Double]] = plan.steps.map { _ in [] }
        let start = ContinuousClock.now
        repeat {
            for (index, milliseconds) in timedSteps().enumerated() { samples[index].append(milliseconds) }
        } while ContinuousClock.now - start < .seconds(seconds)
        return zip(plan.steps, samples).map { ($0, Quantiles($1).median) }
    }

    /// Milliseconds of every step of one prediction, on one thread.
    func timedSteps() -> [Double] { sessions[0].runTimingSteps().map(\.milliseconds) }

    /// Floating-point operations of the matrix products for one clip; others are not counted.
    var floatingPointOperations: Int { plan.steps.map(\.floatingPointOperations).reduce(0, +) }
}

/// A random number generator with a fixed seed, so that every run measures the same input.
struct SplitMix {
    var state: UInt64

    /// A number in −1 ..< 1.
    mutating func next() -> Float {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Float(Int64(bitPattern: z ^ (z >> 31)) >> 40) * 0x1p-23
    }
}

/// Order statistics of some samples, by the nearest rank.
struct Quantiles {
    private let sorted: [Double]

    init(_ samples: [Double]) { sorted = samples.sorted() }

    subscript(fraction: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(Int(fraction * Double(sorted.count)), sorted.count - 1)]
    }

    var minimum: Double { sorted.first ?? .nan }
    var median: Double { self[0.5] }
}

extension Duration {
    var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15 }
}
