package import EmotionFormerCore

/// Computes nodes whose operands are all known. The engine and the reference executor implement it.
package protocol ConstantEvaluator {
    /// - Returns: a tensor for each output, of the given types.
    func evaluate(
        _ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]
    ) throws(Fault) -> [Tensor]
}
