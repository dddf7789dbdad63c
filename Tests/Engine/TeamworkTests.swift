import Testing

@testable import EmotionFormerEngine

/// Durations are made up: nothing is timed.
@Suite("Further threads take part as long as they are worth it") struct TeamworkTests {
    /// Which of the next predictions run together.
    private func ways(_ count: Int, _ teamwork: inout Teamwork, together: Int, alone: Int) -> [Bool] {
        (0..<count).map { _ in
            let isTogether = teamwork.isTogether
            teamwork.record(duration: isTogether ? together : alone)
            return isTogether
        }
    }

    @Test("together but for two early predictions, also after a single slow one")
    func quiet() {
        var teamwork = Teamwork()
        let ways = self.ways(500, &teamwork, together: 100, alone: 190)
        #expect(ways.first == true)
        #expect(ways.count { !$0 } == 2 && ways.prefix(10).count { !$0 } == 2)
        _ = self.ways(1, &teamwork, together: 300, alone: 190)
        #expect(self.ways(500, &teamwork, together: 100, alone: 190).allSatisfy { $0 })
    }

    @Test("nearly always alone in company that makes it slower, and together again when it has gone")
    func company() {
        var teamwork = Teamwork()
        _ = ways(50, &teamwork, together: 100, alone: 190)
        let ways = self.ways(2000, &teamwork, together: 250, alone: 190)
        #expect(ways.suffix(1000).count { $0 } < 20)
        // No decision is for ever.
        #expect(ways.suffix(200).contains(true))
        #expect(self.ways(300, &teamwork, together: 100, alone: 190).suffix(100).allSatisfy { $0 })
    }

    @Test("together where it is a little faster, alone where it is not")
    func partly() {
        var teamwork = Teamwork()
        #expect(ways(2000, &teamwork, together: 150, alone: 190).suffix(1000).count { !$0 } < 20)
        teamwork = Teamwork()
        #expect(ways(2000, &teamwork, together: 189, alone: 190).suffix(1000).count { $0 } < 20)
    }

    @Test("a processor that becomes slower does not end it")
    func slower() {
        var teamwork = Teamwork()
        _ = ways(50, &teamwork, together: 100, alone: 190)
        #expect(ways(500, &teamwork, together: 200, alone: 380).suffix(400).allSatisfy { $0 })
        #expect(ways(500, &teamwork, together: 50, alone: 95).allSatisfy { $0 })
    }
}
