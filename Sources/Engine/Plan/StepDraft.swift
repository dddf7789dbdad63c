/// A step of a plan before it is known where its values lie.
struct StepDraft {
    /// The node that it comes from.
    var name: String
    /// What it computes, for people: `dense 300×478×256 +table`.
    var label: String
    /// Values that it reads and writes, as indices into the graph; constants among them do not matter.
    var reads: [Int]
    var writes: [Int]
    /// Threads may split the step into ranges of this many rows; 1 if it is done as a whole.
    var rows = 1
    /// Ranges should start at multiples of this.
    var rowBlock = 1
    /// Of `reads`, those of which row r of the result needs row r alone, when the rows are split in the same way.
    var alignedReads: [Int] = []
    /// Bytes of a thread's own memory that the step needs.
    var scratchByteCount = 0
    /// Floating-point operations, a multiplication with its addition as two; 0 where nobody counts them.
    var floatingPointOperations = 0
    /// Work that neither the step's operands nor its floating-point operations show: a pooling's windows, a branch's sides.
    var otherOperations = 0
    /// The matrix products that the step is made of.
    var products: [ProductShape] = []
    /// What it does for a row wherever the row stands; nil if there is no such thing.
    var rowwise: RowwiseWork?
    var bind: (Layout) -> StepBody

    init(name: String, label: String, reads: [Int], writes: [Int], bind: @escaping (Layout) -> StepBody) {
        self.name = name
        self.label = label
        self.reads = reads
        self.writes = writes
        self.bind = bind
    }
}

extension StepDraft {
    /// Says that the step does the same for a row wherever it stands, with operands of `alignedReads` and constants.
    ///
    /// To be called last, and not if a constant of the step, or one that it reads, has something else for each row.
    mutating func worksRowwise() {
        var work = RowwiseWork(rows: rows, reads: alignedReads, bind: bind)
        work.others = reads.filter { !alignedReads.contains($0) }
        rowwise = work
    }
}
