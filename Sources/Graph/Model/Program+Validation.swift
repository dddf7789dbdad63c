package import EmotionFormerCore

extension Program {
    /// Checks all rules that need no shapes, and fills in default attributes: unique names, operands defined before
    /// use, arity, attributes and weights as in the operation table, bodies that exist and do not contain themselves,
    /// and no unused stored tensor.
    ///
    /// - Throws: the first broken rule, with the names of the graph and the node.
    package func validated() throws(Fault) -> Program {
        guard !graphs.isEmpty else {
            throw Fault(.missingField, at: "graphs", "there is no graph", expected: "at least one")
        }
        var result = self
        var names = Set<String>()
        var usedTensors = Set<String>()
        for index in graphs.indices {
            let graph = graphs[index]
            guard names.insert(graph.name).inserted else {
                throw Fault(.duplicateName, at: "graphs", "two graphs have one name", found: "'\(graph.name)'")
            }
            do throws(Fault) {
                result.graphs[index] = try GraphValidator(graph: graph, program: self).validated(&usedTensors)
            } catch {
                throw error.within("graph '\(graph.name)'")
            }
        }
        if let unused = tensors.keys.filter({ !usedTensors.contains($0) }).min() {
            throw Fault(.unusedName, at: "tensor '\(unused)'", "no node uses the tensor")
        }
        try result.checkBodies()
        return result
    }

    package func graph(named name: String) -> Graph? { graphs.first { $0.name == name } }

    /// Checks that no body of a loop or branch contains itself.
    private func checkBodies() throws(Fault) {
        /// For each graph, the number of nested levels from it down to the deepest.
        var heights: [String: Int] = [:]
        /// The recursion is as deep as graphs may nest.
        func visit(_ graph: Graph, path: [String]) throws(Fault) -> Int {
            guard !path.contains(graph.name) else {
                throw Fault(
                    .cyclicGraph, at: "graph '\(graph.name)'", "the graph contains itself",
                    found: (path + [graph.name]).joined(separator: " → "))
            }
            // A graph that was visited before can be nested deeper this time.
            guard path.count + (heights[graph.name] ?? 1) <= 16 else {
                throw Fault(
                    .limitExceeded, at: "graph '\(graph.name)'", "graphs nest too deeply", expected: "at most 16")
            }
            if let height = heights[graph.name] { return height }
            var height = 1
            for node in graph.nodes {
                for attribute in node.operation.specification.attributes where attribute.kind == .graph {
                    guard case .text(let name)? = node.attributes[attribute.name], let body = self.graph(named: name)
                    else { continue }
                    height = max(height, 1 + (try visit(body, path: path + [graph.name])))
                }
            }
            heights[graph.name] = height
            return height
        }
        for graph in graphs { _ = try visit(graph, path: []) }
    }
}

/// The rules for one graph.
private struct GraphValidator {
    let graph: Graph
    let program: Program

    func validated(_ usedTensors: inout Set<String>) throws(Fault) -> Graph {
        var known = Set<String>()
        for input in graph.inputs {
            guard known.insert(input.name).inserted else {
                throw Fault(.duplicateName, at: "input '\(input.name)'", "two values have one name")
            }
            guard input.extents.allSatisfy({ ($0 ?? 0) >= 0 }) else {
                throw Fault(.invalidValue, at: "input '\(input.name)'", "an extent is negative")
            }
        }
        try checkVariables(&known, &usedTensors)
        var result = graph
        var nodeNames = Set<String>()
        let producers = Set(graph.nodes.flatMap(\.outputs))
        for index in graph.nodes.indices {
            let node = graph.nodes[index]
            do throws(Fault) {
                guard !node.name.isEmpty, nodeNames.insert(node.name).inserted else {
                    throw Fault(.duplicateName, at: "", "two nodes have one name, or the name is empty")
                }
                for case let input? in node.inputs where !known.contains(input) {
                    if producers.contains(input) {
                        throw Fault(
                            .cyclicGraph, at: "",
                            "the operand '\(input)' is made later: the order is not topological or the graph has a cycle"
                        )
                    }
                    throw Fault(.unknownName, at: "", "nothing makes the operand", found: "'\(input)'")
                }
                try checkArity(node)
                result.nodes[index].attributes = try completed(node)
                try checkWeights(node, &usedTensors)
                for output in node.outputs where !known.insert(output).inserted {
                    throw Fault(.duplicateName, at: "", "two values have one name", found: "'\(output)'")
                }
            } catch {
                throw error.within("node '\(node.name)' (\(node.operation.rawValue))")
            }
        }
        guard !graph.outputs.isEmpty else { throw Fault(.missingField, at: "outputs", "the graph has no output") }
        for output in graph.outputs where !known.contains(output) {
            throw Fault(.unknownName, at: "outputs", "nothing makes the output", found: "'\(output)'")
        }
        for variable in graph.variables where !known.contains(variable.output) {
            throw Fault(
                .unknownName, at: "variable '\(variable.name)'", "nothing makes the value that it becomes",
                found: "'\(variable.output)'")
        }
        for (name, quantization) in graph.quantizations.sorted(by: { $0.key < $1.key }) {
            let place = "quantization of '\(name)'"
            guard known.contains(name) else { throw Fault(.unknownName, at: place, "there is no such value") }
            guard quantization.scale > 0, quantization.scale.isFinite else {
                throw Fault(
                    .invalidValue, at: place, "the scale is not positive and finite", found: "\(quantization.scale)")
            }
            guard (-32768...32767).contains(quantization.zeroPoint) else {
                throw Fault(
                    .invalidValue, at: place, "the zero point is out of range", found: "\(quantization.zeroPoint)",
                    expected: "-32768 to 32767")
            }
        }
        return result
    }

    /// Checks what the variables are before a run.
    private func checkVariables(_ known: inout Set<String>, _ usedTensors: inout Set<String>) throws(Fault) {
        guard graph.variables.isEmpty || graph.name == program.graphs.first?.name else {
            throw Fault(
                .invalidValue, at: "variables", "only the main graph keeps variables",
                found: "'\(graph.variables[0].name)'")
        }
        var names = Set<String>()
        for variable in graph.variables {
            let place = "variable '\(variable.name)'"
            guard !variable.name.isEmpty, names.insert(variable.name).inserted else {
                throw Fault(.duplicateName, at: place, "two variables have one name, or the name is empty")
            }
            guard known.insert(variable.input).inserted else {
                throw Fault(.duplicateName, at: place, "two values have one name", found: "'\(variable.input)'")
            }
            guard program.tensors[variable.initial] != nil else {
                throw Fault(.unknownName, at: place, "there is no such tensor", found: "'\(variable.initial)'")
            }
            usedTensors.insert(variable.initial)
        }
    }

    private func checkArity(_ node: Node) throws(Fault) {
        let specification = node.operation.specification
        let present = node.inputs.map { $0 != nil }
        try check(present, against: specification.inputs, what: "operands")
        try check(node.outputs.map { _ in true }, against: specification.outputs, what: "outputs")
    }

    private func check(_ present: [Bool], against roles: [OperationSpecification.Role], what: String) throws(Fault) {
        let isVariadic = roles.last?.isVariadic ?? false
        let required = roles.lastIndex { !$0.isOptional }.map { $0 + 1 } ?? 0
        guard present.count >= required, isVariadic || present.count <= roles.count else {
            throw Fault(
                .invalidValue, at: "", "wrong number of \(what)", found: "\(present.count)",
                expected: isVariadic
                    ? "at least \(required)" : required == roles.count ? "\(required)" : "\(required) to \(roles.count)"
            )
        }
        for (index, isPresent) in present.enumerated() where !isPresent {
            guard index < roles.count, roles[index].isOptional else {
                throw Fault(
                    .missingField, at: "", "an operand is absent",
                    expected: roles[min(index, roles.count - 1)].name)
            }
        }
    }

    private func completed(_ node: Node) throws(Fault) -> Attributes {
        let specifications = node.operation.specification.attributes
        var attributes = node.attributes
        for name in attributes.values.keys.sorted() where !specifications.contains(where: { $0.name == name }) {
            throw Fault(
                .unsupportedAttribute, at: "", "the operation has no such attribute", found: "'\(name)'",
                expected: specifications.isEmpty ? "none" : specifications.map(\.name).joined(separator: ", "))
        }
        for specification in specifications {
            guard let value = attributes[specification.name] else {
                if let value = specification.defaultValue {
                    attributes[specification.name] = value
                } else if !specification.isOptional {
                    throw Fault(.missingField, at: "", "an attribute is absent", expected: specification.name)
                }
                continue
            }
            attributes[specification.name] = try checked(value, specification)
        }
        return attributes
    }

    private func checked(_ value: AttributeValue, _ specification: OperationSpecification.Attribute) throws(Fault)
        -> AttributeValue
    {
        let place = "attribute '\(specification.name)'"
        switch (specification.kind, value) {
        case (.integer, .integer), (.boolean, .boolean), (.integers, .integers): return value
        case (.number, .number(let number)):
            guard number.isFinite else {
                throw Fault(.notFinite, at: place, "the number is not finite", found: "\(number)")
            }
            return value
        case (.number, .integer(let integer)): return .number(Double(integer))
        case (.text(let allowed), .text(let text)):
            guard allowed.contains(text) else {
                throw Fault(
                    .unsupportedAttribute, at: place, "the value is not supported", found: "'\(text)'",
                    expected: allowed.joined(separator: ", "))
            }
            return value
        case (.elementType, .text(let text)):
            guard ElementType(rawValue: text) != nil else {
                throw Fault(
                    .unsupportedAttribute, at: place, "there is no such element type", found: "'\(text)'",
                    expected: ElementType.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return value
        case (.graph, .text(let text)):
            guard program.graphs.dropFirst().contains(where: { $0.name == text }) else {
                throw Fault(.unknownName, at: place, "there is no such graph", found: "'\(text)'")
            }
            return value
        default:
            throw Fault(
                .invalidValue, at: place, "the value is of another kind", found: "\(value)",
                expected: "\(specification.kind)")
        }
    }

    private func checkWeights(_ node: Node, _ usedTensors: inout Set<String>) throws(Fault) {
        let roles = node.operation.specification.weights
        for role in node.weights.keys.sorted() where !roles.contains(where: { $0.name == role }) {
            throw Fault(
                .unknownField, at: "", "the operation has no such weight", found: "'\(role)'",
                expected: roles.isEmpty ? "none" : roles.map(\.name).joined(separator: ", "))
        }
        for role in roles {
            guard let name = node.weights[role.name] else {
                if role.isOptional { continue }
                throw Fault(.missingField, at: "", "a weight is absent", expected: role.name)
            }
            guard program.tensors[name] != nil else {
                throw Fault(.unknownName, at: "weight '\(role.name)'", "there is no such tensor", found: "'\(name)'")
            }
            usedTensors.insert(name)
        }
    }
}
