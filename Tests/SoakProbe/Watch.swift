import Foundation
import Synchronization

/// Counts what is done and what differs, and reads the process's memory as the work goes on.
final class Watch: Sendable {
    /// Resident memory when a share of the work was done.
    struct Sample: Sendable {
        let done: Double
        let bytes: Int
    }

    private static let sampleCount = 200

    let total: Int
    private let done = Atomic<Int>(0)
    private let differences = Atomic<Int>(0)
    private let samples = Mutex<[Sample]>([])
    private let start = ContinuousClock.now

    init(total: Int) {
        self.total = total
        samples.withLock { $0.reserveCapacity(Watch.sampleCount + 1) }
    }

    /// Counts one step, and reads the memory after every 200th of all.
    func step(isEqual: Bool) {
        if !isEqual { differences.add(1, ordering: .relaxed) }
        let now = done.add(1, ordering: .relaxed).newValue
        guard now * Watch.sampleCount / total > (now - 1) * Watch.sampleCount / total else { return }
        let sample = Sample(done: Double(now) / Double(total), bytes: ResidentMemory.byteCount())
        samples.withLock { $0.append(sample) }
    }

    func result(_ part: Part, _ work: String, _ unit: String) -> Result {
        let elapsed = ContinuousClock.now - start
        return Result(
            part: part, work: work, unit: unit, count: done.load(ordering: .relaxed),
            differences: differences.load(ordering: .relaxed),
            seconds: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18,
            samples: samples.withLock { $0 }.sorted { $0.done < $1.done })
    }
}

/// Memory that the process has in the machine's own.
enum ResidentMemory {
    /// 0 where the system does not tell.
    static func byteCount() -> Int {
        #if os(Linux)
            // The sum over all pages: the figure in `statm` may be some hundred kilobytes off.
            guard let file = fopen("/proc/self/smaps_rollup", "r") else { return 0 }
            defer { fclose(file) }
            var kilobytes = 0
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { line in
                while fgets(line.baseAddress!, 256, file) != nil {
                    if strncmp(line.baseAddress!, "Rss:", 4) == 0 {
                        kilobytes = Int(atol(line.baseAddress! + 4))
                        break
                    }
                }
                return kilobytes * 1024
            }
        #else
            return 0
        #endif
    }
}
