import EmotionFormer
import EmotionFormerTensors

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
        try StandardOutput.writeLine("\(title): \(prediction.label)\(said)")
        let rows: [(label: String, value: Float)] =
            top.map { prediction.top($0).map { ($0.label, $0.probability) } }
            ?? zip(prediction.labels, prediction.probabilities).map { ($0, $1) }
        for line in OutputRows.lines(rows, fault: prediction.probabilityFault) { try StandardOutput.writeLine(line) }
        let time = TableReport.milliseconds(elapsed)
        try StandardOutput.writeLine("  \(prediction.framesUsed) of \(source.frameCount) frames used, \(time) ms")
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
struct JSONReport: PredictionReport {
    let top: Int?

    func begin(_ model: EmotionModel) throws {}

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        var line = "{\"clip\":\(PrintedText.quotedInJSON(source.file)),\"index\":\(source.index)"
        if let name = source.name { line += ",\"name\":\(PrintedText.quotedInJSON(name))" }
        if source.isWindow {
            line += ",\"startFrame\":\(source.frames.lowerBound),\"endFrame\":\(source.frames.upperBound)"
        }
        line += ",\"label\":\(PrintedText.quotedInJSON(prediction.label))"
        let outputs = zip(prediction.labels, prediction.probabilities)
            .map { "\(PrintedText.quotedInJSON($0)):\($1)" }.joined(separator: ",")
        line += ",\"\(prediction.outputKind)\":{\(outputs)}"
        let logits = prediction.logits.map { "[\($0.map { "\($0)" }.joined(separator: ","))]" } ?? "null"
        line += ",\"logits\":\(logits)"
        if let top {
            line +=
                ",\"top\":[\(prediction.top(top).map { PrintedText.quotedInJSON($0.label) }.joined(separator: ","))]"
        }
        line += ",\"frames\":\(source.frameCount),\"framesUsed\":\(prediction.framesUsed)}"
        try StandardOutput.writeLine(line)
    }
}

/// Comma-separated values, with a header. If the outputs are not probabilities, a note says so once, on standard error.
final class CSVReport: PredictionReport {
    private var fault: String?

    func begin(_ model: EmotionModel) throws {
        let header = ["clip", "index", "start_frame", "end_frame", "label"] + model.labels
        try StandardOutput.write(header.map(CSVText.cell).joined(separator: ",") + "\n")
    }

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        let cells =
            [
                CSVText.cell(source.file), "\(source.index)", "\(source.frames.lowerBound)",
                "\(source.frames.upperBound)", CSVText.cell(prediction.label),
            ] + prediction.probabilities.map { "\($0)" }
        try StandardOutput.write(cells.joined(separator: ",") + "\n")
        fault = fault ?? prediction.probabilityFault
    }

    func end(_ model: EmotionModel, isBundled: Bool) throws {
        guard let fault else { return }
        StandardError.writeLine("emotionformer: note: \(OutputRows.note(fault))")
    }
}

extension Prediction {
    /// The name of the outputs in JSON. Where the model has logits, the outputs are their softmax.
    var outputKind: String { logits != nil || areProbabilities ? "probabilities" : "values" }
}
