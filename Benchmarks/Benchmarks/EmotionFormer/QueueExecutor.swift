import Dispatch

/// Runs tasks on a concurrent queue.
///
/// While an asynchronous benchmark runs, the harness waits in one of the threads of Swift's own pool, which has as many
/// as there are cores: a batch would get one core less than it has.
final class QueueExecutor: TaskExecutor {
    static let shared = QueueExecutor()
    private let queue = DispatchQueue(label: "batch", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
