package import EmotionFormerCore

/// The element type and shape of a value.
package struct ValueType: Sendable, Hashable, CustomStringConvertible {
    package var elementType: ElementType
    package var shape: Shape

    package init(_ elementType: ElementType, _ shape: Shape) {
        self.elementType = elementType
        self.shape = shape
    }

    /// Bytes of all elements, without gaps.
    package var byteCount: Int { shape.elementCount * elementType.byteCount }

    /// `float32 [1, 300, 64]`
    package var description: String { "\(elementType.rawValue) \(shape)" }
}

/// The quantizations of a node's operands and results; nil where a value has none.
package struct NodeQuantizations: Sendable, Hashable {
    private var inputs: [ValueQuantization?]
    private var outputs: [ValueQuantization?]

    package init(inputs: [ValueQuantization?] = [], outputs: [ValueQuantization?] = []) {
        self.inputs = inputs
        self.outputs = outputs
    }

    package func input(_ index: Int) -> ValueQuantization? { index < inputs.count ? inputs[index] : nil }
    package func output(_ index: Int = 0) -> ValueQuantization? { index < outputs.count ? outputs[index] : nil }
}

/// A graph in which every value has a known type and shape. The simplifier rewrites it, and a plan is made from it.
///
/// Values are numbered. A value that is known before the model runs has a constant and no node.
package struct TypedGraph: Sendable {
    package struct Value: Sendable {
        /// The name in the file; values made by a rewrite have names derived from it.
        package var name: String
        package var type: ValueType
        package var constant: StoredTensor?

        package init(name: String, type: ValueType, constant: StoredTensor? = nil) {
            self.name = name
            self.type = type
            self.constant = constant
        }
    }

    package struct Node: Sendable {
        package var name: String
        package var operation: Operation
        /// Indices of values; nil where an optional operand is absent. Trailing absent operands may be left out.
        package var inputs: [Int?]
        package var outputs: [Int]
        package var attributes: Attributes
        /// By role.
        package var weights: [String: StoredTensor]
        /// By the attribute that names them: `condition`, `body`, `then`, `else`.
        package var bodies: [String: TypedGraph]
        /// Those of its operands and results in the file. They stay the node's own when values are renamed or joined.
        package var quantizations: NodeQuantizations

        package init(
            _ operation: Operation, name: String, inputs: [Int?], outputs: [Int], attributes: Attributes = [:],
            weights: [String: StoredTensor] = [:], bodies: [String: TypedGraph] = [:],
            quantizations: NodeQuantizations = NodeQuantizations()
        ) {
            self.name = name
            self.operation = operation
            self.inputs = inputs
            self.outputs = outputs
            self.attributes = attributes
            self.weights = weights
            self.bodies = bodies
            self.quantizations = quantizations
        }

        /// The value at an operand's position; nil if the operand is absent.
        package func input(_ index: Int) -> Int? { index < inputs.count ? inputs[index] : nil }
    }

    /// A value that a run finds as the run before left it: an input and an output of the graph.
    package struct Variable: Sendable {
        package var name: String
        /// Its position among `inputs`, behind those of the caller.
        package var input: Int
        /// Its position among `outputs`.
        package var output: Int
        package var initial: Tensor
        /// Whether it is the state of a fused LSTM.
        package var isState: Bool

        package init(name: String, input: Int, output: Int, initial: Tensor, isState: Bool = false) {
            self.name = name
            self.input = input
            self.output = output
            self.initial = initial
            self.isState = isState
        }
    }

    package var name: String
    package var values: [Value]
    package var nodes: [Node]
    /// Those that a caller gives, then the variables.
    package var inputs: [Int]
    /// Those that a caller gets, and what the variables become.
    package var outputs: [Int]
    package var variables: [Variable]

    package init(
        name: String, values: [Value] = [], nodes: [Node] = [], inputs: [Int] = [], outputs: [Int] = [],
        variables: [Variable] = []
    ) {
        self.name = name
        self.values = values
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
        self.variables = variables
    }

    /// The inputs that a caller gives.
    package var givenInputs: [Int] { Array(inputs.dropLast(variables.count)) }

    /// The outputs that a caller gets.
    package var givenOutputs: [Int] {
        let kept = Set(variables.map(\.output))
        return outputs.indices.filter { !kept.contains($0) }.map { outputs[$0] }
    }

    /// Adds a value and returns its index.
    package mutating func addValue(named name: String, _ type: ValueType, constant: StoredTensor? = nil) -> Int {
        values.append(Value(name: name, type: type, constant: constant))
        return values.count - 1
    }

    package func shape(of value: Int) -> Shape { values[value].type.shape }
    package func constant(_ value: Int?) -> StoredTensor? { value.flatMap { values[$0].constant } }
}
