package import EmotionFormerCore

/// A proof that a clip's padding influences no output of a graph, so that the graph can be run on fewer frames.
///
/// The graph's input is (1, frames, …): a clip's own frames, then padding. Two runs are compared, one with all frames
/// and one with fewer, of which at least `unit` are padding. For each value the proof knows along which axis its rows
/// follow the frames, and which rows of the clip's own frames are the same in both runs. Where an operation brings
/// frames together (attention, pooling, recurrences, sums), a mask must keep out all padding, and must be known to be
/// false for it: it is computed for the rows that padding has. What a mask keeps out must be finite, since its weight
/// of 0 is multiplied with it; that follows from bounds of all values.
///
/// The proof holds for clips of numbers whose magnitude is at most `largestInput`, and where each of the `guards` is true for at
/// least one frame: a row of attention that may attend to nothing would attend to all frames alike.
package struct FrameProof: Sendable {
    /// The largest magnitude of an element of the input for which the proof holds.
    package let largestInput: Float
    /// Masks by value: for each of these, somewhere in the clip all its masks must be true.
    package let guards: [[Int]]
    /// The number of frames must be a multiple of this, and so must be the number of frames of padding at the end.
    package let unit: Int
    /// The number of frames of the graph.
    package let frameCount: Int
    let graph: TypedGraph
    /// By value; nil where a value has no axis of frames.
    let axes: [[FrameAxis]?]
    let slices: Set<ConstantSlice>

    /// Bounds of the input that are tried. Landmarks, and features with a deviation of 1, are below the least of them.
    private static let largestInputs: [Float] = [1e6, 1e5, 1e4, 3e3, 1e3, 300, 100, 50, 20, 10]

    /// A constant operand that has a row for each frame.
    struct ConstantSlice: Hashable {
        /// An index of the graph's nodes, and one of its operands.
        let node: Int
        let operand: Int
        /// Aligned with the operand's own axes.
        let axes: [FrameAxis]
    }

    /// - Parameters:
    ///   - padding: the graph's input for a clip that is padding from beginning to end.
    ///   - outputsByFrame: indices of the graph's outputs that may have a row for each frame.
    ///   - evaluator: computes nodes as the plan does.
    /// - Throws: the first node that stands in the way.
    package init(
        _ graph: TypedGraph, padding: Tensor, outputsByFrame: Set<Int> = [], evaluator: any ConstantEvaluator
    ) throws(FrameBarrier) {
        guard graph.inputs.count == 1, let input = graph.inputs.first, graph.shape(of: input).rank >= 2,
            graph.shape(of: input)[0] == 1, graph.shape(of: input)[1] > 1, padding.shape == graph.shape(of: input),
            graph.values[input].type.elementType == .float32
        else { throw FrameBarrier("the input", "is not one clip of frames") }
        let known = PaddingRows(graph, input: padding, evaluator: evaluator)
        let sums = WeightSums()
        var proven: (analysis: FrameAnalysis, largest: Float)?
        var barrier: FrameBarrier?
        for largest in FrameProof.largestInputs where proven == nil {
            var analysis = FrameAnalysis(graph, padding: padding, known, sums, largestInput: Double(largest))
            do throws(FrameBarrier) {
                for index in graph.nodes.indices { try analysis.visit(index) }
                try analysis.checkOutputs(byFrame: outputsByFrame)
                proven = (analysis, largest)
            } catch {
                if !error.isOfRange { throw error }
                barrier = barrier ?? error
            }
        }
        guard let (analysis, largest) = proven else {
            throw barrier ?? FrameBarrier("the input", "is not one clip of frames")
        }
        largestInput = largest
        self.graph = graph
        frameCount = graph.shape(of: input)[1]
        guards = analysis.guards.map { $0.sorted() }.sorted { $0.lexicographicallyPrecedes($1) }
        axes = analysis.states.map { $0?.rows?.axes }
        slices = analysis.slices
        unit = analysis.unit
    }
}

/// The state of a proof while the graph's nodes are visited in order.
struct FrameAnalysis {
    let graph: TypedGraph
    let frameCount: Int
    /// By value; nil for constants and for what no node has made yet.
    var states: [FrameState?]
    var guards = Set<Set<Int>>()
    var slices = Set<FrameProof.ConstantSlice>()
    /// A common multiple of all spans.
    var unit = 1
    var ranges: ValueRanges
    private let padding: PaddingRows
    private var isKeptOut: [Int: Bool] = [:]

    /// - Parameters:
    ///   - padding: the graph's input for padding alone.
    ///   - known: what the graph makes of it.
    init(_ graph: TypedGraph, padding: Tensor, _ known: PaddingRows, _ sums: WeightSums, largestInput largest: Double) {
        self.graph = graph
        let input = graph.inputs[0]
        frameCount = graph.shape(of: input)[1]
        states = Array(repeating: nil, count: graph.values.count)
        states[input] = .rows(FrameRows(axes: [FrameAxis(axis: 1, span: 1)], isOwn: true))
        let range = padding.extremes.flatMap { ValueRange(min($0.least, -largest), max($0.largest, largest)) }
        ranges = ValueRanges(graph, inputs: range.map { [$0] } ?? [], sums)
        self.padding = known
    }

    func rows(_ value: Int?) -> FrameRows? { value.flatMap { states[$0]?.rows } }
    func extents(_ value: Int) -> [Int] { graph.shape(of: value).extents }
    func isConstant(_ value: Int) -> Bool { graph.values[value].constant != nil }

    /// The extent of an axis of frames.
    func extent(_ axis: FrameAxis) -> Int { frameCount / axis.span }

    /// Whether all rows that are padding are false where all these masks must be true.
    mutating func keepsOutPadding(_ masks: Set<Int>) -> Bool {
        for mask in masks.sorted() {
            if let known = isKeptOut[mask] {
                if known { return true }
                continue
            }
            let isFalse = padding.tensor(of: mask)?.withUnsafeBytes { $0.allSatisfy { $0 == 0 } } ?? false
            isKeptOut[mask] = isFalse
            if isFalse { return true }
        }
        return false
    }

    mutating func isFinite(_ value: Int?) -> Bool { ranges.range(of: value) != nil }

    /// What a masked score is replaced by is −1e30; weights are 0 only if every score that is kept is far above it.
    static let largestScore = 9e29

    mutating func visit(_ index: Int) throws(FrameBarrier) {
        let node = graph.nodes[index]
        guard node.inputs.contains(where: { rows($0) != nil }) else {
            for output in node.outputs { states[output] = .fixed }
            return
        }
        let results = try results(node, index)
        for (place, output) in node.outputs.enumerated() {
            guard place < results.count else { throw FrameBarrier(node, "has results that are not followed") }
            var state = results[place]
            if var rows = state.rows {
                let shape = graph.shape(of: output)
                guard
                    rows.axes.allSatisfy({
                        shape.extents.indices.contains($0.axis) && shape[$0.axis] == extent($0) && extent($0) > 1
                    })
                else {
                    throw FrameBarrier(node, "leaves no frames apart")
                }
                if rows.levels == nil { rows.levels = ownLevels(output, rows) }
                if let levels = rows.levels, levels.off == 0, rows.axes.count == 1 {
                    rows.zeros.formUnion(levels.masks())
                }
                state = .rows(rows)
            }
            states[output] = state
        }
    }

    /// The masks that are all true where a value is true; nil if it is no Boolean of that kind.
    func mask(_ value: Int?) -> FrameLevels? {
        guard let value, let rows = rows(value), graph.values[value].type.elementType == .bool else { return nil }
        if let levels = rows.levels, levels.on == 1, levels.off == 0 { return levels }
        return ownLevels(value, rows)
    }

    /// A Boolean that depends on its own frame alone is a mask.
    private func ownLevels(_ value: Int, _ rows: FrameRows) -> FrameLevels? {
        guard graph.values[value].type.elementType == .bool, rows.isOwn, rows.axes.count == 1, rows.conditions.isEmpty,
            !rows.axis.isReversed, graph.shape(of: value).elementCount == extent(rows.axis)
        else { return nil }
        return FrameLevels(terms: [FrameLevels.Term(mask: value, place: 0)], on: 1, off: 0)
    }

    func checkOutputs(byFrame: Set<Int>) throws(FrameBarrier) {
        for (index, output) in graph.outputs.enumerated() {
            guard let rows = rows(output) else { continue }
            let place = "output '\(graph.values[output].name)'"
            guard byFrame.contains(index) else { throw FrameBarrier(place, "has rows of all frames") }
            guard rows.conditions.isEmpty, rows.axes == [FrameAxis(axis: 1, span: 1)],
                graph.shape(of: output)[0] == 1
            else { throw FrameBarrier(place, "has rows of frames that a mask keeps out") }
        }
    }

    private mutating func results(_ node: TypedGraph.Node, _ index: Int) throws(FrameBarrier) -> [FrameState] {
        switch node.operation.family {
        case .layer(let kind): try layer(node, kind)
        case .normalization(let kind): try normalization(node, kind, index)
        case .window(let kind): try window(node, kind)
        case .recurrence: try recurrence(node)
        case .sequence: try sequence(node)
        case .product(let kind): try product(node, kind)
        case .arithmetic(let kind): try arithmetic(node, kind, index)
        case .logic(let kind): try logic(node, kind, index)
        case .comparison, .function: try elementwise(node, index)
        case .pointwise(let kind): try pointwise(node, kind, index)
        case .reduction(let kind): try reduction(node, kind)
        case .scan(let kind): try scan(node, kind)
        case .arrangement(let kind): try arrangement(node, kind)
        case .expansion(let kind): try expansion(node, kind, index)
        case .selection(let kind): try selection(node, kind)
        case .generator(let kind): try generator(node, kind)
        case .conversion(let kind): try conversion(node, kind)
        case .integer: throw FrameBarrier(node, "computes with integers, for which nothing is proven")
        case .control: throw FrameBarrier(node, "is a loop or branch, whose inside is not looked at")
        }
    }
}
