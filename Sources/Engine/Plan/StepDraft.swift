import EmotionFormerKernels

/// A step of a plan before its values have addresses.
struct StepDraft {
    /// The node that it comes from.
    var name: String
    /// What it computes, for people: `dense 300×478×256 +table`.
    var label: String
    /// Values that it reads and writes, as indices into the graph; constants among them are ignored.
    var reads: [Int]
    var writes: [Int]
    /// The number of rows that threads may divide into ranges; 1 if the step is run as a whole.
    var rows = 1
    /// Ranges should start at multiples of this.
    var rowBlock = 1
    /// Whether what threads divide are not rows of the results but parts of other kinds, like heads. A part may write
    /// anywhere in the results, so the step stands in a segment of its own.
    var dividesParts = false
    /// Those of `reads` of which row r of the result needs only row r, if the rows are divided alike.
    var alignedReads: [Int] = []
    /// Bytes of scratch memory that the step needs.
    var scratchByteCount = 0
    /// Floating-point operations, a multiply-add counted as two; 0 if they are not counted.
    var floatingPointOperations = 0
    /// Work that follows neither from the operands nor from the floating-point operations: the windows of a pooling,
    /// the bodies of a branch.
    var otherOperations = 0
    /// The matrix products that the step is made of.
    var products: [ProductShape] = []
    /// The part of the kernels that most of its time goes to.
    var part = KernelPart.others
    /// Its work on rows, if it treats all rows alike; otherwise nil.
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
    /// Declares that the step treats all rows alike, with operands of `alignedReads` and constants.
    ///
    /// Call it last, and not if a constant of the step differs from row to row.
    mutating func worksRowwise() {
        var work = RowwiseWork(rows: rows, reads: alignedReads, bind: bind)
        work.others = reads.filter { !alignedReads.contains($0) }
        rowwise = work
    }
}
