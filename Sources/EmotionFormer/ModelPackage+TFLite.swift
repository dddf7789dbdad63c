import EmotionFormerGraph
import EmotionFormerModelFormat
import EmotionFormerTFLiteImport
import EmotionFormerTensors

extension ModelPackage {
    /// A TensorFlow Lite file as a package. The file says nothing of normalisation, labels and padding: features are
    /// taken as they are, 1,434 of them as x, y, z of 478 landmarks; shorter clips are padded with zeros.
    /// - Throws: `shapeMismatch` if the file's model does not take a clip, and what makes no package.
    init(_ model: ImportedModel, path: String) throws(Fault) {
        do throws(Fault) {
            try self.init(model, name: path.split(separator: "/").last.map(String.init) ?? path)
        } catch {
            throw error.within(path)
        }
    }

    private init(_ model: ImportedModel, name: String) throws(Fault) {
        var program = model.program
        guard let main = program.graphs.first, main.inputs.count == 1, let taken = main.inputs.first,
            taken.extents.count == 3, let frames = taken.extents[1], let features = taken.extents[2]
        else {
            throw Fault(
                .shapeMismatch, at: "inputs", "the model does not take one clip",
                found: model.program.graphs.first.map { graph in
                    graph.inputs.map { "\($0.extents.map { $0.map(String.init) ?? "?" })" }.joined(separator: ", ")
                }, expected: "[1, frames, features]")
        }
        guard let probabilities = main.outputs.first else {
            throw Fault(.missingField, at: "outputs", "the model has no output")
        }
        let logits = main.logits(of: probabilities)
        if let logits, !main.outputs.contains(logits) { program.graphs[0].outputs.append(logits) }
        try self.init(
            name: name,
            producer: .init(tool: "TensorFlow Lite", version: model.description),
            input: InputDescription(
                frames: frames, features: features,
                layout: features == 3 * 478 ? .xyzInterleaved : .raw),
            program: program, outputs: .init(probabilities: probabilities, logits: logits))
    }
}

extension Graph {
    /// What the probabilities are the softmax of, where the last node says so.
    fileprivate func logits(of probabilities: String) -> String? {
        guard let softmax = nodes.first(where: { $0.outputs.contains(probabilities) }), softmax.operation == .softmax,
            case let logits?? = softmax.inputs.first
        else { return nil }
        return logits
    }
}
