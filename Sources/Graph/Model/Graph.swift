package import EmotionFormerCore

/// One step of a graph, by names, as a file holds it.
package struct Node: Sendable, Hashable {
    package var name: String
    package var operation: Operation
    /// Names of values; nil where an optional operand before a given one is absent.
    package var inputs: [String?]
    /// Names of the values that the node makes, unique in its graph.
    package var outputs: [String]
    package var attributes: Attributes
    /// Names of stored tensors by role.
    package var weights: [String: String]

    package init(
        _ operation: Operation, name: String, inputs: [String?] = [], outputs: [String], attributes: Attributes = [:],
        weights: [String: String] = [:]
    ) {
        self.name = name
        self.operation = operation
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
        self.weights = weights
    }
}

/// An input of a graph.
package struct GraphInput: Sendable, Hashable {
    package var name: String
    package var elementType: ElementType
    /// nil where the extent is open until a plan is made. The first axis is the batch's.
    package var extents: [Int?]

    package init(name: String, elementType: ElementType, extents: [Int?]) {
        self.name = name
        self.elementType = elementType
        self.extents = extents
    }
}

/// Nodes in topological order.
package struct Graph: Sendable, Hashable {
    package var name: String
    package var inputs: [GraphInput]
    /// Names of values: of inputs or of nodes' outputs.
    package var outputs: [String]
    package var nodes: [Node]
    /// What the graph keeps from one run to the next; only the main graph has any.
    package var variables: [GraphVariable]
    /// The real numbers that a value's integers stand for, by the value's name: inputs, variables and results of nodes.
    package var quantizations: [String: ValueQuantization]

    package init(
        name: String, inputs: [GraphInput], outputs: [String], nodes: [Node], variables: [GraphVariable] = [],
        quantizations: [String: ValueQuantization] = [:]
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.nodes = nodes
        self.variables = variables
        self.quantizations = quantizations
    }

    /// Names of the stored tensors that the graph uses.
    package var tensorNames: Set<String> {
        Set(nodes.flatMap { Array($0.weights.values) } + variables.map(\.initial))
    }

    /// Names of its nodes and values.
    package var ownNames: Set<String> {
        Set(nodes.flatMap { [$0.name] + $0.outputs } + inputs.map(\.name) + variables.map(\.input))
    }
}

/// The real numbers that a value's integers stand for: (q − zeroPoint) · scale.
package struct ValueQuantization: Sendable, Hashable {
    /// Finite and positive.
    package var scale: Float
    /// In the range of the value's type.
    package var zeroPoint: Int

    package init(scale: Float, zeroPoint: Int) {
        self.scale = scale
        self.zeroPoint = zeroPoint
    }
}

/// The real numbers that a tensor's integers represent: (q − zeroPoint) · scale.
package struct Quantization: Sendable, Hashable {
    /// One for the tensor, or one for each index of `axis`.
    package var scales: [Float]
    /// As many as there are scales.
    package var zeroPoints: [Int]
    /// nil if the whole tensor has one scale.
    package var axis: Int?

    package init(scales: [Float], zeroPoints: [Int], axis: Int?) {
        self.scales = scales
        self.zeroPoints = zeroPoints
        self.axis = axis
    }
}

/// A constant tensor with its quantization.
package struct StoredTensor: Sendable {
    package var tensor: Tensor
    package var quantization: Quantization?

    package init(_ tensor: Tensor, quantization: Quantization? = nil) {
        self.tensor = tensor
        self.quantization = quantization
    }
}

/// Graphs and the constants that they share: a model without the description of its input and labels.
package struct Program: Sendable {
    /// The first is the main graph; others are bodies of loops and branches.
    package var graphs: [Graph]
    package var tensors: [String: StoredTensor]

    package init(graphs: [Graph], tensors: [String: StoredTensor]) {
        self.graphs = graphs
        self.tensors = tensors
    }
}
