import Foundation
import Synchronization
import Testing

@testable import EmotionFormerEngine

/// A job that says of each access whether it was allowed.
private final class WatchedJob: Sendable {
    let pieces: Int
    /// How often each piece ran.
    let runs: [Counter]
    /// Between the start and the return of `run`.
    let isAlive = Atomic<Bool>(false)
    let accessesToTheDead = Atomic<Int>(0)
    let byWorkers = Atomic<Int>(0)
    /// What a thread does in a piece, and its length.
    let work: @Sendable (_ thread: Int, _ piece: Int) -> Void

    init(pieces: Int, work: @escaping @Sendable (_ thread: Int, _ piece: Int) -> Void = { _, _ in }) {
        self.pieces = pieces
        self.work = work
        runs = (0..<pieces).map { _ in Counter() }
    }

    func run(on pool: WorkerPool, threads: Int) {
        isAlive.store(true, ordering: .sequentiallyConsistent)
        pool.run(
            pieces: pieces, threads: threads,
            { context, thread, piece in
                let job = Unmanaged<WatchedJob>.fromOpaque(context).takeUnretainedValue()
                job.watch()
                job.runs[piece].value.add(1, ordering: .relaxed)
                job.work(thread, piece)
                if thread > 0 { job.byWorkers.add(1, ordering: .relaxed) }
                job.watch()
            }, Unmanaged.passUnretained(self).toOpaque())
        isAlive.store(false, ordering: .sequentiallyConsistent)
    }

    private func watch() {
        if !isAlive.load(ordering: .sequentiallyConsistent) { accessesToTheDead.add(1, ordering: .relaxed) }
    }

    var isRight: Bool {
        runs.allSatisfy { $0.value.load(ordering: .sequentiallyConsistent) == 1 }
            && accessesToTheDead.load(ordering: .sequentiallyConsistent) == 0
    }
}

private final class Counter: Sendable {
    let value = Atomic<Int>(0)

    /// Waits until it is at least so much.
    func wait(for goal: Int) {
        while value.load(ordering: .sequentiallyConsistent) < goal { usleep(100) }
    }
}

@Suite("Threads share a prediction's work", .timeLimit(.minutes(2))) struct WorkerPoolTests {
    @Test(
        "each piece runs once, and nobody touches a job after its end, with workers that come late",
        arguments: [2, 5])
    func stress(threads: Int) {
        let calls = Counter()
        // Workers lose their processor between looking and taking, now and then for as long as whole jobs last.
        let pool = WorkerPool(beforeTaking: {
            let call = calls.value.add(1, ordering: .relaxed).newValue
            if call % 3 == 0 { sched_yield() }
            if call % 7 == 0 { usleep(UInt32(call % 300)) }
        })
        let (refused, byWorkers) = (Counter(), Counter())
        // Jobs that have ended stay in memory, so that a late access is seen instead of being undefined.
        let ended = Mutex<[WatchedJob]>([])
        onThreads(4) { thread in
            var random = SystemlessRandom(state: UInt64(thread))
            for round in 0..<150 {
                let pause = UInt32.random(in: 0..<40, using: &random)
                let job = WatchedJob(pieces: Int.random(in: 1...40, using: &random)) { _, piece in
                    if piece % 11 == 0 { usleep(pause) }
                }
                if pool.acquire(threads: threads) {
                    job.run(on: pool, threads: threads)
                    pool.release()
                    byWorkers.value.add(job.byWorkers.load(ordering: .relaxed), ordering: .relaxed)
                    ended.withLock { $0.append(job) }
                } else {
                    refused.value.add(1, ordering: .relaxed)
                }
                if round % 50 == 0 { usleep(500) }
            }
        }
        usleep(2000)
        #expect(ended.withLock { $0.allSatisfy(\.isRight) })
        // It is a test of several threads.
        #expect(refused.value.load(ordering: .relaxed) > 0)
        #expect(byWorkers.value.load(ordering: .relaxed) > 0)
    }

    @Test("a worker that has taken nothing is not waited for, and takes nothing of a job that has ended")
    func late() {
        let (arrived, released) = (Counter(), Counter())
        let pool = WorkerPool(beforeTaking: {
            arrived.value.add(1, ordering: .sequentiallyConsistent)
            released.wait(for: 1)
        })
        #expect(pool.acquire(threads: 2))
        // The caller's pieces wait until the worker has looked at the ticket.
        let first = WatchedJob(pieces: 5) { _, _ in arrived.wait(for: 1) }
        first.run(on: pool, threads: 2)
        #expect(first.isRight && first.byWorkers.load(ordering: .relaxed) == 0)
        let second = WatchedJob(pieces: 5)
        second.run(on: pool, threads: 2)
        #expect(second.isRight && second.byWorkers.load(ordering: .relaxed) == 0)
        released.value.store(1, ordering: .sequentiallyConsistent)
        // The worker goes on and helps with what is offered now.
        let third = WatchedJob(pieces: 2) { thread, _ in if thread == 0 { arrived.wait(for: 2) } }
        third.run(on: pool, threads: 2)
        #expect(third.isRight && first.isRight && second.isRight)
        pool.release()
    }

    @Test("a piece that a worker has taken is waited for, also by a caller that sleeps")
    func taken() {
        let pool = WorkerPool()
        #expect(pool.acquire(threads: 2))
        for pause in [0, 20, 200, 20_000] as [UInt32] {
            let byWorker = Counter()
            let job = WatchedJob(pieces: 3) { thread, _ in
                // The caller leaves the worker something to take, and then time to fall asleep.
                if thread == 0 { return byWorker.wait(for: 1) }
                byWorker.value.add(1, ordering: .sequentiallyConsistent)
                usleep(pause)
            }
            job.run(on: pool, threads: 2)
            #expect(job.isRight && job.byWorkers.load(ordering: .relaxed) > 0)
        }
        pool.release()
    }

    @Test("workers that sleep are woken, each time")
    func sleepers() {
        let pool = WorkerPool()
        #expect(pool.acquire(threads: 4))
        for _ in 0..<20 {
            // Longer than a worker looks for work.
            usleep(3000)
            let byWorkers = Counter()
            let job = WatchedJob(pieces: 4) { thread, _ in
                // Every thread must come, or nobody gets any further.
                byWorkers.value.add(1, ordering: .sequentiallyConsistent)
                byWorkers.wait(for: 4)
            }
            job.run(on: pool, threads: 4)
            #expect(job.isRight && job.byWorkers.load(ordering: .relaxed) == 3)
        }
        pool.release()
    }

    @Test("workers beyond a job's threads take no part, and a pool is one caller's at a time")
    func fewer() {
        let pool = WorkerPool()
        #expect(pool.acquire(threads: 4))
        #expect(!pool.acquire(threads: 2))
        pool.release()
        #expect(pool.acquire(threads: 2))
        let highest = Atomic<Int>(0)
        for _ in 0..<200 {
            WatchedJob(pieces: 9) { thread, _ in highest.max(thread, ordering: .relaxed) }.run(on: pool, threads: 2)
        }
        #expect(highest.load(ordering: .relaxed) <= 1)
        pool.release()
        #expect(!pool.acquire(threads: Ticket.mostHelpers + 2))
    }

    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let finished = DispatchSemaphore(value: 0)
        for index in 0..<count {
            Thread {
                body(index)
                finished.signal()
            }.start()
        }
        for _ in 0..<count { finished.wait() }
    }
}
