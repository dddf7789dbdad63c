/// The work of a step that treats all rows alike: row r of the results depends only on row r of the operands, and not
/// on r itself.
struct RowwiseWork {
    /// What remains to be done when rows are in their places, for instance adding positions.
    struct Placing {
        /// Values that it reads beside the results.
        var reads: [Int]
        /// For the step's own rows, as its whole body.
        var bind: (Layout) -> StepBody
    }

    /// Rows that each operand and each result consists of.
    var rows: Int
    /// Values of which a row needs only the same row; constants among them are ignored.
    var reads: [Int]
    /// Other operands, which must be constants.
    var others: [Int] = []
    /// The body for any range of rows, whether or not threads may split the step.
    var bind: (Layout) -> StepBody
    /// nil if nothing remains to be done.
    var placing: Placing?

    init(rows: Int, reads: [Int], bind: @escaping (Layout) -> StepBody) {
        self.rows = rows
        self.reads = reads
        self.bind = bind
    }
}
