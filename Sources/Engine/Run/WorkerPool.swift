import EmotionFormerSystem
import Synchronization

/// The threads that help with predictions: one pool in a process, for one prediction at a time.
///
/// A prediction that finds the pool busy runs on its caller's thread only. Workers spin between the segments of a
/// prediction and for a moment after it, because another often follows at once; then they sleep.
///
/// A fork does not copy the workers: the child starts its own.
///
/// `@unchecked Sendable`: `job`, `context` and `participants` change under the mutex alone, `workerCount` while the
/// pool is acquired.
final class WorkerPool: @unchecked Sendable {
    /// The function that every thread of a job calls with its index; the caller is thread 0.
    typealias Job = @convention(c) (_ context: UnsafeMutableRawPointer, _ thread: Int) -> Void

    static let shared = WorkerPool()

    private let isBusy = Atomic<Bool>(false)
    private let running = Atomic<Int>(0)
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wake: UnsafeMutablePointer<pthread_cond_t>
    private var job: Job?
    private var context: UnsafeMutableRawPointer?
    private var participants = 0
    /// Counts jobs; changes under the mutex.
    private let generation = Atomic<Int>(0)
    private var workerCount = 0
    /// The forks before this process that the pool knows of; -1 while it is made anew.
    private let knownForks: Atomic<Int>

    private init() {
        mutex = .allocate(capacity: 1)
        wake = .allocate(capacity: 1)
        knownForks = Atomic(Forks.count.load(ordering: .relaxed))
        pthread_atfork(nil, nil, { Forks.count.add(1, ordering: .relaxed) })
        initializeLocks()
    }

    private func initializeLocks() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        wake.initialize(to: pthread_cond_t())
        pthread_cond_init(wake, nil)
    }

    /// In a forked process, resets the pool: its workers exist in the parent only, and a lock may have been held.
    /// - Returns: whether the pool can be used; false while another thread resets it.
    private func isOfThisProcess() -> Bool {
        let forks = Forks.count.load(ordering: .relaxed)
        let known = knownForks.load(ordering: .acquiring)
        if known == forks { return true }
        guard known >= 0,
            knownForks.compareExchange(expected: known, desired: -1, ordering: .acquiring).exchanged
        else { return false }
        initializeLocks()
        workerCount = 0
        participants = 0
        isBusy.store(false, ordering: .relaxed)
        knownForks.store(forks, ordering: .releasing)
        return true
    }

    /// Acquires the pool for `threads` threads, the caller included, and starts missing ones.
    /// - Returns: whether the pool was free and the threads exist. If so, call `run`, then `release`.
    func acquire(threads: Int) -> Bool {
        guard isOfThisProcess(), isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
        else {
            return false
        }
        while workerCount < threads - 1 {
            if !startWorker() {
                release()
                return false
            }
        }
        return true
    }

    func release() { isBusy.store(false, ordering: .releasing) }

    /// Runs the job on `threads` threads and returns when all are done. The pool must be acquired.
    func run(threads: Int, _ job: @escaping Job, _ context: UnsafeMutableRawPointer) {
        running.store(threads - 1, ordering: .relaxed)
        pthread_mutex_lock(mutex)
        self.job = job
        self.context = context
        participants = threads - 1
        generation.add(1, ordering: .releasing)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
        job(context, 0)
        Spin.wait { running.load(ordering: .acquiring) == 0 }
    }

    private func startWorker() -> Bool {
        let index = workerCount
        let start = Unmanaged.passRetained(
            WorkerStart(pool: self, index: index, generation: generation.load(ordering: .acquiring)))
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

    fileprivate func work(index: Int, since first: Int) {
        var seen = first
        while true {
            Spin.wait(atMost: 100_000) { generation.load(ordering: .acquiring) != seen }
            pthread_mutex_lock(mutex)
            while generation.load(ordering: .relaxed) == seen { pthread_cond_wait(wake, mutex) }
            seen = generation.load(ordering: .relaxed)
            let takesPart = index < participants
            let job = self.job
            let context = self.context
            pthread_mutex_unlock(mutex)
            guard takesPart, let job, let context else { continue }
            job(context, index + 1)
            running.subtract(1, ordering: .releasing)
        }
    }
}

/// The number of forks since the pool was made, in this process and its ancestors.
private enum Forks {
    static let count = Atomic<Int>(0)
}

private final class WorkerStart {
    let pool: WorkerPool
    let index: Int
    let generation: Int

    init(pool: WorkerPool, index: Int, generation: Int) {
        self.pool = pool
        self.index = index
        self.generation = generation
    }
}

#if canImport(Darwin)
    private func workerMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
        start.pool.work(index: start.index, since: start.generation)
        return nil
    }
#else
    private func workerMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
        start.pool.work(index: start.index, since: start.generation)
        return nil
    }
#endif

/// Busy waiting, which avoids system calls, for threads that meet many times in a prediction.
enum Spin {
    /// Gives up after some tens of microseconds.
    @inline(__always)
    static func wait(atMost limit: Int, until isDone: () -> Bool) {
        var spins = 0
        while spins < limit && !isDone() { spins &+= 1 }
    }

    @inline(__always)
    static func wait(until isDone: () -> Bool) {
        var spins = 0
        while !isDone() {
            spins &+= 1
            // The other thread may need this processor.
            if spins > 20_000 { sched_yield() }
        }
    }
}
