import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerModelFormat
import EmotionFormerReference

/// Compares every node of a model, as computed by the engine, with the float64 reference executor on the same operands.
struct NodeComparison {
    struct Row {
        let name: String
        let operation: String
        let shape: Shape
        /// The largest absolute difference.
        let difference: Double
        /// The largest absolute difference divided by the output's largest magnitude.
        let relative: Double

        var isPassed: Bool { relative <= NodeComparison.tolerance }
    }

    /// Relative to the largest magnitude of the node's output. It covers the rounding errors of one node, not of those
    /// before it.
    static let tolerance = 1e-5

    let rows: [Row]

    var isPassed: Bool { rows.allSatisfy(\.isPassed) }

    /// - Parameter inputs: one for each of the graph's inputs.
    /// - Throws: the error of either executor; `missingField` if the engine keeps no value for a node.
    init(_ contents: ModelPackage, inputs: [Tensor], threads: Int, limits: Limits) throws(Fault) {
        let options = PlanOptions(
            threads: threads, stage: .simplified, keepsEveryValue: true, limits: limits)
        let graph = try Plan.graph(contents.program, inputShapes: inputs.map(\.shape), options: options)
        let session = Session(try Plan(graph, options: options))
        for (index, input) in inputs.enumerated() {
            input.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        try session.run()
        let values = Dictionary(session.values().map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        let reference = ReferenceExecutor()
        var rows: [Row] = []
        for node in graph.nodes {
            var operands: [StoredTensor?] = []
            for operand in node.inputs {
                guard let operand else {
                    operands.append(nil)
                    continue
                }
                if let constant = graph.constant(operand) {
                    operands.append(constant)
                } else {
                    let name = graph.values[operand].name
                    operands.append(StoredTensor(try NodeComparison.value(name, values, of: node)))
                }
            }
            let types = node.outputs.map { graph.values[$0].type }
            let expected = try reference.evaluate(node, inputs: operands, outputTypes: types)
            for (output, tensor) in zip(node.outputs, expected) {
                let found = try NodeComparison.value(graph.values[output].name, values, of: node)
                rows.append(Row(node, found: found, expected: tensor))
            }
        }
        self.rows = rows
    }

    private static func value(
        _ name: String, _ values: [String: Tensor], of node: TypedGraph.Node
    ) throws(Fault) -> Tensor {
        guard let tensor = values[name] else {
            throw Fault(.missingField, at: "node '\(node.name)'", "the engine keeps no value", found: "'\(name)'")
        }
        return tensor
    }

    var table: TextTable {
        var table = TextTable(["node", "operation", "output", "difference", "relative", ""], rightAligned: [3, 4])
        for row in rows {
            table.append([
                row.name, row.operation, "\(row.shape)", DecimalText.scientific(row.difference),
                DecimalText.scientific(row.relative), row.isPassed ? "" : "DIFFERS",
            ])
        }
        return table
    }
}

extension NodeComparison.Row {
    fileprivate init(_ node: TypedGraph.Node, found: Tensor, expected: Tensor) {
        name = node.name
        operation = node.operation.rawValue
        shape = found.shape
        let pairs = zip(found.doubles, expected.doubles)
        // A NaN on one side alone counts as a difference.
        let largest = pairs.reduce(0.0) {
            $1.0 == $1.1 || ($1.0.isNaN && $1.1.isNaN) ? $0 : max($0, ($1.0 - $1.1).magnitude.orInfinity)
        }
        let magnitude = expected.doubles.reduce(0.0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
        difference = found.shape == expected.shape ? largest : .infinity
        relative = difference == 0 ? 0 : difference / (magnitude > 0 ? magnitude : 1)
    }
}

extension Double {
    fileprivate var orInfinity: Double { isNaN ? .infinity : self }
}
