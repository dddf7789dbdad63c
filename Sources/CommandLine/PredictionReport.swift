import EmotionFormer
import EmotionFormerCore

/// A form in which predictions are printed.
protocol PredictionReport {
    func begin(_ model: EmotionModel) throws
    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws
    /// - Parameter isBundled: whether the model is the one that comes with the program.
    func end(_ model: EmotionModel, isBundled: Bool) throws
}

extension PredictionReport {
    func end(_ model: EmotionModel, isBundled: Bool) throws {}
}

/// For people: the label, and a bar chart of the outputs if they are probabilities.
struct TableReport: PredictionReport {
    let top: Int?
    /// A note beside every label, such as the origin of the weights.
    let note: String?

    func begin(_ model: EmotionModel) throws {}

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        var title = source.file
        if source.count > 1 { title += " #\(source.index)" }
        if let name = source.name { title += " (\(name))" }
        if source.isWindow { title += ", frames \(source.frames.lowerBound)–\(source.frames.upperBound - 1)" }
        let said = note.map { " (\($0))" } ?? ""
        let label = prediction.label.isEmpty ? prediction.kind.rawValue : prediction.label
        try StandardOutput.writeLine("\(title): \(label)\(said)")
        guard prediction.rowCount == 1 else { return try addRows(prediction, of: source, elapsed: elapsed) }
        let rows: [(label: String, value: Float)] =
            top.map { prediction.top($0).map { ($0.label, $0.output) } }
            ?? zip(prediction.labels, prediction.outputs).map { ($0, $1) }
        for line in OutputRows.lines(rows, fault: prediction.probabilityFault) { try StandardOutput.writeLine(line) }
        for output in prediction.otherOutputs {
            let shown = output.elements.prefix(8).map { "\(Float($0))" }.joined(separator: ", ")
            let rest = output.elements.count > 8 ? ", … (\(output.elements.count) numbers)" : ""
            try StandardOutput.writeLine(
                "  \(PrintedText.line(output.name)) (\(output.kind.rawValue)): \(shown)\(rest)")
        }
        try end(prediction, of: source, elapsed: elapsed)
    }

    private func end(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        let time = TableReport.milliseconds(elapsed)
        let frames = source.frameCount > 0 ? "\(prediction.framesUsed) of \(source.frameCount) frames used, " : ""
        try StandardOutput.writeLine("  \(frames)\(time) ms")
    }

    /// A line for each row.
    private func addRows(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        let (columns, limit) = (prediction.labels.count, 8)
        for row in 0..<prediction.rowCount {
            let numbers = prediction.outputs[row * columns..<(row + 1) * columns]
            let shown = numbers.prefix(limit).map { "\($0)" }.joined(separator: "  ")
            let frame = prediction.isPerFrame ? prediction.frames[row].label : ""
            let name = frame.isEmpty ? "" : "\(PrintedText.line(frame))  "
            try StandardOutput.writeLine(
                "  \(prediction.isPerFrame ? "frame" : "row") \(row)  \(name)\(shown)\(columns > limit ? "  …" : "")")
        }
        try end(prediction, of: source, elapsed: elapsed)
    }

    func end(_ model: EmotionModel, isBundled: Bool) throws {
        let note = isBundled ? " (\(ModelOptions.bundledNote))" : ""
        try StandardOutput.writeLine("model: \(model.name)\(note)")
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let hundredths = Int(saturating: (duration / .microseconds(10)).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

/// One JSON object per line; numbers in the shortest form that reads back as the same 32-bit float.
final class JSONReport: PredictionReport {
    private let top: Int?
    /// The name of the model's main output.
    private var outputName: String

    init(top: Int?, outputName: String = "") {
        self.top = top
        self.outputName = outputName
    }

    func begin(_ model: EmotionModel) throws { outputName = model.outputName }

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        var line = "{\"clip\":\(PrintedText.quotedInJSON(source.file)),\"index\":\(source.index)"
        if let name = source.name { line += ",\"name\":\(PrintedText.quotedInJSON(name))" }
        if source.isWindow {
            line += ",\"startFrame\":\(source.frames.lowerBound),\"endFrame\":\(source.frames.upperBound)"
        }
        line += ",\"label\":\(JSONReport.label(prediction.label))"
        if !prediction.isPerFrame, prediction.rowCount == 1 {
            let outputs = zip(prediction.labels, prediction.outputs)
                .map { "\(PrintedText.quotedInJSON($0)):\($1)" }.joined(separator: ",")
            line += ",\"\(prediction.outputKey)\":{\(outputs)}"
        }
        if prediction.isPerFrame || prediction.rowCount > 1 || !prediction.otherOutputs.isEmpty {
            line += ",\"outputs\":\(outputs(prediction))"
        }
        let logits = prediction.logits.map { "[\($0.map { "\($0)" }.joined(separator: ","))]" } ?? "null"
        line += ",\"logits\":\(logits)"
        if let top {
            line +=
                ",\"top\":[\(prediction.top(top).map { PrintedText.quotedInJSON($0.label) }.joined(separator: ","))]"
        }
        // Of a clip; other inputs have no frames.
        if source.frameCount > 0 { line += ",\"frames\":\(source.frameCount),\"framesUsed\":\(prediction.framesUsed)" }
        line += "}"
        try StandardOutput.writeLine(line)
    }
}

extension JSONReport {
    /// Null where there is no label.
    static func label(_ label: String) -> String { label.isEmpty ? "null" : PrintedText.quotedInJSON(label) }

    /// Every output by name, as nested arrays.
    private func outputs(_ prediction: Prediction) -> String {
        let rows = stride(from: 0, to: prediction.outputs.count, by: max(prediction.labels.count, 1)).map { row in
            "[\(prediction.outputs[row..<row + prediction.labels.count].map { "\($0)" }.joined(separator: ","))]"
        }
        let main =
            prediction.isPerFrame || prediction.rowCount > 1 ? "[\(rows.joined(separator: ","))]" : rows.first ?? "[]"
        let others = prediction.otherOutputs.map { output in
            // Without the batch axis, where there is one.
            let shape = output.shape.dropFirst(output.shape.first == 1 ? 1 : 0)
            return "\(PrintedText.quotedInJSON(output.name)):"
                + NestedArray.text(output.elements.map(JSONNumber.text), shape)
        }
        return "{\(([PrintedText.quotedInJSON(outputName) + ":" + main] + others).joined(separator: ","))}"
    }
}

/// Comma-separated values, with a header. If the outputs are not probabilities, a note says so once, on standard error.
final class CSVReport: PredictionReport {
    private var fault: String?

    func begin(_ model: EmotionModel) throws {
        guard model.givesOneRow else {
            throw Failure("--csv has one row for a clip, and the model gives several: take --json")
        }
        let header = ["clip", "index", "start_frame", "end_frame", "label"] + model.labels
        try StandardOutput.write(header.map(CSVText.cell).joined(separator: ",") + "\n")
    }

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        let cells =
            [
                CSVText.cell(source.file), "\(source.index)", "\(source.frames.lowerBound)",
                "\(source.frames.upperBound)", CSVText.cell(prediction.label),
            ] + prediction.outputs.map { "\($0)" }
        try StandardOutput.write(cells.joined(separator: ",") + "\n")
        fault = fault ?? prediction.probabilityFault
    }

    func end(_ model: EmotionModel, isBundled: Bool) throws {
        guard let fault else { return }
        StandardError.writeLine("emotionformer: note: \(OutputRows.note(fault))")
    }
}

extension Prediction {
    /// The name of the main output's numbers in JSON. What is stated to be probabilities and does not look like it is
    /// called values; where the model has logits, the outputs are their softmax.
    var outputKey: String {
        kind == .probabilities && logits == nil && rowCount == 1 && !areProbabilities ? "values" : kind.rawValue
    }
}
