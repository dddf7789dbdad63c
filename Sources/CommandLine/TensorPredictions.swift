import EmotionFormer
import EmotionFormerCore

/// Predictions of models that take other inputs than one clip.
enum TensorPredictions {
    /// The outputs of one run: the main output by its labels, the others as they are.
    /// - Parameter state: the model's variables, as the run before left them; empty for those of the first run.
    static func prediction(
        of inputs: [String: Tensor], by model: Model, state: inout [UInt8]
    ) throws(Fault) -> Prediction {
        let results = try model.results(of: inputs, state: &state)
        guard let main = model.outputs.first, let tensor = results[main.name], tensor.shape.elementCount > 0 else {
            throw Fault(.shapeMismatch, at: "outputs", "the model's main output is empty")
        }
        let numbers = tensor.doubles.map { Float($0) }
        guard numbers.allSatisfy(\.isFinite) else {
            throw Fault(.notFinite, at: "output '\(main.name)'", "the model's output is not a finite number")
        }
        let columns = tensor.shape.extents.last ?? 1
        let prefix = main.kind == .values ? "value" : "class"
        let labels = model.labels ?? (0..<columns).map { "\(prefix)\($0)" }
        guard labels.count == columns else {
            throw Fault(
                .shapeMismatch, at: "labels", "there are not as many labels as outputs", found: "\(labels.count)",
                expected: "\(columns)")
        }
        let rows = numbers.count / columns
        let logits = model.outputs.dropFirst().first {
            $0.areLogitsOfMain && results[$0.name]?.shape == tensor.shape
        }
        return Prediction(
            labels: labels, kind: main.kind, outputs: numbers, rowCount: rows,
            logits: logits.flatMap { results[$0.name]?.doubles.map { Float($0) } }, framesUsed: 0,
            otherOutputs: model.outputs.dropFirst().filter { $0 != logits }.compactMap { output in
                results[output.name].map {
                    Prediction.OtherOutput(
                        name: output.name, kind: output.kind, shape: $0.shape.extents, elements: $0.doubles)
                }
            }, choosesLabel: rows == 1 && columns > 1 && (main.kind != .values || model.labels != nil))
    }

    static func inputs(of model: Model) -> String {
        model.inputs.map { "\($0.name): \(TensorFiles.text($0))" }.joined(separator: ", ")
    }
}
