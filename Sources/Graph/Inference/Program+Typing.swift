package import EmotionFormerCore

extension Program {
    /// The main graph with a type for every value, for the given shapes of its inputs.
    ///
    /// Nodes whose operands are all known are computed by `evaluator`, because the shapes of later nodes can depend on
    /// them. Shape arithmetic, position indices and the like are therefore constants in the result.
    /// - Parameters:
    ///   - inputShapes: one an input of the main graph; every extent that the graph states must agree.
    ///   - limits: on the number of nodes, and on the size of values and of constants.
    /// - Throws: a fault with the node's name if an operand's type or shape does not suit its operation.
    package func typed(
        inputShapes: [Shape], evaluator: any ConstantEvaluator, limits: Limits = Limits()
    ) throws(Fault) -> TypedGraph {
        guard let main = graphs.first else { throw Fault(.missingField, at: "graphs", "there is no graph") }
        guard inputShapes.count == main.inputs.count else {
            throw Fault(
                .invalidArgument, at: "graph '\(main.name)'", "wrong number of input shapes",
                found: "\(inputShapes.count)",
                expected: "\(main.inputs.count)")
        }
        var types: [ValueType] = []
        for (input, shape) in zip(main.inputs, inputShapes) {
            try input.check(shape)
            types.append(ValueType(input.elementType, shape))
        }
        return try typed(main, inputTypes: types, evaluator: evaluator, budget: AnalysisBudget(limits))
    }

    /// A graph with types, called for the main graph and, from control nodes, for their bodies.
    fileprivate func typed(
        _ graph: Graph, inputTypes: [ValueType], evaluator: any ConstantEvaluator, budget: AnalysisBudget
    ) throws(Fault) -> TypedGraph {
        var analysis = GraphAnalysis(
            program: self, evaluator: evaluator, budget: budget, quantizations: graph.quantizations,
            result: TypedGraph(name: graph.name))
        for (input, type) in zip(graph.inputs, inputTypes) {
            do throws(Fault) {
                try budget.check(type)
                try graph.quantizations[input.name]?.check(type.elementType)
            } catch {
                throw error.within("graph '\(graph.name)': input '\(input.name)'")
            }
        }
        for (input, type) in zip(graph.inputs, inputTypes) {
            let value = analysis.result.addValue(named: input.name, type)
            analysis.result.inputs.append(value)
            analysis.valueOfName[input.name] = value
        }
        let kept = try kept(by: graph, budget)
        for (variable, initial) in kept {
            let type = ValueType(initial.elementType, initial.shape)
            let value = analysis.result.addValue(named: variable.input, type)
            analysis.result.inputs.append(value)
            analysis.valueOfName[variable.input] = value
        }
        for node in graph.nodes {
            do throws(Fault) {
                try analysis.append(node)
            } catch {
                throw error.within("graph '\(graph.name)': node '\(node.name)' (\(node.operation.rawValue))")
            }
        }
        for output in graph.outputs {
            guard let value = analysis.valueOfName[output] else {
                throw Fault(.unknownName, at: "graph '\(graph.name)'", "nothing makes the output", found: "'\(output)'")
            }
            analysis.result.outputs.append(value)
        }
        for (index, (variable, initial)) in kept.enumerated() {
            try analysis.keep(variable, initial, input: graph.inputs.count + index)
        }
        return analysis.result
    }

    /// A graph's variables with what they are before the first run.
    private func kept(
        by graph: Graph, _ budget: AnalysisBudget
    ) throws(Fault) -> [(variable: GraphVariable, initial: Tensor)] {
        var kept: [(GraphVariable, Tensor)] = []
        for variable in graph.variables {
            do throws(Fault) {
                guard let stored = tensors[variable.initial] else {
                    throw Fault(.unknownName, at: "", "there is no such tensor", found: "'\(variable.initial)'")
                }
                let type = ValueType(stored.tensor.elementType, stored.tensor.shape)
                try budget.check(type)
                try graph.quantizations[variable.input]?.check(type.elementType)
                kept.append((variable, stored.tensor))
            } catch {
                throw error.within("graph '\(graph.name)': variable '\(variable.name)'")
            }
        }
        return kept
    }
}

extension GraphInput {
    /// - Throws: `shapeMismatch` unless the shape has this input's extents, where it states them.
    package func check(_ shape: Shape) throws(Fault) {
        let agrees = shape.rank == extents.count && zip(shape.extents, extents).allSatisfy { $1 == nil || $0 == $1 }
        guard agrees else {
            let stated = "[" + extents.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
            throw Fault(
                .shapeMismatch, at: "input '\(name)'", "the shape does not fit", found: "\(shape)", expected: stated)
        }
    }
}

/// The budget of one analysis, over all graphs, so that a small file cannot make it run or allocate without limit.
private final class AnalysisBudget {
    private let limits: Limits
    private var nodeCount = 0
    private var byteCount = 0

    init(_ limits: Limits) { self.limits = limits }

    /// A body is analyzed for each node that runs it, so the work of nested bodies multiplies.
    func countNode() throws(Fault) {
        nodeCount += 1
        try limits.check(.nodes, nodeCount, "there are too many nodes, those of bodies counted at each use")
    }

    /// - Throws: `limitExceeded` if a value of the type takes too much memory, or has too many axes.
    func check(_ type: ValueType) throws(Fault) {
        try limits.check(.valueBytes, type.byteCount, "a value takes too many bytes", found: "\(type)")
        try limits.check(.rank, type.shape.rank, "a value has too many axes", found: "\(type)")
    }

    func countConstants(_ types: [ValueType]) throws(Fault) {
        for type in types { byteCount += type.byteCount }
        try limits.check(.constantBytes, byteCount, "values that are computed beforehand take too many bytes")
    }
}

/// Infers the types of a graph's nodes in order.
private struct GraphAnalysis {
    let program: Program
    let evaluator: any ConstantEvaluator
    let budget: AnalysisBudget
    let quantizations: [String: ValueQuantization]
    var result: TypedGraph
    var valueOfName: [String: Int] = [:]

    /// Ends a variable: one of the values is what it becomes.
    /// - Parameter input: its place among the graph's inputs.
    mutating func keep(_ variable: GraphVariable, _ initial: Tensor, input: Int) throws(Fault) {
        let place = "graph '\(result.name)': variable '\(variable.name)'"
        guard let value = valueOfName[variable.output] else {
            throw Fault(.unknownName, at: place, "nothing makes the value", found: "'\(variable.output)'")
        }
        let expected = ValueType(initial.elementType, initial.shape)
        guard result.values[value].type == expected else {
            throw Fault(
                .shapeMismatch, at: place, "the variable becomes a value of another type",
                found: "\(result.values[value].type)", expected: "\(expected)")
        }
        result.variables.append(
            TypedGraph.Variable(
                name: variable.name, input: input, output: result.outputs.count, initial: initial,
                isState: variable.isState))
        result.outputs.append(value)
    }

    mutating func append(_ node: Node) throws(Fault) {
        try budget.countNode()
        var inputs: [Int?] = []
        for name in node.inputs {
            guard let name else {
                inputs.append(nil)
                continue
            }
            guard let value = valueOfName[name] else {
                throw Fault(.unknownName, at: "", "nothing makes the operand", found: "'\(name)'")
            }
            inputs.append(value)
        }
        var weights: [String: StoredTensor] = [:]
        for (role, name) in node.weights {
            guard let tensor = program.tensors[name] else {
                throw Fault(.unknownName, at: "weight '\(role)'", "there is no such tensor", found: "'\(name)'")
            }
            weights[role] = tensor
        }
        if node.operation == .constant, let value = weights["value"], let name = node.outputs.first {
            let type = ValueType(value.tensor.elementType, value.tensor.shape)
            try quantizations[name]?.check(type.elementType)
            valueOfName[name] = result.addValue(named: name, type, constant: value)
            return
        }
        let own = NodeQuantizations(
            inputs: zip(node.inputs, inputs).map { name, value in
                name.flatMap { quantizations[$0] } ?? result.constant(value)?.quantization?.single
            }, outputs: node.outputs.map { quantizations[$0] })
        let context = NodeContext(
            operation: node.operation, attributes: node.attributes, weights: weights,
            inputTypes: inputs.map { $0.map { result.values[$0].type } },
            inputConstants: inputs.map { $0.flatMap { result.values[$0].constant } }, outputCount: node.outputs.count,
            quantizations: own)
        let bodies = try bodies(of: node, context)
        let types =
            if case .control(let kind) = node.operation.family {
                try ControlTypes.infer(context, kind, bodies: bodies)
            } else {
                try ShapeInference.outputTypes(context)
            }
        guard types.count >= node.outputs.count else {
            throw Fault(
                .invalidValue, at: "", "wrong number of outputs", found: "\(node.outputs.count)",
                expected: "at most \(types.count)")
        }
        for (name, type) in zip(node.outputs, types) {
            try budget.check(type)
            try quantizations[name]?.check(type.elementType)
        }
        var typed = TypedGraph.Node(
            node.operation, name: node.name, inputs: inputs, outputs: [], attributes: node.attributes, weights: weights,
            bodies: bodies, quantizations: own)
        let constants = try constants(for: typed, context, types: Array(types.prefix(node.outputs.count)))
        for (index, name) in node.outputs.enumerated() {
            let value = result.addValue(named: name, types[index], constant: constants?[index])
            valueOfName[name] = value
            typed.outputs.append(value)
        }
        if constants == nil { result.nodes.append(typed) }
    }

    /// The outputs' constants, if they can be known now.
    private func constants(
        for node: TypedGraph.Node, _ context: NodeContext, types: [ValueType]
    ) throws(Fault) -> [StoredTensor]? {
        if [.shape, .onesLike, .zerosLike].contains(node.operation) { try budget.countConstants(types) }
        if let known = try ShapeInference.constantOutputs(context, types: types) { return known }
        guard !node.inputs.isEmpty, context.inputTypes.count == context.inputConstants.count else { return nil }
        for (type, constant) in zip(context.inputTypes, context.inputConstants) where type != nil && constant == nil {
            return nil
        }
        // A quantized constant is kept for the operation that uses it.
        if node.operation == .quantize { return nil }
        try budget.countConstants(types)
        return try evaluator.evaluate(node, inputs: context.inputConstants, outputTypes: types).map { StoredTensor($0) }
    }

    private func bodies(of node: Node, _ context: NodeContext) throws(Fault) -> [String: TypedGraph] {
        var bodies: [String: TypedGraph] = [:]
        for attribute in node.operation.specification.attributes where attribute.kind == .graph {
            let name = try node.attributes.text(attribute.name)
            guard let graph = program.graph(named: name) else {
                throw Fault(
                    .unknownName, at: "attribute '\(attribute.name)'", "there is no such graph", found: "'\(name)'")
            }
            let operands = node.operation == .if ? Array(context.inputTypes.dropFirst()) : context.inputTypes
            let types = operands.compactMap(\.self)
            guard types.count == graph.inputs.count else {
                throw Fault(
                    .invalidValue, at: "attribute '\(attribute.name)'", "the graph takes another number of operands",
                    found: "\(types.count)", expected: "\(graph.inputs.count)")
            }
            bodies[attribute.name] = try program.typed(
                program.withSliceUpdates(graph), inputTypes: types, evaluator: evaluator, budget: budget)
        }
        return bodies
    }
}

/// Types of the outputs of loops and branches, from those of their bodies.
private enum ControlTypes {
    static func infer(
        _ context: NodeContext, _ kind: OperationFamily.Control, bodies: [String: TypedGraph]
    ) throws(Fault) -> [ValueType] {
        func outputs(_ name: String) -> [ValueType] {
            bodies[name].map { body in body.outputs.map { body.values[$0].type } } ?? []
        }
        switch kind {
        case .while:
            let operands = context.inputTypes.compactMap(\.self)
            try expect(outputs("condition").map(\.elementType), [.bool], "the condition's output")
            try expect(outputs("condition").map(\.shape.elementCount), [1], "the condition's number of elements")
            try expect(outputs("body"), operands, "the body's outputs, against the operands")
            return operands
        case .if:
            guard let condition = context.inputTypes.first ?? nil, condition.elementType == .bool,
                condition.shape.elementCount == 1
            else {
                throw Fault(.elementTypeMismatch, at: "condition", "the condition must be one Boolean")
            }
            try expect(outputs("else"), outputs("then"), "the branches' outputs")
            return outputs("then")
        }
    }

    private static func expect<T: Equatable>(_ found: T, _ expected: T, _ what: String) throws(Fault) {
        guard found == expected else {
            throw Fault(.shapeMismatch, at: "", "types differ: \(what)", found: "\(found)", expected: "\(expected)")
        }
    }
}
