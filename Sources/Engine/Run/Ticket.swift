/// What is left to take of offered work: one word, so that to see it and to take a piece are one atomic step.
struct Ticket: Sendable, Equatable {
    /// The pieces that nobody has taken in the lower half, the helpers that may take some in the upper half.
    let word: UInt64

    static let mostPieces = (1 << 32) - 1
    static let mostHelpers = 1023

    init(word: UInt64) { self.word = word }

    init(pieces: Int, helpers: Int) {
        word = UInt64(truncatingIfNeeded: helpers) &<< 32 | UInt64(truncatingIfNeeded: pieces)
    }

    /// Pieces that nobody has taken.
    var left: Int { Int(truncatingIfNeeded: word & 0xFFFF_FFFF) }

    /// Helpers, numbered from 0, that may take pieces.
    var helpers: Int { Int(truncatingIfNeeded: word &>> 32) }

    /// With a piece less; only if one is left.
    var withoutOne: Ticket { Ticket(word: word &- 1) }

    func hasPiece(for helper: Int) -> Bool { left > 0 && helper < helpers }
}
