package import EmotionFormerCore
package import EmotionFormerGraph
package import EmotionFormerKernels

/// A program compiled for the shapes of its inputs and one instruction set; immutable, shared by threads.
///
/// A `Session` has the memory to run it.
package final class Plan: Sendable {
    package let options: PlanOptions
    /// The types of the plan's inputs.
    package let inputTypes: [ValueType]
    package let outputTypes: [ValueType]
    let compiled: CompiledGraph

    /// If the caller consumes the program, its tensors are freed one by one as their weights are packed.
    /// - Parameters:
    ///   - program: a validated program.
    ///   - inputShapes: one for each input of its main graph.
    ///   - outputs: names of the values to return, any values of the main graph; its outputs if nil.
    /// - Throws: a fault with the node's name if the program cannot run on these shapes.
    package convenience init(
        _ program: consuming Program, inputShapes: [Shape], outputs: [String]? = nil,
        options: PlanOptions = PlanOptions()
    ) throws(Fault) {
        if let outputs, !program.graphs.isEmpty { program.graphs[0].outputs = outputs }
        let graph = try Plan.graph(consume program, inputShapes: inputShapes, options: options)
        try self.init(consume graph, options: options)
    }

    package convenience init(_ graph: consuming TypedGraph, options: PlanOptions) throws(Fault) {
        self.init(
            try CompiledGraph(
                consume graph, kernels: .kernels(for: options.instructionSet), fuses: options.stage == .fused,
                keepsEveryValue: options.keepsEveryValue, findsFrameWork: true, threads: max(options.threads, 1),
                limits: options.limits), options: options)
    }

    /// Plans of one model for several numbers of frames, which share their packed weights.
    /// - Parameter graphs: the first is the one for all frames.
    package static func plans(
        _ graphs: consuming [TypedGraph], options: PlanOptions
    ) throws(Fault) -> [Plan] {
        try CompiledGraph.compile(
            consume graphs, kernels: .kernels(for: options.instructionSet), fuses: options.stage == .fused,
            keepsEveryValue: options.keepsEveryValue, threads: max(options.threads, 1), limits: options.limits
        ).map { Plan($0, options: options) }
    }

    private init(_ compiled: CompiledGraph, options: PlanOptions) {
        self.options = options
        self.compiled = compiled
        inputTypes = compiled.inputTypes
        outputTypes = compiled.outputTypes
    }

    /// The program's main graph at the stage that the options name: with types, and simplified unless the stage is
    /// `imported`.
    package static func graph(
        _ program: consuming Program, inputShapes: [Shape], options: PlanOptions = PlanOptions()
    ) throws(Fault) -> TypedGraph {
        let evaluator = EngineEvaluator(instructionSet: options.instructionSet, limits: options.limits)
        let graph = try program.typed(inputShapes: inputShapes, evaluator: evaluator, limits: options.limits)
        return options.stage == .imported ? graph : try graph.simplified()
    }

    /// Bytes of a session's arena and of each thread's scratch.
    package var memory: (arena: Int, scratch: Int) { (compiled.arenaByteCount, compiled.scratchByteCount) }

    /// A description of a step, for reports and measurements.
    package struct StepSummary: Sendable {
        /// Threads meet between segments.
        package let segment: Int
        package let name: String
        package let label: String
        /// The number of rows that threads may divide.
        package let rows: Int
        package let floatingPointOperations: Int
        package let products: [ProductShape]
        /// The part of the kernels that most of its time goes to.
        package let part: KernelPart
    }

    /// The steps in order.
    package var steps: [StepSummary] {
        compiled.segments.enumerated().flatMap { index, segment in
            segment.steps.map {
                StepSummary(
                    segment: index, name: $0.name, label: $0.label, rows: $0.rows,
                    floatingPointOperations: $0.floatingPointOperations, products: $0.products, part: $0.part)
            }
        }
    }

    /// nil if no work of the plan is independent of a frame's place.
    package var frameLayout: FrameLayout? { compiled.frameWork?.layout }

    /// Names of the steps that run once for each frame, and labels of those in a resumed run, in order.
    package var frameSteps: (once: [String], resumed: [String]) {
        let work = compiled.frameWork
        return (work?.singles.map(\.name) ?? [], work?.resumed.flatMap { $0.steps.map(\.label) } ?? [])
    }
}
