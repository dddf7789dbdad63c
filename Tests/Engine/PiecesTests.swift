import Testing

@testable import EmotionFormerEngine

@Suite("Rows are divided into pieces") struct PiecesTests {
    @Test("each row is in one piece, pieces begin at blocks or half blocks, and the last ones are the smallest")
    func division() {
        for rows in Array(0...70) + [300, 301, 1199, 1200, 4097, 1_000_000] {
            for block in [1, 4, 5, 6, 12] {
                for threads in [2, 3, 4, 7, 64, 1024] {
                    let pieces = Pieces(Segment(rows: rows, rowBlock: block, steps: []), threads: threads)
                    let ranges = (0..<pieces.count).map { pieces[$0] }
                    let what = "\(rows) rows of block \(block), \(threads) threads: \(ranges.prefix(20))"
                    #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == rows, "\(what)")
                    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound }, "\(what)")
                    #expect(rows == 0 || ranges.allSatisfy { !$0.isEmpty }, "\(what)")
                    let unit = block % 2 == 0 ? block / 2 : block
                    #expect(ranges.allSatisfy { $0.lowerBound % unit == 0 }, "\(what)")
                    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.count >= $1.count }, "\(what)")
                    #expect(ranges.count <= Ticket.mostPieces, "\(what)")
                }
            }
        }
    }

    @Test("threads of the same speed have equally many blocks")
    func balance() {
        for (rows, threads, expected) in [(300, 2, 25), (288, 3, 16), (1200, 4, 50)] {
            let pieces = Pieces(Segment(rows: rows, rowBlock: 6, steps: []), threads: threads)
            var shares = [Int](repeating: 0, count: threads)
            for index in 0..<pieces.count {
                let least = shares.indices.min { shares[$0] < shares[$1] } ?? 0
                shares[least] += pieces[index].count
            }
            #expect(shares == [Int](repeating: expected * 6, count: threads))
        }
    }

    @Test("a ticket holds what it was made of")
    func ticket() {
        for (pieces, helpers) in [(1, 1), (Ticket.mostPieces, Ticket.mostHelpers), (17, 3)] {
            let ticket = Ticket(pieces: pieces, helpers: helpers)
            #expect(ticket.left == pieces && ticket.helpers == helpers)
            #expect(ticket.hasPiece(for: helpers - 1) && !ticket.hasPiece(for: helpers))
            #expect(ticket.withoutOne == Ticket(pieces: pieces - 1, helpers: helpers))
        }
    }
}
