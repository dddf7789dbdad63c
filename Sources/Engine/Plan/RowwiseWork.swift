/// What a step does for a row wherever the row stands: row r of the results comes from row r of the operands and from
/// nothing else, not even from r.
struct RowwiseWork {
    /// What is to be done to rows when they are in their place, for instance adding positions.
    struct Placing {
        /// Values that it reads beside the results.
        var reads: [Int]
        /// For the step's own rows, as its whole body.
        var bind: (Layout) -> StepBody
    }

    /// Rows that each operand and each result consists of.
    var rows: Int
    /// Values of which a row needs the same row alone; constants among them do not matter.
    var reads: [Int]
    /// What else it reads: constants, or there is nothing rowwise about it.
    var others: [Int] = []
    /// The body for any range of rows, whether or not threads may split the step.
    var bind: (Layout) -> StepBody
    /// nil if the rows are complete already.
    var placing: Placing?

    init(rows: Int, reads: [Int], bind: @escaping (Layout) -> StepBody) {
        self.rows = rows
        self.reads = reads
        self.bind = bind
    }
}
