import EmotionFormerKernels

/// The code of a step, for a range of its rows. It never allocates, locks or throws.
typealias StepBody = @Sendable (_ execution: Execution, _ rows: Range<Int>) -> Void

/// `count` matrix products of m × k by k × n.
package struct ProductShape: Sendable, Hashable {
    package let count: Int
    package let m: Int
    package let k: Int
    package let n: Int

    package var floatingPointOperations: Int { 2 * count * m * k * n }
}

/// A step that is ready to run.
struct Step: Sendable {
    let name: String
    let label: String
    let rows: Int
    let rowBlock: Int
    let floatingPointOperations: Int
    let products: [ProductShape]
    let part: KernelPart
    let body: StepBody
}

/// Steps that threads run one after the other, each on its own rows, without waiting for each other in between.
struct Segment: Sendable {
    var rows: Int
    var rowBlock: Int
    var steps: [Step]
}
