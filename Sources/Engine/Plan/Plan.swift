package import EmotionFormerGraph
import EmotionFormerKernels
package import EmotionFormerTensors

/// A program compiled for the shapes of its inputs and one instruction set; immutable, shared by threads.
///
/// A `Session` runs it with memory of its own.
package final class Plan: Sendable {
    package let options: PlanOptions
    /// The graph that the steps were made from, at the stage that the options name.
    package let inputTypes: [ValueType]
    package let outputTypes: [ValueType]
    let compiled: CompiledGraph

    /// - Parameters:
    ///   - program: a validated program.
    ///   - inputShapes: one an input of its main graph.
    ///   - outputs: names of values to give; the main graph's outputs if nil. They need not be the graph's.
    /// - Throws: a fault with the node's name if the program cannot run on these shapes.
    package convenience init(
        _ program: Program, inputShapes: [Shape], outputs: [String]? = nil, options: PlanOptions = PlanOptions()
    ) throws(Fault) {
        var program = program
        if let outputs, !program.graphs.isEmpty { program.graphs[0].outputs = outputs }
        try self.init(
            Plan.graph(program, inputShapes: inputShapes, options: options), options: options)
    }

    package init(_ graph: TypedGraph, options: PlanOptions) throws(Fault) {
        self.options = options
        compiled = try CompiledGraph(
            graph, kernels: .kernels(for: options.instructionSet), fuses: options.stage == .fused,
            keepsEveryValue: options.keepsEveryValue)
        inputTypes = compiled.inputTypes
        outputTypes = compiled.outputTypes
    }

    /// The program's main graph at the stage that the options name: with types, and simplified unless `imported` is asked for.
    package static func graph(
        _ program: Program, inputShapes: [Shape], options: PlanOptions = PlanOptions()
    ) throws(Fault) -> TypedGraph {
        let evaluator = EngineEvaluator(instructionSet: options.instructionSet)
        let graph = try program.typed(inputShapes: inputShapes, evaluator: evaluator)
        return options.stage == .imported ? graph : try graph.simplified()
    }

    /// Bytes of a session's arena and of each thread's scratch.
    package var memory: (arena: Int, scratch: Int) { (compiled.arenaByteCount, compiled.scratchByteCount) }

    /// The steps in order, each with its segment: threads meet between segments.
    package var steps: [(segment: Int, name: String, label: String, rows: Int, floatingPointOperations: Int)] {
        compiled.segments.enumerated().flatMap { index, segment in
            segment.steps.map { (index, $0.name, $0.label, $0.rows, $0.floatingPointOperations) }
        }
    }
}
