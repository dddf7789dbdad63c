import EmotionFormerCore

/// Computes what a graph makes of a clip that is padding from beginning to end.
///
/// A row that depends on its own frames alone has these values wherever its frames are padding. Only operations are
/// computed that a plan computes in the same way, node by node, so that the values are equal bit for bit.
final class PaddingRows {
    private let graph: TypedGraph
    private let evaluator: any ConstantEvaluator
    private let makers: [Int?]
    /// nil for values that are not computed here.
    private var known: [Int: StoredTensor?]

    /// - Parameter input: the graph's input.
    init(_ graph: TypedGraph, input: Tensor, evaluator: any ConstantEvaluator) {
        self.graph = graph
        self.evaluator = evaluator
        var makers = [Int?](repeating: nil, count: graph.values.count)
        for (index, node) in graph.nodes.enumerated() { for output in node.outputs { makers[output] = index } }
        self.makers = makers
        known = Dictionary(uniqueKeysWithValues: graph.inputs.map { ($0, StoredTensor(input)) })
    }

    /// The value for padding alone, of its full shape; nil if it is made by other operations.
    func tensor(of value: Int) -> Tensor? { stored(value)?.tensor }

    private func stored(_ value: Int) -> StoredTensor? {
        if let constant = graph.values[value].constant { return constant }
        if let found = known[value] { return found }
        guard let order = needed(for: value) else {
            known.updateValue(nil, forKey: value)
            return nil
        }
        for index in order {
            let node = graph.nodes[index]
            let inputs = node.inputs.map { operand in
                operand.flatMap { graph.values[$0].constant ?? known[$0].flatMap(\.self) }
            }
            let types = node.outputs.map { graph.values[$0].type }
            let results = try? evaluator.evaluate(node, inputs: inputs, outputTypes: types)
            for (place, output) in node.outputs.enumerated() {
                known.updateValue(results.map { StoredTensor($0[place]) }, forKey: output)
            }
            if results == nil { return nil }
        }
        return known[value].flatMap(\.self)
    }

    /// The nodes that make a value from what is known, in order; nil if one of them is not computed here.
    private func needed(for value: Int) -> [Int]? {
        var found = Set<Int>()
        var pending = [value]
        while let value = pending.popLast() {
            if graph.values[value].constant != nil { continue }
            if let known = known[value] {
                guard known != nil else { return nil }
                continue
            }
            guard let maker = makers[value], isComputedAlike(graph.nodes[maker]) else { return nil }
            guard found.insert(maker).inserted else { continue }
            pending += graph.nodes[maker].inputs.compactMap(\.self)
        }
        return found.sorted()
    }

    /// Whether a plan has a step of its own for the node, whatever follows it.
    private func isComputedAlike(_ node: TypedGraph.Node) -> Bool {
        switch node.operation.family {
        case .layer(.masking), .arithmetic, .comparison, .logic, .function, .pointwise, .reduction, .arrangement,
            .expansion, .conversion(.cast), .window(.pooling1D):
            return true
        case .selection(let kind): return kind != .updateSlice
        case .normalization:
            // The sum of two values is fused with the normalization that takes it.
            guard let input = node.input(0), let maker = makers[input] else { return true }
            return graph.nodes[maker].operation != .add
        case .layer, .window, .recurrence, .sequence, .product, .scan, .generator, .conversion, .control, .integer:
            return false
        }
    }
}
