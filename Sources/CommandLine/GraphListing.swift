import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerModelFormat

/// A graph as rows for people and as JSON: each node with its operation, its outputs' shapes and its parameters.
struct GraphListing {
    struct Row {
        let name: String
        let operation: String
        let shapes: [Shape]
        /// The number of parameters of the node: weights, and constant operands that no earlier node has.
        let parameterCount: Int
    }

    let rows: [Row]

    var parameterCount: Int { rows.reduce(0) { $0 + $1.parameterCount } }

    init(_ graph: TypedGraph) {
        var counted = Set<Int>()
        rows = GraphListing.rows(of: graph, prefix: "", &counted)
    }

    private static func rows(of graph: TypedGraph, prefix: String, _ counted: inout Set<Int>) -> [Row] {
        var rows: [Row] = []
        for node in graph.nodes {
            var parameters = node.weights.values.reduce(0) { $0 + $1.tensor.shape.elementCount }
            for case let input? in node.inputs {
                // Integers are shapes, axes and the like, and a single number is not a trained parameter.
                guard let constant = graph.constant(input)?.tensor, constant.shape.elementCount > 1,
                    constant.elementType.isFloatingPoint || constant.elementType == .int8,
                    counted.insert(input).inserted
                else { continue }
                parameters += constant.shape.elementCount
            }
            rows.append(
                Row(
                    name: prefix + node.name, operation: node.operation.rawValue,
                    shapes: node.outputs.map { graph.shape(of: $0) }, parameterCount: parameters))
            for (role, body) in node.bodies.sorted(by: { $0.key < $1.key }) {
                var inner = Set<Int>()
                rows += GraphListing.rows(of: body, prefix: "\(prefix)\(node.name).\(role): ", &inner)
            }
        }
        return rows
    }

    var table: TextTable {
        var table = TextTable(["node", "operation", "output", "parameters"], rightAligned: [3])
        for row in rows {
            table.append([
                row.name, row.operation, row.shapes.map { "\($0)" }.joined(separator: " "),
                row.parameterCount == 0 ? "" : "\(row.parameterCount)",
            ])
        }
        return table
    }

    var json: JSONValue {
        .array(
            rows.map { row in
                [
                    "name": .string(row.name), "operation": .string(row.operation),
                    "shapes": .array(row.shapes.map { .shape($0) }), "parameters": .integer(row.parameterCount),
                ]
            })
    }
}

extension JSONValue {
    static func shape(_ shape: Shape) -> JSONValue { .array(shape.extents.map { .integer($0) }) }
    static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
