/// Who makes and who uses each value of a graph, by index.
package struct ValueUses {
    /// nil for inputs and constants.
    private var makers: [Int?]
    private var users: [[Int]]
    private let isOutput: Set<Int>

    package init(_ graph: TypedGraph) {
        makers = Array(repeating: nil, count: graph.values.count)
        users = Array(repeating: [], count: graph.values.count)
        isOutput = Set(graph.outputs)
        for (index, node) in graph.nodes.enumerated() { add(node, at: index) }
    }

    /// The index of the node that makes a value; nil for inputs and constants.
    package func producer(of value: Int) -> Int? { makers[value] }

    /// Indices of the nodes that use a value, one for each use.
    package func consumers(of value: Int) -> [Int] { users[value] }

    package func isGraphOutput(_ value: Int) -> Bool { isOutput.contains(value) }
    package func isUsed(_ value: Int) -> Bool { !users[value].isEmpty || isOutput.contains(value) }

    /// Whether the value is exactly one operand of one node, and not an output of the graph.
    package func isUsedOnce(_ value: Int) -> Bool { users[value].count == 1 && !isOutput.contains(value) }

    /// The only node that uses a value that is not an output of the graph.
    package func onlyConsumer(of value: Int) -> Int? { isUsedOnce(value) ? users[value].first : nil }

    /// Makes room for the next value.
    mutating func addValue() {
        makers.append(nil)
        users.append([])
    }

    mutating func add(_ node: TypedGraph.Node, at index: Int) {
        for case let input? in node.inputs { users[input].append(index) }
        for output in node.outputs { makers[output] = index }
    }

    mutating func remove(_ node: TypedGraph.Node, at index: Int) {
        for case let input? in node.inputs {
            if let position = users[input].lastIndex(of: index) { users[input].remove(at: position) }
        }
        for output in node.outputs { makers[output] = nil }
    }

    /// The nodes that used `value` use `other` instead.
    mutating func moveUsers(of value: Int, to other: Int) {
        users[other] += users[value]
        users[value] = []
    }

    /// The node that made `value` makes `other` instead.
    mutating func moveMaker(of value: Int, to other: Int) {
        makers[other] = makers[value]
        makers[value] = nil
    }
}
