import EmotionFormerGraph

/// The values that a fused LSTM starts from and ends with, where its node has them: a model of which each run goes on
/// where the run before ended.
struct SequenceState {
    private let initialHidden: Int?
    private let initialCell: Int?
    private let finalHidden: Int?
    private let finalCell: Int?

    /// - Parameter first: the position of the initial hidden state among the node's operands; the cell's follows.
    init(_ node: TypedGraph.Node, operands first: Int) {
        initialHidden = node.input(first)
        initialCell = node.input(first + 1)
        finalHidden = node.outputs.count > 1 ? node.outputs[1] : nil
        finalCell = node.outputs.count > 2 ? node.outputs[2] : nil
    }

    var reads: [Int] { [initialHidden, initialCell].compactMap(\.self) }
    var writes: [Int] { [finalHidden, finalCell].compactMap(\.self) }

    func bound(_ layout: Layout) -> BoundSequenceState {
        BoundSequenceState(
            initialHidden: initialHidden.map { layout.operand($0) },
            initialCell: initialCell.map { layout.operand($0) },
            finalHidden: finalHidden.map { layout.destination($0) }, finalCell: finalCell.map { layout.destination($0) }
        )
    }
}

/// Where those values are; the rows of the batch follow each other.
struct BoundSequenceState: Sendable {
    let initialHidden: Operand?
    let initialCell: Operand?
    let finalHidden: Destination?
    let finalCell: Destination?
}
