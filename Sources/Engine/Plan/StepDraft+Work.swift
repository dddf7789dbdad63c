import EmotionFormerGraph

/// Counts work in elementary operations, of which a core does about one per nanosecond. `Limits.operations` limits
/// their number in a prediction. Sums that overflow saturate.
enum Work {
    /// The cost of starting a step.
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
    /// The elements that the step reads and writes, its floating-point operations and `otherOperations`. For a loop
    /// only the cost of starting it; its rounds are counted while they run.
    func work(in graph: TypedGraph) -> Int {
        let elements = (reads + writes).reduce(0) { Work.sum($0, graph.values[$1].type.shape.elementCount) }
        return [Work.step, floatingPointOperations, otherOperations].reduce(elements, Work.sum)
    }
}
