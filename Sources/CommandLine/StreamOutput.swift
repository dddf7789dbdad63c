import EmotionFormer
import EmotionFormerCore
import EmotionFormerSystem

/// Receives the predictions of a stream, for one clip after the other.
protocol StreamOutput: AnyObject {
    /// Called before a clip's first frame.
    func begin(clip: String, stream: EmotionStream) throws
    /// Called for each frame that was added to the stream; `number` counts from 0.
    func add(_ frame: LandmarkFrame, number: Int) throws
    /// Called for the prediction of the window that ends with the last frame.
    func add(_ prediction: StreamPrediction) throws
    /// Called after a clip's last frame.
    func end() throws
}

/// One JSON object per prediction, each on a line and printed at once.
final class StreamLines: StreamOutput {
    private var clip = ""
    private var isSmoothed = false

    func begin(clip: String, stream: EmotionStream) {
        self.clip = clip
        isSmoothed = stream.options.smoothing > 0
    }

    func add(_ frame: LandmarkFrame, number: Int) {}

    func add(_ prediction: StreamPrediction) throws {
        func object(_ probabilities: [Float]) -> String {
            let fields = zip(prediction.labels, probabilities).map { "\(PrintedText.quotedInJSON($0)):\($1)" }
            return "{\(fields.joined(separator: ","))}"
        }
        var line = "{\"clip\":\(PrintedText.quotedInJSON(clip)),\"index\":\(prediction.index)"
        line += ",\"frames\":[\(prediction.frames.lowerBound),\(prediction.frames.upperBound - 1)]"
        if let time = prediction.startTime { line += ",\"start\":\(time)" }
        if let time = prediction.endTime { line += ",\"end\":\(time)" }
        line += ",\"label\":\(JSONReport.label(prediction.label))"
        let kind = prediction.window.outputKey
        line += ",\"\(kind)\":\(object(prediction.outputs))"
        if isSmoothed { line += ",\"window\":\(object(prediction.window.outputs))" }
        line += ",\"framesUsed\":\(prediction.window.framesUsed)}"
        try StandardOutput.writeLine(line)
        try StandardOutput.flush()
    }

    func end() {}
}

/// Bars on a terminal, redrawn in place.
final class StreamBars: StreamOutput {
    private let note: String?
    private var clip = ""
    private var window = 0
    private var hop = 1
    private var minimumFrames = 1
    /// The number of lines that the last drawing left above the cursor.
    private var drawnLines = 0
    private var prediction: StreamPrediction?
    private var lastFace: Int?

    /// - Parameter note: shown under the bars.
    init(note: String?) { self.note = note }

    func begin(clip: String, stream: EmotionStream) {
        self.clip = clip
        window = stream.options.window ?? 0
        hop = stream.options.hop
        minimumFrames = stream.options.minimumFrames ?? 1
        drawnLines = 0
        prediction = nil
        lastFace = nil
    }

    func add(_ frame: LandmarkFrame, number: Int) throws {
        if frame.hasFace { lastFace = number }
        // Between predictions there is something to show only before the first one, or when the face is lost.
        guard (number + 1).isMultiple(of: min(hop, 10)), prediction == nil || lastFace != number else { return }
        try draw(after: number + 1)
    }

    func add(_ prediction: StreamPrediction) throws {
        self.prediction = prediction
        try draw(after: prediction.frames.upperBound)
    }

    func end() throws {
        prediction = nil
        drawnLines = 0
    }

    private func draw(after count: Int) throws {
        let width = StreamBars.terminalWidth
        var lines: [String] = []
        if let prediction {
            let title = [
                clip, prediction.endTime.map { "\(StreamBars.tenths($0)) s" },
                "frames \(prediction.frames.lowerBound)–\(prediction.frames.upperBound - 1)",
                lastFace == count - 1 ? nil : lastFace.map { "no face for \(count - 1 - $0) frames" },
            ]
            lines.append("\(prediction.label)  (\(title.compactMap(\.self).joined(separator: ", ")))")
            let column = prediction.labels.map { PrintedText.line($0).count }.max() ?? 0
            lines += OutputRows.lines(
                zip(prediction.labels, prediction.outputs).map { ($0, $1) },
                fault: prediction.window.probabilityFault, cells: max(10, min(40, width - column - 14)))
        } else {
            let face = lastFace == nil ? ", no face yet" : ""
            lines.append("\(clip): \(count) of \(minimumFrames) frames\(face)")
        }
        if let note { lines.append(note) }
        // Back to the first line. Each line is cleared to its end, and all lines below too.
        var text = drawnLines > 0 ? "\u{1B}[\(drawnLines)A\r" : "\r"
        for line in lines { text += PrintedText.line(line).prefix(width - 1) + "\u{1B}[K\n" }
        text += "\u{1B}[J"
        drawnLines = lines.count
        try StandardOutput.write(text)
        try StandardOutput.flush()
    }

    private static func tenths(_ seconds: Double) -> String {
        let tenths = Int(saturating: (min(max(seconds, -1e12), 1e12) * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    private static var terminalWidth: Int {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return 80 }
        return Int(size.ws_col)
    }
}
