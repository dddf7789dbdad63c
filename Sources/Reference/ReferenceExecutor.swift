package import EmotionFormerCore
package import EmotionFormerGraph

/// The results of a run.
package struct ReferenceRun: Sendable {
    /// In the order of the graph's outputs, without the variables.
    package var outputs: [ReferenceValue]
    /// What the graph's variables become, for the next run.
    package var variables: [ReferenceValue] = []
    /// Every value of the main graph by name, constants included; empty unless the run records them.
    package var values: [String: ReferenceValue]
}

/// Runs graphs in double precision, one operation at a time, written for clarity. The engine is compared with it.
///
/// Dynamic-range int8 products are the exception: they are float32 and integer arithmetic, and are computed bit for bit
/// as in TensorFlow Lite.
package struct ReferenceExecutor: ConstantEvaluator, Sendable {
    /// The most elementary operations of all rounds of all loops together: one for each element of a node, and 256 for
    /// the node.
    package var maximumOperations: Int
    /// The most elements of all values that are held at a time.
    package var maximumElementCount: Int

    package init(maximumOperations: Int = 10_000_000_000, maximumElementCount: Int = 1 << 27) {
        self.maximumOperations = maximumOperations
        self.maximumElementCount = maximumElementCount
    }

    /// - Parameters:
    ///   - inputs: those that a caller gives.
    ///   - variables: those of the run before; nil for the first run.
    ///   - recordsAll: whether the result holds every value by name; otherwise a value is dropped after its last use.
    /// - Throws: a fault with the node's name: an index that is out of range, a division of integers by zero, loops
    ///   with too many operations, too many elements.
    package func run(
        _ graph: TypedGraph, inputs: [ReferenceValue], variables: [ReferenceValue]? = nil, recordsAll: Bool = false
    ) throws(Fault) -> ReferenceRun {
        var kept = variables ?? []
        if variables == nil {
            for variable in graph.variables { kept.append(try ReferenceValue(StoredTensor(variable.initial))) }
        }
        let inputs = inputs + kept
        guard inputs.map(\.type) == graph.inputs.map({ graph.values[$0].type }) else {
            throw Fault(
                .shapeMismatch, at: "graph '\(graph.name)'", "the inputs are not those of the graph",
                found: "\(inputs.map(\.type))", expected: "\(graph.inputs.map { graph.values[$0].type })")
        }
        let values = try execute(
            graph, inputs: inputs, constants: constants(of: graph), keepsAll: recordsAll,
            LoopBudget(operations: maximumOperations))
        var run = ReferenceRun(outputs: [], values: [:])
        for output in graph.givenOutputs {
            guard let value = values[output] else { throw missing(graph.values[output].name) }
            run.outputs.append(value)
        }
        for variable in graph.variables {
            let output = graph.outputs[variable.output]
            guard let value = values[output] else { throw missing(graph.values[output].name) }
            run.variables.append(value)
        }
        if recordsAll {
            for (index, value) in values { run.values[graph.values[index].name] = value }
        }
        return run
    }

    package func evaluate(
        _ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]
    ) throws(Fault) -> [Tensor] {
        var operands: [ReferenceValue?] = []
        for input in inputs {
            if let input { operands.append(try ReferenceValue(input)) } else { operands.append(nil) }
        }
        try checkCount(outputTypes.reduce(0) { $0 + $1.shape.elementCount })
        return try outputs(of: node, operands, outputTypes, LoopBudget(operations: maximumOperations)).map(\.tensor)
    }

    /// The constants of a graph by the index of their value.
    func constants(of graph: TypedGraph) throws(Fault) -> [Int: ReferenceValue] {
        var constants: [Int: ReferenceValue] = [:]
        for (index, value) in graph.values.enumerated() {
            guard let constant = value.constant else { continue }
            constants[index] = try ReferenceValue(constant)
        }
        return constants
    }

    /// All values that are held at the end, by index.
    func execute(
        _ graph: TypedGraph, inputs: [ReferenceValue], constants: [Int: ReferenceValue], keepsAll: Bool,
        _ budget: LoopBudget
    ) throws(Fault) -> [Int: ReferenceValue] {
        var values = constants
        for (index, value) in zip(graph.inputs, inputs) { values[index] = value }
        var lastUse: [Int: Int] = [:]
        for (position, node) in graph.nodes.enumerated() {
            for input in node.inputs { if let input { lastUse[input] = position } }
        }
        for output in graph.outputs { lastUse[output] = graph.nodes.count }
        var held = values.values.reduce(0) { $0 + $1.elements.count }
        for (position, node) in graph.nodes.enumerated() {
            let types = node.outputs.map { graph.values[$0].type }
            var operands: [ReferenceValue?] = []
            for input in node.inputs {
                guard let input else {
                    operands.append(nil)
                    continue
                }
                guard let value = values[input] else { throw missing(graph.values[input].name) }
                operands.append(value)
            }
            do throws(Fault) {
                held += types.reduce(0) { $0 + $1.shape.elementCount }
                try checkCount(held)
                for (index, value) in zip(node.outputs, try outputs(of: node, operands, types, budget)) {
                    values[index] = value
                }
            } catch {
                throw error.within("graph '\(graph.name)': node '\(node.name)' (\(node.operation.rawValue))")
            }
            guard !keepsAll else { continue }
            for case let index? in Set(node.inputs + node.outputs) where lastUse[index] ?? position <= position {
                if constants[index] != nil { continue }
                if let value = values.removeValue(forKey: index) { held -= value.elements.count }
            }
        }
        return values
    }

    private func outputs(
        of node: TypedGraph.Node, _ operands: [ReferenceValue?], _ types: [ValueType], _ budget: LoopBudget
    ) throws(Fault) -> [ReferenceValue] {
        guard case .control(let kind) = node.operation.family else {
            return try ReferenceStep(node: node, operands: operands, outputTypes: types).outputs()
        }
        switch kind {
        case .while: return try loop(node, operands.compactMap(\.self), budget)
        case .if: return try branch(node, operands.compactMap(\.self), budget)
        }
    }

    private func checkCount(_ count: Int) throws(Fault) {
        guard count <= maximumElementCount else {
            throw Fault(
                .limitExceeded, at: "", "the values take too much memory", found: "\(count) elements",
                expected: "at most \(maximumElementCount)")
        }
    }

    private func missing(_ name: String) -> Fault {
        Fault(.unknownName, at: "value '\(name)'", "nothing makes the value before it is used")
    }
}
