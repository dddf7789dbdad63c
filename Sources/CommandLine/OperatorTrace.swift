import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerTFLiteImport

/// Runs every operator of a file by itself, on operands that another program computed.
struct OperatorTrace {
    private let program: Program
    private let index: TraceIndex
    private let feed: String
    private let tensors: [String: Int]
    private let limits: Limits

    /// - Parameter feed: a folder with a subfolder for each clip, which holds the tensors, named by index.
    init(_ model: ImportedModel, index: TraceIndex, feed: String, limits: Limits) {
        self.limits = limits
        program = model.program
        self.index = index
        self.feed = feed
        tensors = Dictionary(index.valueNames.map { ($1, $0) }, uniquingKeysWith: min)
    }

    /// - Throws: `missingFile` for a missing operand, `shapeMismatch` and `elementTypeMismatch` for an operand that
    ///   does not fit the operator.
    func write(to folder: inout TraceFolder) throws(Fault) {
        let clipCount = TraceFolder.clipCount(in: feed)
        guard clipCount > 0 else {
            throw Fault(.missingFile, at: feed, "there is no clip", expected: "folders named 0, 1, …")
        }
        var shapes: [Shape] = []
        for input in index.inputs { shapes.append(try operand(input, clip: 0).shape) }
        let options = PlanOptions(stage: .imported, keepsEveryValue: true, limits: limits)
        let graph = try Plan.graph(program, inputShapes: shapes, options: options)
        let names = Set(graph.values.map(\.name))
        var written = Set<Int>()
        for operation in index.operators {
            let outputs = operation.outputs.filter { names.contains($0.value) }
            do throws(Fault) {
                let part = try graph.part(making: outputs.map(\.value), from: Set(tensors.keys))
                let session = Session(try Plan(part, options: options))
                for clip in 0..<clipCount {
                    try run(session, part, clip: clip)
                    for (position, output) in outputs.enumerated() {
                        let type = session.plan.outputTypes[position]
                        let result = Tensor(type.elementType, type.shape) {
                            $0.copyMemory(from: session.output(position))
                        }
                        try folder.write(result, index: output.tensor, clip: clip)
                        written.insert(output.tensor)
                    }
                }
            } catch {
                throw error.within("operator \(operation.index) (\(operation.name))")
            }
        }
        try folder.write(index.json(stage: "imported", isFed: true, clipCount: clipCount, written: written))
    }

    private func run(_ session: Session, _ part: TypedGraph, clip: Int) throws(Fault) {
        for (position, value) in part.inputs.enumerated() {
            guard let tensor = tensors[part.values[value].name] else {
                throw Fault(
                    .unknownName, at: "", "no tensor of the file holds the operand",
                    found: "'\(part.values[value].name)'")
            }
            let operand = try operand(tensor, clip: clip)
            let expected = part.values[value].type
            guard operand.elementType == expected.elementType, operand.shape == expected.shape else {
                throw Fault(
                    .shapeMismatch, at: "\(feed)/\(clip)/\(tensor).npy", "the operand is of another type",
                    found: "\(ValueType(operand.elementType, operand.shape))", expected: "\(expected)")
            }
            operand.withUnsafeBytes { session.input(position).copyMemory(from: $0) }
        }
        try session.run()
    }

    private func operand(_ tensor: Int, clip: Int) throws(Fault) -> Tensor {
        try NumPyFile.read("\(feed)/\(clip)/\(tensor).npy")
    }
}
