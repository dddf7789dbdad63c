import EmotionFormerGraph

/// The lifetime of a value, and the threads that use it.
struct ValueLife {
    enum Sharing: Hashable {
        /// Any thread may use it at any time in a segment.
        case none
        /// It is used only in segments that one thread runs.
        case oneThread
        /// Each of `count` rows is used only by the thread whose share it belongs to; shares are divided in blocks of
        /// `block`.
        case rows(count: Int, block: Int, byteCount: Int)
    }

    /// Indices of segments, from the first that needs the value to the last.
    var segments: ClosedRange<Int>
    /// Indices of steps, counted through all segments.
    var steps: ClosedRange<Int>
    var writerCount: Int
    var readerCount: Int
    var sharing: Sharing

    /// Whether the value's rows are known to belong to threads: its one writer splits them as its readers do.
    var hasOwnRows: Bool {
        guard case .rows = sharing else { return false }
        return writerCount == 1 && readerCount > 0
    }

    /// Extends the lifetime by another one; the sharing is kept if it is the same.
    mutating func extend(by other: ValueLife) {
        segments =
            min(segments.lowerBound, other.segments.lowerBound)...max(segments.upperBound, other.segments.upperBound)
        steps = min(steps.lowerBound, other.steps.lowerBound)...max(steps.upperBound, other.steps.upperBound)
        writerCount += other.writerCount
        readerCount += other.readerCount
        if sharing != other.sharing { sharing = .none }
    }
}

/// The lives of a graph's values in a sequence of steps.
struct ValueLives {
    /// By value; nil for constants, for values in another's memory and for those that no step uses.
    private(set) var values: [ValueLife?]

    init(graph: TypedGraph, aliases: [Int], segments: [[StepDraft]]) {
        values = Array(repeating: nil, count: graph.values.count)
        var step = 1
        for (index, segment) in segments.enumerated() {
            let rows = segment.first?.rows ?? 1
            let block = segment.map(\.rowBlock).max() ?? 1
            for draft in segment {
                func touch(_ value: Int, isAligned: Bool, isWritten: Bool) {
                    let root = aliases[value]
                    guard graph.values[root].constant == nil else { return }
                    var sharing = ValueLife.Sharing.none
                    let size = graph.values[root].type.byteCount
                    if rows <= 1 {
                        sharing = .oneThread
                    } else if isAligned, !draft.dividesParts, size.isMultiple(of: rows) {
                        sharing = .rows(count: rows, block: block, byteCount: size / rows)
                    }
                    add(
                        ValueLife(
                            segments: index...index, steps: step...step, writerCount: isWritten ? 1 : 0,
                            readerCount: isWritten ? 0 : 1, sharing: sharing),
                        to: root)
                }
                for value in draft.reads {
                    touch(value, isAligned: draft.alignedReads.contains(value), isWritten: false)
                }
                for value in draft.writes { touch(value, isAligned: true, isWritten: true) }
                step += 1
            }
        }
        // A caller may read an output, and an input, after the run.
        for value in graph.inputs + graph.outputs {
            let root = aliases[value]
            guard graph.values[root].constant == nil else { continue }
            let first = graph.inputs.contains(value) ? 0 : segments.count
            add(
                ValueLife(
                    segments: first...segments.count, steps: (first == 0 ? 0 : step)...step, writerCount: 0,
                    readerCount: 0, sharing: .none), to: root)
        }
    }

    private mutating func add(_ life: ValueLife, to value: Int) {
        if values[value] == nil { values[value] = life } else { values[value]?.extend(by: life) }
    }

    /// The step that first needs a value.
    func start(_ value: Int) -> Int { values[value]?.steps.lowerBound ?? 0 }
}
