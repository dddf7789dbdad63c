import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels

/// Steps with addresses: the main part of a plan, or the body of a loop or branch.
struct CompiledGraph: Sendable {
    let segments: [Segment]
    let arenaByteCount: Int
    /// Bytes of scratch memory for each thread.
    let scratchByteCount: Int
    let inputs: [Destination]
    let outputs: [Operand]
    let inputTypes: [ValueType]
    let outputTypes: [ValueType]
    /// What a session keeps from one run to the next; it is neither among `inputs` nor among `outputs`.
    let variables: KeptVariables
    /// Values that have memory or are constants, by name, in order of the graph.
    let values: [(name: String, type: ValueType, operand: Operand)]
    /// The constants that the steps' addresses point into.
    private let constants: [Tensor]
    private let buffers: [Buffer]
    /// The work whose results can be kept for each frame from one run to the next; nil if there is none.
    let frameWork: FrameWork?

    /// Elementary operations of one run, without the rounds of loops.
    let operations: Int

    /// - Parameters:
    ///   - keepsEveryValue: see `PlanOptions`.
    ///   - findsFrameWork: whether `frameWork` is determined.
    ///   - threads: how many threads run it at once, each with its own scratch memory.
    ///   - limits: limits on its memory and work.
    init(
        _ graph: consuming TypedGraph, kernels: KernelSet, fuses: Bool, keepsEveryValue: Bool,
        findsFrameWork: Bool = false, threads: Int = 1, limits: Limits
    ) throws(Fault) {
        var builder = StepBuilder(graph: consume graph, kernels: kernels, limits: limits)
        try builder.appendAll(fuses: fuses)
        try self.init(
            consume builder, keepsEveryValue: keepsEveryValue, findsFrameWork: findsFrameWork, threads: threads,
            limits: limits)
    }

    /// The graphs of one model for several numbers of frames. Their weights are packed once, and freed as soon as all
    /// have them packed.
    /// - Parameters:
    ///   - graphs: the first is the one for all frames; `frameWork` is determined for it alone.
    /// - Throws: why one of them cannot be compiled.
    static func compile(
        _ graphs: consuming [TypedGraph], kernels: KernelSet, fuses: Bool, keepsEveryValue: Bool, threads: Int,
        limits: Limits
    ) throws(Fault) -> [CompiledGraph] {
        let packed = PackedWeights()
        var builders: [StepBuilder] = []
        var nodes: [[FusedNode]] = []
        for graph in consume graphs {
            var builder = StepBuilder(graph: graph, kernels: kernels, limits: limits, packed: packed)
            nodes.append(try builder.takeNodes(fuses: fuses))
            builders.append(builder)
        }
        while nodes.contains(where: { !$0.isEmpty }) {
            for index in builders.indices {
                if let node = nodes[index].popLast() { try builders[index].append(node) }
            }
            packed.forget()
        }
        var results: [CompiledGraph] = []
        for builder in builders {
            results.append(
                try CompiledGraph(
                    builder, keepsEveryValue: keepsEveryValue, findsFrameWork: results.isEmpty, threads: threads,
                    limits: limits))
        }
        return results
    }

    private init(
        _ builder: consuming StepBuilder, keepsEveryValue: Bool, findsFrameWork: Bool, threads: Int, limits: Limits
    ) throws(Fault) {
        let graph = builder.graph
        let drafts = CompiledGraph.segments(of: builder.drafts, aliases: builder.aliases)
        let layout = Placement(
            graph: graph, aliases: builder.aliases, segments: drafts, keepsEveryValue: keepsEveryValue
        ).layout
        segments = drafts.map { drafts in
            Segment(
                rows: drafts.first?.rows ?? 1, rowBlock: drafts.map(\.rowBlock).max() ?? 1,
                steps: drafts.map {
                    Step(
                        name: $0.name, label: $0.label, rows: $0.rows, rowBlock: $0.rowBlock,
                        floatingPointOperations: $0.floatingPointOperations, products: $0.products,
                        part: $0.part, body: $0.bind(layout))
                })
        }
        arenaByteCount = layout.arenaByteCount
        scratchByteCount = ((builder.drafts.map(\.scratchByteCount).max() ?? 0) + 63) / 64 * 64 + 64
        variables = KeptVariables(of: graph, layout)
        let memory = Work.sum(
            Work.sum(layout.arenaByteCount, variables.byteCount), Work.product(scratchByteCount, threads))
        try limits.check(
            .memoryBytes, memory, at: "graph '\(graph.name)'", "running the graph takes too much memory",
            found: "\(memory) bytes")
        operations = builder.drafts.reduce(0) { Work.sum($0, $1.work(in: graph)) }
        try limits.check(
            .operations, operations, at: "graph '\(graph.name)'", "running the graph takes too much work",
            found: "\(operations) operations")
        let (given, wanted) = (graph.givenInputs, graph.givenOutputs)
        inputs = given.map { layout.destination($0) }
        outputs = wanted.map { layout.operand($0) }
        inputTypes = given.map { graph.values[$0].type }
        outputTypes = wanted.map { graph.values[$0].type }
        values = graph.values.indices.compactMap { index in
            let value = graph.values[index]
            guard layout.offsets[index] != nil || value.constant != nil else { return nil }
            return (value.name, value.type, layout.operand(index))
        }
        constants =
            graph.values.compactMap { $0.constant?.tensor }
            + builder.constantsInUse
        buffers = builder.buffers
        frameWork =
            findsFrameWork
            ? FrameWork(graph: graph, aliases: builder.aliases, drafts: drafts, segments: segments, layout: layout)
            : nil
    }

    /// Steps are in one segment as long as each needs only its own rows of the segment's results.
    ///
    /// A result can be read under another name, so values are compared by the memory that they share.
    static func segments(of drafts: [StepDraft], aliases: [Int]) -> [[StepDraft]] {
        var segments: [[StepDraft]] = []
        var written = Set<Int>()
        for draft in drafts {
            let isWhole = draft.rows <= 1
            let joins =
                segments.last?.last.map { last in
                    if isWhole { return last.rows <= 1 }
                    return last.rows == draft.rows && !last.dividesParts && !draft.dividesParts
                        && draft.reads.allSatisfy { !written.contains(aliases[$0]) || draft.alignedReads.contains($0) }
                } ?? false
            if joins {
                segments[segments.count - 1].append(draft)
            } else {
                segments.append([draft])
                written = []
            }
            written.formUnion(draft.writes.map { aliases[$0] })
        }
        return segments
    }

    /// Runs everything on the calling thread.
    func run(_ execution: Execution) {
        for segment in segments {
            for step in segment.steps { step.body(execution, 0..<segment.rows) }
        }
    }
}
