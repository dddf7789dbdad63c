package import EmotionFormerCore

/// A typed graph that is being rewritten. The producer and the users of each value are kept up to date while nodes are
/// removed and inserted.
///
/// A rewrite removes nodes with `remove` and inserts others with `insert`, which can produce an existing value, so that
/// later nodes and the graph's outputs are not affected. The position does not matter: `finished()` sorts nodes
/// topologically, close to their old places, and drops unused ones.
package struct GraphRewriter {
    package private(set) var values: [TypedGraph.Value]
    /// nil where a node was removed.
    package private(set) var nodes: [TypedGraph.Node?]
    /// The operation of each node, for passes that search all nodes.
    private var operations: [Operation?] = []
    /// Counts every change; unchanged after a pass that found nothing to rewrite.
    package private(set) var changeCount = 0

    /// The remaining budget of constant elements to compute: many nodes can share a large constant of a small file.
    private var constantBudget = 1 << 24

    private let name: String
    private let inputs: [Int]
    private let outputs: [Int]
    private let variables: [TypedGraph.Variable]
    private var uses: ValueUses
    private var valueNames: Set<String>
    private var nodeNames: Set<String>

    package init(_ graph: TypedGraph) {
        name = graph.name
        values = graph.values
        inputs = graph.inputs
        outputs = graph.outputs
        variables = graph.variables
        uses = ValueUses(graph)
        valueNames = Set(graph.values.map(\.name))
        nodeNames = Set(graph.nodes.map(\.name))
        nodes = graph.nodes
        operations = graph.nodes.map(\.operation)
    }

    // MARK: Looking

    package func producer(of value: Int) -> Int? { uses.producer(of: value) }

    /// The node that makes a value.
    package func producing(_ value: Int?) -> TypedGraph.Node? {
        guard let value, let index = uses.producer(of: value) else { return nil }
        return nodes[index]
    }

    /// The node that produces a value, if it has this operation.
    package func producing(_ value: Int?, _ operation: Operation) -> TypedGraph.Node? {
        guard let node = producing(value), node.operation == operation else { return nil }
        return node
    }

    package func consumers(of value: Int) -> [Int] { uses.consumers(of: value) }
    package func isUsedOnce(_ value: Int) -> Bool { uses.isUsedOnce(value) }

    /// The only node that uses a value that is not an output of the graph.
    package func onlyConsumer(of value: Int) -> TypedGraph.Node? {
        uses.onlyConsumer(of: value).flatMap { nodes[$0] }
    }

    package func isGraphOutput(_ value: Int) -> Bool { uses.isGraphOutput(value) }
    package func isUsed(_ value: Int) -> Bool { uses.isUsed(value) }
    package func shape(of value: Int) -> Shape { values[value].type.shape }
    package func type(of value: Int) -> ValueType { values[value].type }
    package func constant(_ value: Int?) -> StoredTensor? { value.flatMap { values[$0].constant } }

    /// Indices of the nodes of a kind, in the order in which they were added.
    package func indices(of kinds: Operation...) -> [Int] { indices(of: kinds) }

    func indices(of kinds: [Operation]) -> [Int] {
        operations.indices.filter { index in operations[index].map { kinds.contains($0) } ?? false }
    }

    // MARK: Changing

    package mutating func remove(_ index: Int) {
        guard let node = nodes[index] else { return }
        uses.remove(node, at: index)
        nodes[index] = nil
        operations[index] = nil
        changeCount += 1
    }

    /// Replaces a node. Values that the old node produces and the new one does not must have no users.
    package mutating func replace(_ index: Int, with node: TypedGraph.Node) {
        remove(index)
        place(completed(node), at: index)
    }

    /// Replaces a node by another operation with the same name and outputs.
    package mutating func replace(
        _ index: Int, with operation: Operation, inputs: [Int?], attributes: Attributes = [:],
        weights: [String: StoredTensor] = [:]
    ) {
        guard let node = nodes[index] else { return }
        replace(
            index,
            with: TypedGraph.Node(
                operation, name: node.name, inputs: inputs, outputs: node.outputs, attributes: attributes,
                weights: weights))
    }

    /// Inserts a node that produces existing values, whose producer has been removed. Its name is made unique.
    package mutating func insert(
        _ operation: Operation, name: String, inputs: [Int?], making outputs: [Int], attributes: Attributes = [:],
        weights: [String: StoredTensor] = [:]
    ) {
        let node = TypedGraph.Node(
            operation, name: GraphRewriter.unique(name, among: &nodeNames), inputs: inputs, outputs: outputs,
            attributes: attributes, weights: weights)
        append(completed(node))
        changeCount += 1
    }

    /// Inserts a node with a new value of the same name, and returns the value's index.
    package mutating func insert(
        _ operation: Operation, name: String, inputs: [Int?], type: ValueType, attributes: Attributes = [:],
        weights: [String: StoredTensor] = [:]
    ) -> Int {
        let value = addValue(named: name, type)
        insert(operation, name: name, inputs: inputs, making: [value], attributes: attributes, weights: weights)
        return value
    }

    package mutating func addConstant(named name: String, _ tensor: Tensor) -> Int {
        addValue(named: name, ValueType(tensor.elementType, tensor.shape), constant: StoredTensor(tensor))
    }

    /// Whether a constant with this number of elements may be computed; if so, it is charged to the budget.
    package mutating func mayCompute(elementCount: Int) -> Bool {
        guard elementCount <= constantBudget else { return false }
        constantBudget -= elementCount
        return true
    }

    /// Makes every user of `value` use another value of the same type, so that the producer of `value` becomes unused.
    ///
    /// An output of the graph keeps its name: the producer of `other` then produces it, if possible.
    /// - Returns: whether that was possible.
    @discardableResult
    package mutating func redirect(_ value: Int, to other: Int) -> Bool {
        guard value != other, type(of: value) == type(of: other) else { return false }
        if !isGraphOutput(value) {
            moveUsers(of: value, to: other)
        } else {
            guard let maker = producer(of: other), !isGraphOutput(other), let old = producer(of: value), old != maker,
                var node = nodes[maker]
            else { return false }
            remove(old)
            node.outputs = node.outputs.map { $0 == other ? value : $0 }
            uses.moveMaker(of: other, to: value)
            nodes[maker] = node
            moveUsers(of: other, to: value)
        }
        changeCount += 1
        return true
    }

    private mutating func moveUsers(of value: Int, to other: Int) {
        for index in Set(consumers(of: value)) {
            guard var node = nodes[index] else { continue }
            node.inputs = node.inputs.map { $0 == value ? other : $0 }
            nodes[index] = node
        }
        uses.moveUsers(of: value, to: other)
    }

    package mutating func addValue(named name: String, _ type: ValueType, constant: StoredTensor? = nil) -> Int {
        let unique = GraphRewriter.unique(name, among: &valueNames)
        values.append(TypedGraph.Value(name: unique, type: type, constant: constant))
        uses.addValue()
        return values.count - 1
    }

    private mutating func append(_ node: TypedGraph.Node) {
        nodes.append(nil)
        operations.append(nil)
        place(node, at: nodes.count - 1)
    }

    private mutating func place(_ node: TypedGraph.Node, at index: Int) {
        nodes[index] = node
        operations[index] = node.operation
        uses.add(node, at: index)
    }

    /// A rewritten node has every default attribute, like one that was read.
    private func completed(_ node: TypedGraph.Node) -> TypedGraph.Node {
        var node = node
        for attribute in node.operation.specification.attributes where node.attributes[attribute.name] == nil {
            node.attributes[attribute.name] = attribute.defaultValue
        }
        return node
    }

    private static func unique(_ name: String, among names: inout Set<String>) -> String {
        if names.insert(name).inserted { return name }
        var number = 2
        while !names.insert("\(name)_\(number)").inserted { number += 1 }
        return "\(name)_\(number)"
    }

    // MARK: Finishing

    /// The graph without unused nodes and values, in topological order, with values renumbered.
    package func finished() -> TypedGraph {
        var result = TypedGraph(name: name, variables: variables)
        var numbers: [Int: Int] = [:]
        func number(_ value: Int) -> Int {
            if let number = numbers[value] { return number }
            result.values.append(values[value])
            numbers[value] = result.values.count - 1
            return result.values.count - 1
        }
        result.inputs = inputs.map(number)
        for index in order() {
            guard var node = nodes[index] else { continue }
            while node.inputs.last == .some(nil) { node.inputs.removeLast() }
            node.inputs = node.inputs.map { $0.map(number) }
            node.outputs = node.outputs.map(number)
            result.nodes.append(node)
        }
        result.outputs = outputs.map(number)
        return result
    }

    /// Indices of the nodes that the outputs need, each after the producers of its operands.
    private func order() -> [Int] {
        var needed = [Bool](repeating: false, count: nodes.count)
        var pending = outputs.compactMap { producer(of: $0) }
        while let index = pending.popLast() {
            guard !needed[index] else { continue }
            needed[index] = true
            for case let input? in nodes[index]?.inputs ?? [] {
                if let maker = producer(of: input), !needed[maker] { pending.append(maker) }
            }
        }
        var result: [Int] = []
        var isPlaced = [Bool](repeating: false, count: nodes.count)
        for root in nodes.indices where needed[root] {
            var stack = [root]
            while let index = stack.last {
                let missing = (nodes[index]?.inputs ?? []).compactMap { $0.flatMap { producer(of: $0) } }
                    .filter { !isPlaced[$0] }
                if isPlaced[index] || missing.isEmpty {
                    stack.removeLast()
                    if !isPlaced[index] { result.append(index) }
                    isPlaced[index] = true
                } else {
                    stack += missing.reversed()
                }
            }
        }
        return result
    }
}
