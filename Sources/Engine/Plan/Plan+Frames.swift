package import EmotionFormerCore
package import EmotionFormerGraph

extension Plan {
    /// Proves that a graph can be run on a clip's own frames; see `FrameProof`.
    /// - Parameters:
    ///   - padding: the graph's input for a clip that is padding from beginning to end.
    ///   - outputsByFrame: indices of the graph's outputs that may have a row for each frame.
    /// - Throws: the first node that stands in the way.
    package static func frameProof(
        _ graph: TypedGraph, padding: Tensor, outputsByFrame: Set<Int>, options: PlanOptions
    ) throws(FrameBarrier) -> FrameProof {
        try FrameProof(
            graph, padding: padding, outputsByFrame: outputsByFrame,
            evaluator: EngineEvaluator(instructionSet: options.instructionSet, limits: options.limits))
    }
}
