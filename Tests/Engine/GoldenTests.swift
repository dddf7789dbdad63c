import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import Foundation
import Testing

@testable import EmotionFormerEngine

/// The results that the source frameworks gave for each operation (Tests/Fixtures/operations/goldens.json).
@Suite("The engine gives the source frameworks' results") struct GoldenTests {
    static let goldens = EngineGolden.all()

    @Test("every operation of the table has a golden; those on quantized integers have files of LiteRT's")
    func coverage() {
        let covered = Set(Self.goldens.map(\.operation))
        for operation in EmotionFormerGraph.Operation.allCases where !operation.isInteger {
            #expect(covered.contains(operation.rawValue))
        }
    }

    @Test("each node alone, at every level, unfused and fused", arguments: InstructionSet.available)
    func results(_ instructionSet: InstructionSet) {
        for golden in Self.goldens {
            for stage in [PlanOptions.Stage.imported, .fused] {
                // Layers made of others are expanded by the simplifier alone.
                if golden.operation == "multiHeadAttention", stage == .imported { continue }
                if let problem = golden.problem(PlanOptions(instructionSet: instructionSet, stage: stage)) {
                    Issue.record("\(golden), \(instructionSet), \(stage): \(problem)")
                }
            }
        }
    }

    @Test("the control: results that are off by twice the bound are seen, in every float golden")
    func control() {
        for golden in Self.goldens where golden.isFloatingPoint {
            #expect(golden.problem(PlanOptions(), shiftingResultsBy: 3) != nil, "\(golden)")
        }
    }
}

private typealias Operation = EmotionFormerGraph.Operation

/// A case of the file, read without a schema.
struct EngineGolden: CustomStringConvertible, @unchecked Sendable {
    // Sendable: the dictionary is never written.
    private let json: [String: Any]

    var operation: String { json["operation"] as? String ?? "" }
    var description: String { "\(operation): \(json["name"] as? String ?? "")" }
    /// Whether the operands behind the first are packed when a plan is made: the engine wants to know them then.
    private var hasTrainedOperands: Bool {
        ["conv2D", "depthwiseConv2D", "fullyConnected", "sequenceLSTM"].contains(operation)
    }

    /// Whether the first result is float32 and holds a finite number.
    var isFloatingPoint: Bool {
        let first = (json["outputs"] as? [[String: Any]])?.first
        return first?["type"] as? String == "float32" && outputs[0].contains(where: \.isFinite)
    }

    var tolerance: Double { json["tolerance"] as? Double ?? 0 }
    var outputs: [[Double]] { (json["outputs"] as? [[String: Any]] ?? []).map(Self.numbers) }

    /// What is wrong with the engine's results, or nil.
    ///
    /// - Parameter shift: moves the results by so many times the bound, which must be seen.
    func problem(_ options: PlanOptions, shiftingResultsBy shift: Double = 0) -> String? {
        do {
            let bound = max(tolerance, 1e-5)
            let results = try run(options)
            guard results.count == outputs.count, !results.isEmpty else {
                return "\(results.count) outputs instead of \(outputs.count)"
            }
            for (index, (found, expected)) in zip(results, outputs).enumerated() {
                let magnitude = max(1, expected.filter(\.isFinite).map(abs).max() ?? 0)
                let shifted = shift == 0 ? found.doubles : found.doubles.map { $0 + shift * bound * magnitude }
                let difference = Self.difference(shifted, expected)
                if difference > bound { return "output \(index) differs by \(difference)" }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    static func all() -> [EngineGolden] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/operations/goldens.json").standardizedFileURL
        guard let data = try? Data(contentsOf: file),
            let list = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
        else { return [] }
        return list.map(EngineGolden.init(json:))
    }

    func run(_ options: PlanOptions) throws -> [Tensor] {
        let (program, inputs) = try program()
        return try Self.run(program, inputs, options)
    }

    static func run(_ program: Program, _ given: [Tensor], _ options: PlanOptions) throws -> [Tensor] {
        let session = Session(try Plan(program, inputShapes: given.map(\.shape), options: options))
        for (index, tensor) in given.enumerated() {
            tensor.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        try session.run()
        return session.plan.outputTypes.enumerated().map { index, type in
            Tensor(type.elementType, type.shape) { $0.copyMemory(from: session.output(index)) }
        }
    }

    /// The case's node as a program, and the operands that come at run time: the case's, or `replaced` in their place.
    func program(_ replaced: [Tensor]? = nil) throws -> (program: Program, inputs: [Tensor]) {
        var tensors: [String: StoredTensor] = [:]
        var nodes: [Node] = []
        var inputs: [GraphInput] = []
        var given: [Tensor] = []
        var operands: [String?] = []
        for (index, entry) in (json["inputs"] as? [Any] ?? []).enumerated() {
            guard let entry = entry as? [String: Any] else {
                operands.append(nil)
                continue
            }
            let name = "operand \(index)"
            let stored = try Self.stored(entry)
            operands.append(name)
            if entry["constant"] as? Bool == true || index > 0 && hasTrainedOperands {
                tensors[name] = stored
                nodes.append(Node(.constant, name: name, outputs: [name], weights: ["value": name]))
            } else {
                let tensor = replaced?[given.count] ?? stored.tensor
                given.append(tensor)
                inputs.append(GraphInput(name: name, elementType: tensor.elementType, extents: tensor.shape.extents))
            }
        }
        let names = outputs.indices.map { "output \($0)" }
        nodes.append(try Self.node(json, name: "node", inputs: operands, outputs: names, prefix: "", &tensors))
        var graphs = [Graph(name: "main", inputs: inputs, outputs: names, nodes: nodes)]
        for body in json["graphs"] as? [[String: Any]] ?? [] { graphs.append(try Self.graph(body, &tensors)) }
        return (try Program(graphs: graphs, tensors: tensors).validated(), given)
    }

    private static func graph(_ body: [String: Any], _ tensors: inout [String: StoredTensor]) throws -> Graph {
        let name = body["name"] as? String ?? ""
        var nodes: [Node] = []
        for node in body["nodes"] as? [[String: Any]] ?? [] {
            let own = node["name"] as? String ?? ""
            nodes.append(
                try self.node(
                    node, name: own, inputs: node["inputs"] as? [String] ?? [],
                    outputs: node["outputs"] as? [String] ?? [], prefix: "\(name) \(own) ", &tensors))
        }
        return Graph(
            name: name,
            inputs: (body["inputs"] as? [[String: Any]] ?? []).map {
                GraphInput(
                    name: $0["name"] as? String ?? "",
                    elementType: ElementType(rawValue: $0["dtype"] as? String ?? "") ?? .float32,
                    extents: $0["shape"] as? [Int] ?? [])
            }, outputs: body["outputs"] as? [String] ?? [], nodes: nodes)
    }

    private static func node(
        _ json: [String: Any], name: String, inputs: [String?], outputs: [String], prefix: String,
        _ tensors: inout [String: StoredTensor]
    ) throws -> Node {
        guard let operation = Operation(rawValue: json["operation"] as? String ?? "") else {
            throw Fault(.unknownName, at: name, "there is no such operation")
        }
        var attributes: [String: AttributeValue] = [:]
        for specification in operation.specification.attributes {
            guard let value = (json["attributes"] as? [String: Any])?[specification.name] else { continue }
            attributes[specification.name] =
                switch specification.kind {
                case .integer: .integer(value as? Int ?? 0)
                case .number: .number(value as? Double ?? 0)
                case .boolean: .boolean(value as? Bool ?? false)
                case .integers: .integers(value as? [Int] ?? [])
                case .elementType, .graph, .text: .text(value as? String ?? "")
                }
        }
        var weights: [String: String] = [:]
        for (role, entry) in json["weights"] as? [String: [String: Any]] ?? [:] {
            weights[role] = prefix + role
            tensors[prefix + role] = try stored(entry)
        }
        return Node(
            operation, name: name, inputs: inputs, outputs: outputs, attributes: Attributes(attributes),
            weights: weights)
    }

    private static func stored(_ entry: [String: Any]) throws -> StoredTensor {
        guard let type = ElementType(rawValue: entry["type"] as? String ?? "") else {
            throw Fault(.unknownName, at: "type", "there is no such element type")
        }
        let shape = try Shape(entry["shape"] as? [Int] ?? [])
        let values = numbers(entry)
        let tensor =
            switch type {
            case .float32: try Tensor(values.map { Float($0) }, shape: shape)
            case .float16: Tensor(.float16, values, shape)
            case .int8: try Tensor(values.map { Int8($0) }, shape: shape)
            case .uint8: try Tensor(values.map { UInt8($0) }, shape: shape)
            case .int16: try Tensor(values.map { Int16($0) }, shape: shape)
            case .int32: try Tensor(values.map { Int32($0) }, shape: shape)
            case .int64: try Tensor(values.map { Int64($0) }, shape: shape)
            case .bool: try Tensor(values.map { $0 != 0 }, shape: shape)
            }
        let scales = (entry["scales"] as? [Double])?.map { Float($0) }
        return StoredTensor(
            tensor,
            quantization: scales.map {
                Quantization(
                    scales: $0, zeroPoints: entry["zeroPoints"] as? [Int] ?? $0.map { _ in 0 },
                    axis: entry["axis"] as? Int)
            })
    }

    private static func numbers(_ entry: [String: Any]) -> [Double] {
        (entry["data"] as? [Any] ?? []).map {
            switch $0 {
            case let number as Double: number
            case let text as String: text == "inf" ? .infinity : text == "-inf" ? -.infinity : .nan
            default: .nan
            }
        }
    }

    /// Relative to the largest magnitude, at least 1; infinite where numbers, NaNs and infinities do not match.
    static func difference(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count else { return .infinity }
        let magnitude = max(expected.filter(\.isFinite).map(abs).max() ?? 1, 1)
        return zip(found, expected).map { a, b in
            if a == b || a.isNaN && b.isNaN { return 0 }
            let difference = abs(a - b)
            return difference.isFinite ? difference / magnitude : .infinity
        }.max() ?? 0
    }
}

extension Tensor {
    /// Half-precision numbers whose bits are found by search; goldens hold few.
    fileprivate init(_ type: ElementType, _ values: [Double], _ shape: Shape) {
        let bits = values.map { value -> UInt16 in
            (0...UInt16.max).first { Double(Float(halfBits: $0)) == value } ?? 0
        }
        self.init(type, shape) { bytes in
            for (index, bits) in bits.enumerated() {
                bytes.storeBytes(of: bits, toByteOffset: 2 * index, as: UInt16.self)
            }
        }
    }
}
