extension Program {
    /// Rewrites a loop's body so that writing one row into a tensor is one `updateSlice`.
    ///
    /// TensorFlow Lite's converter lowers the write of row i to concatenate(x[..<i], row, x[(i + 1)...]). The extents
    /// of the parts are known at run time only, those of the result are fixed: as one operation, the body can be typed.
    /// Any other pattern is left unchanged.
    func withSliceUpdates(_ graph: Graph) -> Graph {
        guard graph.nodes.contains(where: { $0.operation == .slice && $0.inputs.count == 3 }) else { return graph }
        return SliceUpdates(program: self, graph: graph).rewritten()
    }
}

private struct SliceUpdates {
    private let graph: Graph
    private let producers: [String: Node]
    private let constants: [String: [Int]]

    init(program: Program, graph: Graph) {
        self.graph = graph
        var producers: [String: Node] = [:]
        var constants: [String: [Int]] = [:]
        for node in graph.nodes {
            for output in node.outputs { producers[output] = node }
            guard node.operation == .constant, let output = node.outputs.first, let name = node.weights["value"],
                let stored = program.tensors[name], stored.tensor.shape.elementCount <= 8
            else { continue }
            constants[output] = stored.tensor.integers
        }
        self.producers = producers
        self.constants = constants
    }

    func rewritten() -> Graph {
        var result = graph
        result.nodes = []
        var parts = Set<String>()
        for node in graph.nodes {
            guard let write = write(node) else {
                result.nodes.append(node)
                continue
            }
            result.nodes += write.nodes
            parts.formUnion(write.parts)
        }
        // The two slices have no type and are removed; nothing else may use them.
        var used = Set(result.nodes.flatMap { $0.inputs.compactMap(\.self) })
        used.formUnion(graph.outputs)
        result.nodes.removeAll { node in node.outputs.allSatisfy { parts.contains($0) && !used.contains($0) } }
        return result
    }

    /// - Returns: the nodes that a concatenation becomes, and the values of the slices that it no longer needs.
    private func write(_ node: Node) -> (nodes: [Node], parts: [String])? {
        guard node.operation == .concatenate, node.inputs.count == 3, node.attributes["axis"] == .integer(0),
            let before = node.inputs[0], let row = node.inputs[1], let after = node.inputs[2],
            let head = producers[before], head.operation == .slice, let tail = producers[after],
            tail.operation == .slice, let whole = head.inputs.first ?? nil, tail.inputs.first == whole,
            let origin = integers(of: head, "begin", operand: 1), origin.allSatisfy({ $0 == 0 }), origin.count > 1,
            let rest = integers(of: tail, "size", operand: 2), rest.allSatisfy({ $0 == -1 }),
            rest.count == origin.count, let size = list(of: head, operand: 2), let begin = list(of: tail, operand: 1),
            constants[size.others] == Array(repeating: -1, count: origin.count - 1),
            constants[begin.others] == Array(repeating: 0, count: origin.count - 1),
            isSuccessor(scalar(begin.first), of: scalar(size.first)), isOneRow(row)
        else { return nil }
        let position = "\(node.name)/begin"
        guard producers[position] == nil, !graph.nodes.contains(where: { $0.name == position }) else { return nil }
        return (
            [
                Node(
                    .concatenate, name: position, inputs: [size.first, begin.others], outputs: [position],
                    attributes: ["axis": .integer(0)]),
                Node(.updateSlice, name: node.name, inputs: [whole, row, position], outputs: node.outputs),
            ], [before, after]
        )
    }

    /// Integers that come as an attribute or as a constant operand.
    private func integers(of node: Node, _ name: String, operand: Int) -> [Int]? {
        if case .integers(let integers)? = node.attributes[name] { return integers }
        return operand < node.inputs.count ? node.inputs[operand].flatMap { constants[$0] } : nil
    }

    /// An operand that is a concatenation of two lists.
    private func list(of node: Node, operand: Int) -> (first: String, others: String)? {
        guard operand < node.inputs.count, let name = node.inputs[operand], let list = producers[name],
            list.operation == .concatenate, list.inputs.count == 2, let first = list.inputs[0],
            let others = list.inputs[1], case .integer(let axis)? = list.attributes["axis"], axis == 0 || axis == -1
        else { return nil }
        return (first, others)
    }

    /// The scalar of which a list of one number is made.
    private func scalar(_ list: String) -> String {
        guard let node = producers[list], node.operation == .reshape || node.operation == .expandDimensions,
            let input = node.inputs.first ?? nil
        else { return list }
        return input
    }

    private func isSuccessor(_ next: String, of number: String) -> Bool {
        guard let sum = producers[next], sum.operation == .add, sum.inputs.count == 2 else { return false }
        let operands = sum.inputs.compactMap(\.self)
        guard operands.count == 2 else { return false }
        return operands[0] == number && constants[operands[1]] == [1]
            || operands[1] == number && constants[operands[0]] == [1]
    }

    /// Whether the value certainly has one row: the write then covers exactly the gap between the two slices.
    private func isOneRow(_ value: String) -> Bool {
        guard let node = producers[value] else { return false }
        switch node.operation {
        case .reshape: return integers(of: node, "shape", operand: 1)?.first == 1
        case .expandDimensions: return node.attributes["axis"] == .integer(0)
        default: return false
        }
    }
}
