package import EmotionFormerTensors

/// Computes nodes whose operands are all known; the engine and the reference executor each are one.
package protocol ConstantEvaluator {
    /// - Returns: one tensor an output, of the types given.
    func evaluate(
        _ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]
    ) throws(Fault) -> [Tensor]
}
