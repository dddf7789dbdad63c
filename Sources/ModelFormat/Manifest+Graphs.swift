import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

extension Manifest {
    static func graphs(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> [Graph] {
        let elements = try cursor.elements()
        try limits.check(.graphs, elements.count, at: cursor.place, "there are too many graphs")
        var nodeCount = 0
        var graphs: [Graph] = []
        for graph in elements {
            try graph.checkFields("name", "inputs", "outputs", "nodes", "variables", "quantizations")
            let name = try graph.required("name").name()
            var inputs: [GraphInput] = []
            for input in try graph.required("inputs").elements() {
                inputs.append(try self.input(input, limits))
            }
            var nodes: [Node] = []
            let entries = try graph.required("nodes").elements()
            nodeCount += entries.count
            try limits.check(.nodes, nodeCount, at: cursor.place, "there are too many nodes")
            for node in entries { nodes.append(try self.node(node)) }
            graphs.append(
                Graph(
                    name: name, inputs: inputs, outputs: try graph.required("outputs").strings(), nodes: nodes,
                    variables: try variables(graph, limits), quantizations: try quantizations(graph)))
        }
        return graphs
    }

    private static func variables(_ graph: JSONCursor, _ limits: Limits) throws(Fault) -> [GraphVariable] {
        guard let cursor = try graph.optional("variables") else { return [] }
        let elements = try cursor.elements()
        // Each keeps a tensor of its own.
        try limits.check(.tensors, elements.count, at: cursor.place, "there are too many variables")
        var variables: [GraphVariable] = []
        for element in elements {
            try element.checkFields("name", "input", "output", "initial")
            variables.append(
                GraphVariable(
                    name: try element.required("name").name(), input: try element.required("input").name(),
                    output: try element.required("output").name(), initial: try element.required("initial").name()))
        }
        return variables
    }

    private static func quantizations(_ graph: JSONCursor) throws(Fault) -> [String: ValueQuantization] {
        var quantizations: [String: ValueQuantization] = [:]
        for (name, value) in try graph.optional("quantizations")?.members() ?? [] {
            try value.checkFields("scale", "zeroPoint")
            let cursor = try value.required("scale")
            let scale = try cursor.number()
            // A float32 number, so that a package that is written again is the same.
            guard Double(Float(scale)) == scale else {
                throw cursor.fault(.invalidValue, "a scale is not a float32 number", found: "\(scale)")
            }
            quantizations[name] = ValueQuantization(
                scale: Float(scale), zeroPoint: try value.required("zeroPoint").integer())
        }
        return quantizations
    }

    private static func input(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> GraphInput {
        try cursor.checkFields("name", "dtype", "shape")
        let extents = try cursor.required("shape").extents(limits)
        return GraphInput(
            name: try cursor.required("name").name(),
            elementType: try cursor.required("dtype").choice(ElementType.self), extents: extents)
    }

    private static func node(_ cursor: JSONCursor) throws(Fault) -> Node {
        try cursor.checkFields("name", "operation", "inputs", "outputs", "attributes", "weights")
        let name = try cursor.required("name").name()
        let operationCursor = try cursor.required("operation")
        let operationName = try operationCursor.string()
        guard let operation = Operation(rawValue: operationName) else {
            throw operationCursor.fault(
                .unsupportedOperation, "node '\(JSONPath.shortened(name))' has an operation that is not supported",
                found: "'\(JSONPath.shortened(operationName))'")
        }
        var inputs: [String?] = []
        for input in try cursor.optional("inputs")?.elements() ?? [] {
            inputs.append(input.isNull ? nil : try input.name())
        }
        var outputs: [String] = []
        for output in try cursor.optional("outputs")?.elements() ?? [] { outputs.append(try output.name()) }
        var attributes = Attributes()
        for (name, value) in try cursor.optional("attributes")?.members() ?? [] {
            attributes[name] = try attribute(value)
        }
        var weights: [String: String] = [:]
        for (role, value) in try cursor.optional("weights")?.members() ?? [] { weights[role] = try value.name() }
        return Node(
            operation, name: name, inputs: inputs, outputs: outputs, attributes: attributes, weights: weights)
    }

    private static func attribute(_ cursor: JSONCursor) throws(Fault) -> AttributeValue {
        switch cursor.node.content {
        case .boolean(let boolean): return .boolean(boolean)
        case .integer(let integer): return .integer(integer)
        case .number(let number): return .number(number)
        case .string(let string): return .text(string)
        case .array:
            var integers: [Int] = []
            for element in try cursor.elements() { integers.append(try element.integer()) }
            return .integers(integers)
        case .null, .object:
            throw cursor.fault(
                .unsupportedAttribute, "an attribute has no such value", found: cursor.node.kind,
                expected: "a number, a string, true, false or an array of integers")
        }
    }
}
