import EmotionFormerCore
package import EmotionFormerEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Sessions of one plan, each lent to one caller at a time. The lock is held for a list operation only.
///
/// Returned sessions are kept for the next caller, so that a prediction allocates nothing. Sessions left over from a
/// burst of callers are freed: when none is on loan, all but one for each processor; otherwise, every `period` returns,
/// those that were not needed since the last time.
package final class SessionPool: Sendable {
    /// A session on loan.
    ///
    /// `@unchecked Sendable`: a session is either in the pool's list or with the one caller that took it, and the lock
    /// orders what one caller did before the next.
    package struct Lease: @unchecked Sendable {
        package let session: Session
    }

    private struct State: Sendable {
        var free: [Lease] = []
        var lentCount = 0
        /// The most sessions on loan at once in this period.
        var peak = 0
        var returnCount = 0
    }

    package let plan: Plan
    let rows: Int
    private let state = Lock(State())
    /// The number of sessions that are always kept: no more can compute at once.
    package static let keptCount = max(1, ProcessInfo.processInfo.activeProcessorCount)
    package static let period = 1024

    package init(_ plan: Plan, rows: Int) {
        self.plan = plan
        self.rows = rows
    }

    /// The number of sessions that are not on loan.
    package var freeCount: Int { state.withLock { $0.free.count } }

    /// Lends a session whose variables are as before the first run.
    package func take() -> Lease {
        let free = state.withLock { state -> Lease? in
            state.lentCount += 1
            state.peak = max(state.peak, state.lentCount)
            return state.free.popLast()
        }
        free?.session.resetVariables()
        return free ?? Lease(session: Session(plan))
    }

    package func give(_ lease: Lease) {
        // Freed when this returns, after the lock is released.
        _ = state.withLock { state -> [Lease] in
            state.free.append(lease)
            state.lentCount -= 1
            state.returnCount += 1
            var limit = Int.max
            if state.returnCount == SessionPool.period {
                limit = max(state.peak, SessionPool.keptCount) - state.lentCount
                state.peak = state.lentCount
                state.returnCount = 0
            }
            if state.lentCount == 0 { limit = SessionPool.keptCount }
            guard state.free.count > limit else { return [] }
            let surplus = Array(state.free[max(limit, 0)...])
            state.free.removeLast(surplus.count)
            return surplus
        }
    }
}
