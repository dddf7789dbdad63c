import Synchronization

/// A barrier at which the threads of a prediction wait for each other.
final class Barrier: Sendable {
    private let arrived = Atomic<Int>(0)
    private let round = Atomic<Int>(0)

    /// Returns when `count` threads have called it.
    func wait(_ count: Int) {
        guard count > 1 else { return }
        let current = round.load(ordering: .acquiring)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == count {
            arrived.store(0, ordering: .relaxed)
            round.store(current &+ 1, ordering: .releasing)
        } else {
            Spin.wait { round.load(ordering: .acquiring) != current }
        }
    }
}
