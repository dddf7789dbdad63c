import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine
import Testing

@Suite("Sessions kept for the next caller")
struct SessionPoolTests {
    private func pool() throws -> SessionPool {
        let package = try SmallModel.package()
        let plan = try Plan(package.program, inputShapes: [Shape([1, 4, 2])])
        return SessionPool(plan, rows: 4)
    }

    @Test("One caller has the same session every time")
    func oneCaller() throws {
        let pool = try pool()
        let first = pool.take()
        pool.give(first)
        for _ in 0..<3 * SessionPool.period {
            let lease = pool.take()
            #expect(lease.session === first.session)
            pool.give(lease)
        }
        #expect(pool.freeCount == 1)
    }

    @Test("After a burst of 64 callers, one session a processor is kept")
    func burst() throws {
        let pool = try pool()
        let leases = (0..<64).map { _ in pool.take() }
        #expect(Set(leases.map { ObjectIdentifier($0.session) }).count == 64)
        for (index, lease) in leases.enumerated() {
            pool.give(lease)
            // Callers may come back as long as others are at work.
            if index < 63 { #expect(pool.freeCount == index + 1) }
        }
        #expect(pool.freeCount == min(64, SessionPool.keptCount))
    }

    @Test("After a burst that never quite ends, what is not needed goes after a while")
    func burstUnderLoad() throws {
        let pool = try pool()
        let steady = pool.take()
        for lease in (0..<64).map({ _ in pool.take() }) { pool.give(lease) }
        #expect(pool.freeCount == 64)
        for _ in 0..<2 * SessionPool.period { pool.give(pool.take()) }
        #expect(pool.freeCount == max(1, SessionPool.keptCount - 1))
        pool.give(steady)
        #expect(pool.freeCount <= max(2, SessionPool.keptCount))
    }
}
