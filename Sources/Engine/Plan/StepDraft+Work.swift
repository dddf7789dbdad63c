import EmotionFormerGraph

/// Work is counted in elementary operations, of which a processor does about one a nanosecond: what a model may do in a
/// prediction is bounded by their number (`Limits.operations`). Numbers that cannot be counted are as large as can be.
enum Work {
    /// What it costs to start a step at all.
    static let step = 256

    static func product(_ factors: Int...) -> Int {
        factors.reduce(1) { product, factor in
            let (value, overflow) = product.multipliedReportingOverflow(by: factor)
            return overflow ? .max : value
        }
    }

    static func sum(_ first: Int, _ second: Int) -> Int {
        let (value, overflow) = first.addingReportingOverflow(second)
        return overflow ? .max : value
    }
}

extension StepDraft {
    /// The elements that the step reads and writes, its floating-point operations, and what it says of itself; of a loop
    /// what it costs to start it, as its rounds are counted while they run.
    func work(in graph: TypedGraph) -> Int {
        let elements = (reads + writes).reduce(0) { Work.sum($0, graph.values[$1].type.shape.elementCount) }
        return [Work.step, floatingPointOperations, otherOperations].reduce(elements, Work.sum)
    }
}
