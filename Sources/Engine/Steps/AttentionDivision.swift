/// The parts into which threads divide an attention: heads, or ranges of a head's queries if there are few heads.
///
/// A head's keys and values are packed once for consecutive parts of it.
struct AttentionDivision: Sendable {
    /// With so many parts or more, threads finish together.
    private static let desiredCount = 16

    /// Clips times heads.
    private let heads: Int
    private let queries: Int
    private let partsPerHead: Int
    /// Queries in all parts of a head but the last.
    private let partLength: Int

    var count: Int { heads * partsPerHead }

    /// - Parameter smallest: parts of a head are of a multiple of so many queries.
    init(heads: Int, queries: Int, smallest: Int) {
        self.heads = heads
        self.queries = queries
        let wanted = (AttentionDivision.desiredCount + heads - 1) / heads
        let length = (queries + wanted - 1) / wanted
        partLength = (length + smallest - 1) / smallest * smallest
        partsPerHead = (queries + partLength - 1) / partLength
    }

    /// Calls the body for each head with the queries that are in these parts.
    @inline(__always)
    func forEach(_ parts: Range<Int>, _ body: (_ head: Int, _ queries: Range<Int>) -> Void) {
        var part = parts.lowerBound
        while part < parts.upperBound {
            let head = part / partsPerHead
            let next = min(parts.upperBound, (head &+ 1) &* partsPerHead)
            let first = (part &- head &* partsPerHead) &* partLength
            let end = min(queries, (next &- head &* partsPerHead) &* partLength)
            body(head, first..<end)
            part = next
        }
    }
}
