/// The input of shape inference for a node: the types of its operands, and the values of those that are known.
package struct NodeContext {
    package let operation: Operation
    package let attributes: Attributes
    package let weights: [String: StoredTensor]
    /// nil where an operand is absent.
    package let inputTypes: [ValueType?]
    /// The operand's constant where it is known before the model runs.
    package let inputConstants: [StoredTensor?]
    package let outputCount: Int
    package let quantizations: NodeQuantizations

    package init(
        operation: Operation, attributes: Attributes, weights: [String: StoredTensor], inputTypes: [ValueType?],
        inputConstants: [StoredTensor?], outputCount: Int, quantizations: NodeQuantizations = NodeQuantizations()
    ) {
        self.operation = operation
        self.attributes = attributes
        self.weights = weights
        self.inputTypes = inputTypes
        self.inputConstants = inputConstants
        self.outputCount = outputCount
        self.quantizations = quantizations
    }
}
