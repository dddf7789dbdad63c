import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerModelFormat
import EmotionFormerTFLiteImport

/// The operators of a file's main subgraph with the tensors that each computes, and the files of a trace.
struct TraceIndex {
    let operators: [ImportedModel.Operator]
    /// Values by tensor index.
    let valueNames: [Int: String]
    let inputs: [Int]
    let outputs: [Int]
    /// The input of the softmax that gives the first output; nil if there is none.
    let logits: Int?

    /// - Throws: `missingField` if the file has no main subgraph.
    init(_ model: ImportedModel) throws(Fault) {
        guard let main = model.subgraphs.first, let graph = model.program.graphs.first else {
            throw Fault(.missingField, at: "subgraphs", "the file has no subgraph")
        }
        operators = main.operators
        valueNames = main.valueNames
        let tensors = Dictionary(main.valueNames.map { ($1, $0) }, uniquingKeysWith: min)
        inputs = graph.inputs.compactMap { tensors[$0.name] }
        outputs = graph.outputs.compactMap { tensors[$0] }
        let softmax = graph.nodes.first { $0.operation == .softmax && $0.outputs.first == graph.outputs.first }
        logits = softmax?.inputs.first?.flatMap { tensors[$0] }
    }

    /// The tensors of a trace: every operator's results, or only the outputs and logits.
    func tensors(outputsOnly: Bool) -> [Int] {
        let ends = outputs + (logits.map { [$0] } ?? [])
        return outputsOnly ? ends : operators.flatMap { $0.outputs.map(\.tensor) } + ends
    }

    /// - Parameter written: the tensors that have files.
    func json(stage: String, isFed: Bool, clipCount: Int, written: Set<Int>) -> JSONValue {
        func entry(_ tensor: Int) -> JSONValue {
            .object([
                .init("tensor", .integer(tensor)),
                .init("value", valueNames[tensor].map { .string($0) } ?? .null),
                .init("file", written.contains(tensor) ? .string("\(tensor).npy") : .null),
            ])
        }
        return .object([
            .init("stage", .string(stage)),
            .init("fed", .boolean(isFed)),
            .init("clips", .integer(clipCount)),
            .init("inputs", .array(inputs.map { .integer($0) })),
            .init("outputs", .array(outputs.map { entry($0) })),
            .init("logits", logits.map { entry($0) } ?? .null),
            .init(
                "operators",
                .array(
                    operators.map { operation in
                        .object([
                            .init("index", .integer(operation.index)),
                            .init("name", .string(operation.name)),
                            .init("version", .integer(operation.version)),
                            .init("outputs", .array(operation.outputs.map { entry($0.tensor) })),
                        ])
                    })),
        ])
    }
}
