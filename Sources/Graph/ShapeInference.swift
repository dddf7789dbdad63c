package import EmotionFormerTensors

/// The types of a node's outputs from those of its operands: one function a family of operations.
package enum ShapeInference {
    /// - Returns: a type for every output that the operation can have, optional ones included.
    /// - Throws: a fault without place if the operands do not suit the operation; nothing is assumed about them but
    ///   what `Program.validated()` has checked.
    package static func outputTypes(_ context: NodeContext) throws(Fault) -> [ValueType] {
        throw Fault(
            .unsupportedOperation, at: "", "shapes of the operation cannot be inferred",
            found: context.operation.rawValue)
    }

    /// What an operation gives whatever its operands' elements are: `shape`, `onesLike`, `zerosLike`.
    package static func constantOutputs(
        _ context: NodeContext, types: [ValueType]
    ) throws(Fault) -> [StoredTensor]? {
        nil
    }
}
