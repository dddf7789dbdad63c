import Dispatch
import EmotionFormerEngine
import EmotionFormerKernels

/// The processor's peak of float32 multiplications and additions, measured between the predictions, under the same
/// conditions.
final class BenchmarkPeak {
    private let kernels: KernelSet
    private let threads: Int
    /// Rounds of one sample; a sample takes about half a millisecond.
    private var rounds = 4096
    /// GFLOP/s of all threads together.
    private(set) var samples: [Double] = []
    private var spent = 0.0

    /// - Parameter instructionSet: the instruction set of the plan. For the portable one, whose BLAS chooses its own,
    ///   the best of the machine is measured.
    init(_ instructionSet: InstructionSet, threads: Int) {
        let level = instructionSet == .portable ? InstructionSet.available.last ?? .portable : instructionSet
        kernels = .kernels(for: level)
        self.threads = threads
        while timed() < 0.5, rounds < 1 << 30 { rounds *= 2 }
        samples.removeAll()
    }

    /// Takes a sample, unless samples already took a tenth of the time.
    func sample(after milliseconds: Double) {
        if samples.count < 3 || spent < 0.1 * milliseconds { spent += timed() }
    }

    var gigaFLOPsPerSecond: Double { Quantiles(samples).median }

    /// Milliseconds of one sample.
    private func timed() -> Double {
        let results = UnsafeMutablePointer<Float>.allocate(capacity: threads * 16)
        let operations = UnsafeMutablePointer<Int>.allocate(capacity: threads)
        defer {
            results.deallocate()
            operations.deallocate()
        }
        let (peak, rounds) = (kernels.multiplyAddPeak, rounds)
        // Each iteration writes to its own cache line.
        nonisolated(unsafe) let sums = results
        nonisolated(unsafe) let counts = operations
        let start = ContinuousClock.now
        if threads == 1 {
            counts[0] = peak(rounds, 0.5, 0.25, sums)
        } else {
            DispatchQueue.concurrentPerform(iterations: threads) {
                counts[$0] = peak(rounds, 0.5, 0.25, sums + $0 * 16)
            }
        }
        let milliseconds = (ContinuousClock.now - start).milliseconds
        let total = (0..<threads).map { operations[$0] }.reduce(0, +)
        samples.append(Double(total) * 1e-6 / max(milliseconds, 1e-6))
        return milliseconds
    }
}
