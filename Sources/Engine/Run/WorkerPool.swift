import EmotionFormerSystem
import Synchronization

/// The threads that help with predictions: one pool in a process, for one prediction at a time.
///
/// A prediction that finds the pool busy runs on its caller's thread only. Otherwise the caller offers work in pieces and
/// takes pieces itself until none is left. Workers take what they come in time for; for one that has taken nothing,
/// nobody waits. Workers look for work for a moment after the last piece, because more often follows at once; then they
/// sleep. A caller that waits for taken pieces sleeps after a moment too, so that the system may give its processor to
/// the thread that it waits for.
///
/// Memory of a job may be gone as soon as `run` returns, so only a thread that has taken a piece may touch it:
///
/// - A piece is taken by one exchange of the ticket for one with a piece less. It succeeds only while pieces of the
///   present offer are left, however long ago the worker looked: after an offer's end the ticket has none, and a ticket of
///   a later offer that looks the same is one to take from.
/// - `job`, `context` and `pieces` are read after the exchange, so they are those of the offer that the piece is of. They
///   do not change until it is finished: `run` returns only when `unfinished` is zero, and each piece that was taken is
///   counted there until its last access to the job.
/// - After a worker has counted its piece as finished, it touches memory of the pool alone, which is never freed.
/// - Whoever finishes the last piece and sees that the caller sleeps signals it, exactly once for one `wait`.
/// - A worker says that it falls asleep, then looks at the ticket again; a caller changes the ticket, then looks who
///   sleeps. All four are sequentially consistent, so one of them sees the other. Who turns `isAsleep` off, the caller
///   to signal or the worker to stay awake, decides whether there is a signal to wait for.
///
/// A fork does not copy the workers: the child starts its own.
///
/// `@unchecked Sendable`: `job`, `context` and `pieces` change as said above; `workers` and `workerCount` while the pool
/// is acquired.
final class WorkerPool: @unchecked Sendable {
    /// The function that computes a piece on a thread; the caller is thread 0.
    typealias Job = @convention(c) (_ context: UnsafeMutableRawPointer, _ thread: Int, _ piece: Int) -> Void

    static let shared = WorkerPool()

    private let isBusy = Atomic<Bool>(false)
    private let ticket = Atomic<UInt64>(0)
    /// Pieces of the offer that are not finished, and `callerSleeps`.
    private let unfinished = Atomic<Int>(0)
    private static let callerSleeps = 1 << 32
    private let allFinished = ThreadSemaphore()
    private var job: Job?
    private var context: UnsafeMutableRawPointer?
    private var pieces = 0
    private let workers: UnsafeMutablePointer<Worker>
    private var workerCount = 0
    /// The forks before this process that the pool knows of; -1 while it is made anew.
    private let knownForks: Atomic<Int>
    /// For tests: runs in a worker between looking at the ticket and taking a piece.
    private let beforeTaking: (@Sendable () -> Void)?

    /// - Parameter beforeTaking: see the property. Pools are never freed, because their workers never end.
    init(beforeTaking: (@Sendable () -> Void)? = nil) {
        self.beforeTaking = beforeTaking
        workers = .allocate(capacity: Ticket.mostHelpers)
        Forks.watch()
        knownForks = Atomic(Forks.count.load(ordering: .relaxed))
    }

    /// In a forked process, resets the pool: its workers exist in the parent only, and its state may be any.
    /// - Returns: whether the pool can be used; false while another thread resets it.
    private func isOfThisProcess() -> Bool {
        let forks = Forks.count.load(ordering: .relaxed)
        let known = knownForks.load(ordering: .acquiring)
        if known == forks { return true }
        guard known >= 0,
            knownForks.compareExchange(expected: known, desired: -1, ordering: .acquiring).exchanged
        else { return false }
        allFinished.reset()
        workerCount = 0
        // No piece of the parent's may be taken here.
        ticket.store(0, ordering: .relaxed)
        isBusy.store(false, ordering: .relaxed)
        knownForks.store(forks, ordering: .releasing)
        return true
    }

    /// Acquires the pool for `threads` threads, the caller included, and starts missing ones.
    /// - Returns: whether the pool was free and the threads exist. If so, call `run` any number of times, then `release`.
    func acquire(threads: Int) -> Bool {
        guard threads - 1 <= Ticket.mostHelpers, isOfThisProcess(),
            isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
        else { return false }
        while workerCount < threads - 1 {
            if !startWorker() {
                release()
                return false
            }
        }
        return true
    }

    func release() { isBusy.store(false, ordering: .releasing) }

    /// Runs all pieces of a job on at most `threads` threads, which take them in order. The pool must be acquired for
    /// them.
    /// - Parameter pieces: from 1 to `Ticket.mostPieces`.
    func run(pieces: Int, threads: Int, _ job: @escaping Job, _ context: UnsafeMutableRawPointer) {
        self.job = job
        self.context = context
        self.pieces = pieces
        unfinished.store(pieces, ordering: .relaxed)
        ticket.store(Ticket(pieces: pieces, helpers: threads - 1).word, ordering: .sequentiallyConsistent)
        for index in 0..<threads - 1 where workers[index].isAsleep.load(ordering: .sequentiallyConsistent) {
            if workers[index].isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
                workers[index].wake.signal()
            }
        }
        var finished = 0
        while true {
            let current = Ticket(word: ticket.load(ordering: .relaxed))
            guard current.left > 0 else { break }
            guard take(current) else { continue }
            job(context, 0, pieces - current.left)
            finished += 1
        }
        if unfinished.subtract(finished, ordering: .acquiringAndReleasing).newValue > 0 { waitForOthers() }
    }

    /// - Returns: whether the last piece of the ticket is the caller's.
    @inline(__always)
    private func take(_ current: Ticket) -> Bool {
        ticket.compareExchange(
            expected: current.word, desired: current.withoutOne.word, ordering: .acquiringAndReleasing
        ).exchanged
    }

    private func waitForOthers() {
        if Spin.wait(atMost: Spin.caller, until: { unfinished.load(ordering: .acquiring) == 0 }) { return }
        if unfinished.bitwiseOr(WorkerPool.callerSleeps, ordering: .acquiringAndReleasing).oldValue != 0 {
            allFinished.wait()
            // What was written for the last piece is seen from here on.
            _ = unfinished.load(ordering: .acquiring)
        }
    }

    private func startWorker() -> Bool {
        let worker = workers + workerCount
        worker.initialize(to: Worker())
        let start = Unmanaged.passRetained(WorkerStart(pool: self, index: workerCount))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        let status = pthread_create(&thread, &attributes, workerMain, start.toOpaque())
        guard status == 0 else {
            start.release()
            return false
        }
        workerCount += 1
        return true
    }

    fileprivate func work(_ index: Int) {
        let worker = workers + index
        while true {
            var current = Ticket(word: 0)
            let hasWork = Spin.wait(atMost: Spin.worker) {
                current = Ticket(word: ticket.load(ordering: .relaxed))
                return current.hasPiece(for: index)
            }
            guard hasWork else {
                sleep(worker, index)
                continue
            }
            beforeTaking?()
            guard take(current), let job, let context else { continue }
            job(context, index + 1, pieces - current.left)
            let before = unfinished.subtract(1, ordering: .acquiringAndReleasing).oldValue
            if before == WorkerPool.callerSleeps + 1 { allFinished.signal() }
        }
    }

    /// Returns when there may be work.
    private func sleep(_ worker: UnsafeMutablePointer<Worker>, _ index: Int) {
        worker.pointee.isAsleep.store(true, ordering: .sequentiallyConsistent)
        let current = Ticket(word: ticket.load(ordering: .sequentiallyConsistent))
        if current.hasPiece(for: index), worker.pointee.isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
            return
        }
        worker.pointee.wake.wait()
    }
}

/// What a worker and callers know of each other.
private struct Worker: ~Copyable {
    let isAsleep = Atomic<Bool>(false)
    let wake = ThreadSemaphore()
}

/// The number of forks since the first pool was made, in this process and its ancestors.
private enum Forks {
    static let count = Atomic<Int>(0)
    private static let registration: Void = {
        pthread_atfork(nil, nil, { Forks.count.add(1, ordering: .relaxed) })
    }()

    static func watch() { registration }
}

private final class WorkerStart {
    let pool: WorkerPool
    let index: Int

    init(pool: WorkerPool, index: Int) {
        self.pool = pool
        self.index = index
    }
}

#if canImport(Darwin)
    private func workerMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
        start.pool.work(start.index)
        return nil
    }
#else
    private func workerMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
        start.pool.work(start.index)
        return nil
    }
#endif

/// Busy waiting, which avoids system calls, for threads that meet many times in a prediction.
enum Spin {
    /// Some tens of microseconds: what a thread that is running needs for a small piece.
    static let caller = 20_000
    /// A little longer, so that a worker is still awake when the next prediction follows at once.
    static let worker = 50_000

    /// - Returns: whether it is done; false after `limit` looks.
    @inline(__always)
    static func wait(atMost limit: Int, until isDone: () -> Bool) -> Bool {
        var spins = 0
        while spins < limit {
            if isDone() { return true }
            spins &+= 1
        }
        return false
    }
}
