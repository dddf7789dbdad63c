import EmotionFormerCore
import EmotionFormerGraph

/// The work of a plan that does not depend on a frame's place in the clip, and the rest of the plan.
///
/// Consecutive windows of a stream share most of their frames. The results of this work are kept for each frame by the
/// stream, and only the rest is run again.
struct FrameWork: Sendable {
    /// A value whose part for each frame is kept.
    struct Kept: Sendable {
        let name: String
        /// Bytes of one frame's part.
        let byteCount: Int
        /// Their offset in a frame's kept bytes.
        let offset: Int
        let destination: Destination
    }

    /// A step that is run for some frames only, in the first rows of its values.
    struct Single: Sendable {
        let name: String
        let rowsPerFrame: Int
        let body: StepBody
        /// Indices of the kept values among its results.
        let kept: [Int]
    }

    /// Frames of the input.
    let frameCount: Int
    let kept: [Kept]
    let singles: [Single]
    /// The plan without these steps: their results are copied from the kept values instead.
    let resumed: [Segment]
    let layout: FrameLayout
    /// Bytes of a frame's kept values, a whole number of cache lines.
    var byteCount: Int { layout.byteCount }

    /// nil if no step works frame by frame, or the input is not one clip of frames.
    init?(
        graph: TypedGraph, aliases: [Int], drafts: [[StepDraft]], segments: [Segment], layout: Layout
    ) {
        guard graph.inputs.count == 1, let input = graph.inputs.first else { return nil }
        let extents = graph.values[input].type.shape.extents
        guard extents.count >= 2, extents[0] == 1, extents[1] >= 2 else { return nil }
        let analysis = FrameAnalysis(graph: graph, aliases: aliases, drafts: drafts, input: input, frames: extents[1])
        guard !analysis.framewise.isEmpty else { return nil }
        frameCount = extents[1]
        var kept: [Kept] = []
        var offset = 0
        for value in analysis.kept {
            let size = graph.values[value].type.byteCount / frameCount
            kept.append(
                Kept(
                    name: graph.values[value].name, byteCount: size, offset: offset,
                    destination: layout.destination(value)))
            // Kept values need no alignment, but whole words copy faster.
            offset += (size + 15) / 16 * 16
        }
        self.kept = kept
        self.layout = FrameLayout(
            values: kept.map { FrameLayout.Value(name: $0.name, byteCount: $0.byteCount) },
            byteCount: (offset + 63) / 64 * 64)
        let places = Dictionary(uniqueKeysWithValues: analysis.kept.enumerated().map { ($1, $0) })
        var singles: [Single] = []
        var resumed: [Segment] = []
        if let place = places[aliases[input]] {
            let step = FrameWork.bringing(kept[place], frames: frameCount, name: graph.values[input].name)
            resumed.append(Segment(rows: frameCount, rowBlock: 1, steps: [step]))
            singles.append(Single(name: step.name, rowsPerFrame: 1, body: { _, _ in }, kept: [place]))
        }
        var number = 0
        for (drafts, segment) in zip(drafts, segments) {
            var steps: [Step] = []
            for (draft, step) in zip(drafts, segment.steps) {
                defer { number += 1 }
                guard analysis.framewise.contains(number), let work = draft.rowwise else {
                    steps.append(step)
                    continue
                }
                let results = draft.writes.compactMap { places[aliases[$0]] }
                singles.append(
                    Single(
                        name: draft.name, rowsPerFrame: work.rows / frameCount, body: work.bind(layout),
                        kept: results))
                for result in results {
                    steps.append(
                        FrameWork.bringing(kept[result], frames: frameCount, name: draft.name, rows: segment.rows))
                }
                if let placing = work.placing {
                    steps.append(
                        Step(
                            name: draft.name, label: "place \(frameCount) frames", rows: step.rows,
                            rowBlock: step.rowBlock, floatingPointOperations: 0, products: [], part: .others,
                            body: FrameWork.body(of: placing, layout, rows: work.rows, isWhole: segment.rows <= 1)))
                }
            }
            if !steps.isEmpty {
                resumed.append(Segment(rows: segment.rows, rowBlock: segment.rowBlock, steps: steps))
            }
        }
        self.singles = singles
        self.resumed = resumed
    }

    /// A step that is done as a whole still has all its rows to place.
    private static func body(
        of placing: RowwiseWork.Placing, _ layout: Layout, rows: Int, isWhole: Bool
    ) -> StepBody {
        let placed = placing.bind(layout)
        guard isWhole else { return placed }
        return { execution, _ in placed(execution, 0..<rows) }
    }

    /// Copies every frame's part of a value from the kept values; `rows` is what its segment is split into.
    private static func bringing(_ value: Kept, frames: Int, name: String, rows: Int? = nil) -> Step {
        let total = value.byteCount * frames
        let rows = rows ?? frames
        let rowSize = rows <= 1 ? total : total / rows
        let body: StepBody = { execution, range in
            guard let source = execution.frames?.pointee, let slots = source.slots, let memory = source.memory else {
                return
            }
            let target = value.destination.bytes(execution)
            var position = range.lowerBound &* rowSize
            let end = range.upperBound &* rowSize
            while position < end {
                let frame = position / value.byteCount
                let start = position % value.byteCount
                let count = min(value.byteCount &- start, end &- position)
                let offset = slots[frame] &* source.stride &+ value.offset &+ start
                target.advanced(by: position).copyMemory(from: memory.advanced(by: offset), byteCount: count)
                position &+= count
            }
        }
        return Step(
            name: name, label: "kept \(frames) frames × \(value.byteCount) bytes", rows: rows, rowBlock: 1,
            floatingPointOperations: 0, products: [], part: .others, body: body)
    }
}

/// Finds the steps of a plan that work frame by frame, and the values that other steps need from them.
private struct FrameAnalysis {
    /// Numbers of steps, counted over all segments.
    private(set) var framewise = Set<Int>()
    /// Values with memory of their own, ascending.
    private(set) var kept: [Int] = []

    /// A value consists of `frames` equal parts, and is independent if each part depends only on the same part of the
    /// input.
    init(graph: TypedGraph, aliases: [Int], drafts: [[StepDraft]], input: Int, frames: Int) {
        let drafts = drafts.flatMap(\.self)
        var writers: [Int: Int] = [aliases[input]: 1]
        for draft in drafts { for value in Set(draft.writes.map { aliases[$0] }) { writers[value, default: 0] += 1 } }
        var independent: Set = [aliases[input]]
        var unplaced = Set<Int>()
        var needed = Set(graph.outputs.map { aliases[$0] })
        func variable(_ values: [Int]) -> [Int] {
            values.map { aliases[$0] }.filter { graph.values[$0].constant == nil }
        }
        for (number, draft) in drafts.enumerated() {
            let results = draft.writes.map { aliases[$0] }
            guard let work = draft.rowwise, work.rows > 0, work.rows.isMultiple(of: frames),
                variable(work.reads).allSatisfy({ independent.contains($0) }), !variable(work.reads).isEmpty,
                variable(work.others).isEmpty,
                results.allSatisfy({ writers[$0] == 1 }),
                (results + variable(work.reads)).allSatisfy({
                    graph.values[$0].type.shape.elementCount.isMultiple(of: work.rows)
                })
            else {
                needed.formUnion(variable(draft.reads))
                continue
            }
            framewise.insert(number)
            if let placing = work.placing {
                unplaced.formUnion(results)
                needed.formUnion(variable(placing.reads))
            } else {
                independent.formUnion(results)
            }
        }
        kept = unplaced.union(independent.intersection(needed)).sorted()
    }
}
