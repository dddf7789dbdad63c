import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerModelFormat

/// The plans of a model that pads clips: for its own number of frames, and for fewer if padding influences nothing.
struct PaddedPlans {
    let whole: Plan
    let sizes: ClipSizes?
    /// Why there is no plan for fewer frames.
    let barrier: FrameBarrier?

    /// - Parameter rows: the model's own number of frames.
    /// - Throws: why the model cannot be compiled.
    init(
        _ contents: consuming ModelPackage, _ preparation: InputPreparation, _ options: PlanOptions, rows: Int
    ) throws(Fault) {
        let outputs = OutputReading.values(contents.outputs)
        let byFrame = OutputReading.outputsByFrame(contents.outputs)
        let shape = try contents.clipShape(rows: rows)
        // The plan is then the only owner of the program, and frees each tensor as soon as it is packed.
        var program = contents.program
        _ = consume contents
        if !program.graphs.isEmpty { program.graphs[0].outputs = outputs }
        let graph = try Plan.graph(consume program, inputShapes: [shape], options: options)
        let padding = Tensor(.float32, shape) {
            preparation.writePadding(rows: rows, to: $0.bindMemory(to: Float.self))
        }
        switch PaddedPlans.sized(graph, preparation.input, padding, byFrame, options) {
        case .failure(let barrier):
            whole = try Plan(consume graph, options: options)
            sizes = nil
            self.barrier = barrier
        case .success(let sized):
            _ = consume graph
            let (counts, unit, guards, largest) = (sized.frames, sized.unit, sized.guards, sized.largestInput)
            let plans = try Plan.plans((consume sized).graphs, options: options)
            whole = plans[0]
            sizes = ClipSizes(
                zip(counts, plans.dropFirst()).map { (frames: $0, plan: $1) }, unit: unit, guards: guards,
                largestInput: largest, outputCount: outputs.count, features: preparation.input.features)
            barrier = nil
        }
    }

    /// A graph for all frames, and the same for fewer.
    private struct SizedGraphs {
        var graphs: [TypedGraph]
        let frames: [Int]
        let unit: Int
        let guards: [[Int]]
        let largestInput: Float
    }

    private static func sized(
        _ graph: TypedGraph, _ input: ModelInput, _ padding: Tensor, _ byFrame: Set<Int>, _ options: PlanOptions
    ) -> Result<SizedGraphs, FrameBarrier> {
        Result { () throws(FrameBarrier) in
            guard input.padding.side == .end else { throw FrameBarrier("the model", "pads clips at their start") }
            // Constants that are not cut are then in the same memory for all plans.
            var graph = graph
            for index in graph.values.indices {
                if let tensor = graph.values[index].constant?.tensor {
                    graph.values[index].constant?.tensor = tensor.apart()
                }
            }
            let proof = try Plan.frameProof(graph, padding: padding, outputsByFrame: byFrame, options: options)
            var sized = SizedGraphs(
                graphs: [graph], frames: ClipSizes.frames(of: proof), unit: proof.unit, guards: proof.guards,
                largestInput: proof.largestInput)
            for count in sized.frames {
                do throws(Fault) {
                    sized.graphs.append(try proof.graph(frames: count))
                } catch {
                    throw FrameBarrier(error.place, error.problem)
                }
            }
            return sized
        }
    }
}
