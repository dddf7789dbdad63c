/// The pieces in which threads take the rows of a segment: whole blocks, in rounds of one piece for each thread. The first
/// round has most rows, so that weights are read seldom; the last ones have few, so that threads finish together.
struct Pieces {
    private let rows: Int
    private let threads: Int
    /// Rows that pieces are multiples of, and how many of them there are.
    private let unit: Int
    private let units: Int

    /// Whole blocks; or half blocks, which cost a little more per row, if with whole ones some threads would have one
    /// more than others.
    init(_ segment: Segment, threads: Int) {
        rows = segment.rows
        self.threads = threads
        let block = segment.rowBlock
        let isEven = (rows + block - 1) / block % threads == 0
        unit = isEven || block % 2 != 0 ? block : block / 2
        units = (rows + unit - 1) / unit
    }

    /// The units of a piece in the round before which so many are left.
    private func size(_ left: Int) -> Int { max(1, left * 2 / 3 / threads) }

    var count: Int {
        guard rows > 1 else { return 1 }
        var left = units
        var count = 0
        while left > 0 {
            let size = size(left)
            let pieces = min(threads, (left + size - 1) / size)
            count += pieces
            left -= pieces * size
        }
        return count
    }

    /// The rows of a piece; the first ones are the largest.
    subscript(index: Int) -> Range<Int> {
        guard rows > 1 else { return 0..<rows }
        var left = units
        var index = index
        while left > 0 {
            let size = size(left)
            if index < threads {
                let first = units - left + index * size
                return min(rows, first * unit)..<min(rows, (first + size) * unit)
            }
            index -= threads
            left -= threads * size
        }
        return rows..<rows
    }
}
