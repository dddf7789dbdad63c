import EmotionFormer

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

/// For people: the label and a bar chart of the probabilities.
struct TableReport: PredictionReport {
    let top: Int?
    /// Said beside every label, such as where the weights come from.
    let note: String?

    func begin(_ model: EmotionModel) throws {}

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        var title = source.file
        if source.count > 1 { title += " #\(source.index)" }
        if let name = source.name { title += " (\(name))" }
        if source.isWindow { title += ", frames \(source.frames.lowerBound)–\(source.frames.upperBound - 1)" }
        let said = note.map { " (\($0))" } ?? ""
        try StandardOutput.writeLine("\(title): \(prediction.label)\(said)")
        let rows: [(label: String, probability: Float)] =
            top.map { prediction.top($0) } ?? zip(prediction.labels, prediction.probabilities).map { ($0, $1) }
        let width = rows.map(\.label.count).max() ?? 0
        for row in rows {
            let label = row.label + String(repeating: " ", count: width - row.label.count)
            try StandardOutput.writeLine(
                "  \(label)  \(TableReport.percent(row.probability))  \(TableReport.bar(row.probability))")
        }
        let time = TableReport.milliseconds(elapsed)
        try StandardOutput.writeLine("  \(prediction.framesUsed) of \(source.frameCount) frames used, \(time) ms")
    }

    func end(_ model: EmotionModel, isBundled: Bool) throws {
        let note = isBundled ? " (\(ModelOptions.bundledNote))" : ""
        try StandardOutput.writeLine("model: \(model.name)\(note)")
    }

    /// ` 93.1 %`, always seven characters.
    static func percent(_ probability: Float) -> String {
        let tenths = Int((probability * 1000).rounded())
        let text = "\(tenths / 10).\(tenths % 10) %"
        return String(repeating: " ", count: max(0, 7 - text.count)) + text
    }

    /// So many cells for 100 %, in eighths of a cell.
    static func bar(_ probability: Float, cells: Int = 40) -> String {
        let eighths = Int((probability * Float(8 * cells)).rounded())
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + rest
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let hundredths = Int((duration / .microseconds(10)).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

/// One JSON object a line; numbers in the shortest form that reads back as the same 32-bit float.
struct JSONReport: PredictionReport {
    let top: Int?

    func begin(_ model: EmotionModel) throws {}

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        var line = "{\"clip\":\(JSONText.quoted(source.file)),\"index\":\(source.index)"
        if let name = source.name { line += ",\"name\":\(JSONText.quoted(name))" }
        if source.isWindow {
            line += ",\"startFrame\":\(source.frames.lowerBound),\"endFrame\":\(source.frames.upperBound)"
        }
        line += ",\"label\":\(JSONText.quoted(prediction.label))"
        let probabilities = zip(prediction.labels, prediction.probabilities)
            .map { "\(JSONText.quoted($0)):\($1)" }.joined(separator: ",")
        line += ",\"probabilities\":{\(probabilities)}"
        let logits = prediction.logits.map { "[\($0.map { "\($0)" }.joined(separator: ","))]" } ?? "null"
        line += ",\"logits\":\(logits)"
        if let top {
            line += ",\"top\":[\(prediction.top(top).map { JSONText.quoted($0.label) }.joined(separator: ","))]"
        }
        line += ",\"frames\":\(source.frameCount),\"framesUsed\":\(prediction.framesUsed)}"
        try StandardOutput.writeLine(line)
    }
}

/// Comma-separated values, with a header.
struct CSVReport: PredictionReport {
    func begin(_ model: EmotionModel) throws {
        let header = ["clip", "index", "start_frame", "end_frame", "label"] + model.labels
        try StandardOutput.writeLine(header.map(CSVReport.quoted).joined(separator: ","))
    }

    func add(_ prediction: Prediction, of source: ClipSource, elapsed: Duration) throws {
        let cells =
            [
                CSVReport.quoted(source.file), "\(source.index)", "\(source.frames.lowerBound)",
                "\(source.frames.upperBound)", CSVReport.quoted(prediction.label),
            ] + prediction.probabilities.map { "\($0)" }
        try StandardOutput.writeLine(cells.joined(separator: ","))
    }

    /// RFC 4180: quotes around a cell that needs them.
    private static func quoted(_ cell: String) -> String {
        guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
        return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
