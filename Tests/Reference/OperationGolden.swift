import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerReference
import Foundation
import Testing

typealias Operation = EmotionFormerGraph.Operation

/// A case of Tests/Fixtures/operations/goldens.json: a node and what the source framework gave for it
/// (`Tools/make-fixtures operations`).
struct OperationGolden: Decodable, CustomTestStringConvertible {
    struct Stored: Decodable {
        let type: String
        let shape: [Int]
        let data: [Double]
        let constant: Bool?
        let scales: [Float]?
        let zeroPoints: [Int]?
        let axis: Int?

        func valueType() throws -> ValueType {
            guard let elementType = ElementType(rawValue: type) else { throw Unreadable(what: type) }
            return ValueType(elementType, try Shape(shape))
        }

        func value() throws -> ReferenceValue { try ReferenceValue(valueType(), data) }

        func tensor() throws -> StoredTensor {
            StoredTensor(
                try value().tensor,
                quantization: scales.map { Quantization(scales: $0, zeroPoints: zeroPoints ?? [], axis: axis) })
        }
    }

    struct Body: Decodable {
        struct Input: Decodable {
            let name: String
            let dtype: String
            let shape: [Int]
        }
        struct Step: Decodable {
            let name: String
            let operation: String
            let inputs: [String]
            let outputs: [String]
            let attributes: [String: Value]?
            let weights: [String: Stored]?
        }
        let name: String
        let inputs: [Input]
        let outputs: [String]
        let nodes: [Step]
    }

    enum Value: Decodable {
        case attribute(AttributeValue)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let boolean = try? container.decode(Bool.self) {
                self = .attribute(.boolean(boolean))
            } else if let integer = try? container.decode(Int.self) {
                self = .attribute(.integer(integer))
            } else if let number = try? container.decode(Double.self) {
                self = .attribute(.number(number))
            } else if let text = try? container.decode(String.self) {
                self = .attribute(.text(text))
            } else {
                self = .attribute(.integers(try container.decode([Int].self)))
            }
        }

        var attribute: AttributeValue {
            switch self {
            case .attribute(let value): value
            }
        }
    }

    struct Unreadable: Error { let what: String }

    let operation: String
    let name: String
    let inputs: [Stored?]
    let outputs: [Stored]
    let attributes: [String: Value]?
    let weights: [String: Stored]?
    let graphs: [Body]?
    let tolerance: Double?

    var testDescription: String { "\(operation): \(name)" }

    /// All cases; the file is read once.
    static let all: [OperationGolden] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/operations/goldens.json").standardizedFileURL
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let data = try? Data(contentsOf: file) else { return [] }
        return (try? decoder.decode([OperationGolden].self, from: data)) ?? []
    }()

    /// The results of the case's node alone in a graph.
    /// - Parameter foldsConstants: whether every operand is a constant, so that the node is computed when types are.
    func run(foldsConstants: Bool) throws -> [ReferenceValue] {
        var nodes: [Node] = []
        var tensors: [String: StoredTensor] = [:]
        var graphInputs: [GraphInput] = []
        var values: [ReferenceValue] = []
        var operands: [String?] = []
        for (index, input) in inputs.enumerated() {
            guard let input else {
                operands.append(nil)
                continue
            }
            let name = "operand \(index)"
            operands.append(name)
            if foldsConstants || input.constant == true {
                tensors[name] = try input.tensor()
                nodes.append(Node(.constant, name: name, outputs: [name], weights: ["value": name]))
            } else {
                let type = try input.valueType()
                graphInputs.append(
                    GraphInput(name: name, elementType: type.elementType, extents: type.shape.extents))
                values.append(try input.value())
            }
        }
        guard let operation = Operation(rawValue: operation) else { throw Unreadable(what: operation) }
        for (role, weight) in weights ?? [:] { tensors[role] = try weight.tensor() }
        let names = outputs.indices.map { "output \($0)" }
        nodes.append(
            Node(
                operation, name: "node", inputs: operands, outputs: names,
                attributes: Attributes((attributes ?? [:]).mapValues(\.attribute)),
                weights: Dictionary(uniqueKeysWithValues: (weights ?? [:]).keys.map { ($0, $0) })))
        var graphs = [Graph(name: "main", inputs: graphInputs, outputs: names, nodes: nodes)]
        for body in self.graphs ?? [] { graphs.append(try body.graph(&tensors)) }
        let executor = ReferenceExecutor()
        let typed = try Program(graphs: graphs, tensors: tensors).validated()
            .typed(inputShapes: values.map(\.type.shape), evaluator: executor)
        return try executor.run(typed, inputs: values).outputs
    }
}

extension OperationGolden.Body {
    fileprivate func graph(_ tensors: inout [String: StoredTensor]) throws -> Graph {
        var steps: [Node] = []
        for node in nodes {
            guard let operation = Operation(rawValue: node.operation) else {
                throw OperationGolden.Unreadable(what: node.operation)
            }
            var names: [String: String] = [:]
            for (role, weight) in node.weights ?? [:] {
                names[role] = "\(name) \(node.name) \(role)"
                tensors["\(name) \(node.name) \(role)"] = try weight.tensor()
            }
            steps.append(
                Node(
                    operation, name: node.name, inputs: node.inputs, outputs: node.outputs,
                    attributes: Attributes((node.attributes ?? [:]).mapValues(\.attribute)), weights: names))
        }
        return Graph(
            name: name,
            inputs: inputs.map {
                GraphInput(name: $0.name, elementType: ElementType(rawValue: $0.dtype) ?? .float32, extents: $0.shape)
            }, outputs: outputs, nodes: steps)
    }
}
