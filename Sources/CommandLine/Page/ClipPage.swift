import EmotionFormer
import EmotionFormerFiles

/// A page about one clip: the face played back, probabilities over time, attention, and the clip's values compared with
/// the training data.
struct ClipPage {
    /// The clip's name, for people.
    var name: String
    var modelName: String
    /// The note beside the model's name.
    var modelNote: String?
    var labels: [String]
    /// The prediction at the top of the page, and what it covers.
    var prediction: Prediction
    var scope = "of the whole clip"
    var frameCount: Int
    /// nil if the clip's values are not landmarks of faces.
    var faces: FaceFrames?
    var series: ProbabilitySeries
    /// The video's own pictures; nil for a clip of landmarks.
    var pictures: ClipPictures?
    /// nil for a model without attention.
    var attention: AttentionSummary?
    /// The frames that the attention covers; nil for all.
    var attended: Range<Int>?
    var statistics: InputStatistics?
    /// The name of a feature, for the statistics.
    var featureName: @Sendable (Int) -> String = { "feature \($0)" }

    var html: String {
        Page(
            title: "\(prediction.label): \(name)",
            body: [
                head, "<div class=\"pair\">\n\(player)\(chances)</div>", attentionSection,
                statistics.map(statisticsSection) ?? "",
            ].joined(separator: "\n"), script: PageAsset.clipScript, data: data
        ).html
    }

    /// Why the outputs, of the prediction or of a point, are not probabilities; nil if they are. If not, they are drawn
    /// as numbers.
    private var probabilityFault: String? {
        prediction.probabilityFault
            ?? series.points.lazy.compactMap { Prediction.probabilityFault($0.outputs, labels: labels) }.first
    }

    private var chart: ChartFrame {
        let areProbabilities = probabilityFault == nil
        let last = Double(max(frameCount - 1, 1))
        let steps = min(4, max(frameCount - 1, 1))
        let ticks = (0...steps).map { Int(saturating: last * Double($0) / Double(steps)) }
        return ChartFrame(
            height: 240, title: "frame", range: 0...last, ticks: ticks.map { (Double($0), "\($0)") },
            numbers: areProbabilities ? nil : extent,
            description: "\(areProbabilities ? "Probability" : "Output") of each label over the clip's frames")
    }

    /// From the smallest output to the largest.
    private var extent: ClosedRange<Double> {
        let outputs = series.points.flatMap(\.outputs) + prediction.outputs
        guard let low = outputs.min(), let high = outputs.max(), low <= high else { return 0...1 }
        return Double(low)...Double(high)
    }

    /// If there are very many points, about as many of them as a screen has columns, and the last.
    private var shownPoints: [ProbabilitySeries.Point] {
        let step = (series.points.count + 2999) / 3000
        return series.points.indices.filter { $0 % max(step, 1) == 0 || $0 == series.points.count - 1 }
            .map { series.points[$0] }
    }

    private var data: String {
        let (chart, areProbabilities) = (chart, probabilityFault == nil)
        let points = shownPoints.map { point in
            let numbers = point.outputs.map { areProbabilities ? DecimalText.fixed(Double($0), 4) : "\($0)" }
            return "[\(point.last),\(numbers.joined(separator: ","))]"
        }
        return
            "{\"frameCount\":\(frameCount),\"areProbabilities\":\(areProbabilities),\"points\":[\(points.joined(separator: ","))],"
            + "\"chart\":{\"left\":\(chart.left),\"right\":\(chart.right),\"width\":\(ChartFrame.width)},"
            + "\"faces\":\(faces?.json ?? "null"),\"pictures\":\(shownPictures?.json ?? "null"),\"attended\":[\(attended?.lowerBound ?? 0),\(attended?.count ?? frameCount)],"
            + "\"attention\":\(attention?.json ?? "null")}"
    }

    private var head: String {
        let note = modelNote.map { "<p class=\"note\">\(HTML.escaped($0))</p>\n" } ?? ""
        // A warning that makes the prediction meaningless is shown beside it.
        let warning =
            statistics.map { statistics in
                statistics.verdict == .bad
                    ? "<p class=\"verdict bad\">\(HTML.escaped(statistics.explanation))</p>\n" : ""
            } ?? ""
        let fault = probabilityFault
        let probability = prediction.outputs.max().map { shown($0, asPercent: fault == nil) } ?? ""
        let numbers =
            fault.map { fault in
                "<p class=\"note\">The model's outputs are not probabilities (\(HTML.escaped(fault))): they are shown as the "
                    + "numbers that they are, and the label is that of the largest.</p>\n"
            } ?? ""
        return "<h1>\(HTML.escaped(name))</h1>\n<p class=\"lead\">by \(HTML.escaped(modelName)); "
            + "\(prediction.framesUsed) of \(frameCount) frames used</p>\n"
            + "<p class=\"answer\"><strong>\(HTML.escaped(prediction.label))</strong> \(probability) "
            + "<span class=\"small\">\(HTML.escaped(scope))</span></p>\n\(numbers)\(note)\(warning)"
    }

    /// An output formatted for people.
    private func shown(_ output: Float, asPercent: Bool) -> String {
        asPercent ? HTML.percent(Double(output)) : DecimalText.short(Double(output))
    }

    private var shownPictures: ClipPictures? { pictures.flatMap { $0.isEmpty ? nil : $0 } }

    private var player: String {
        var canvas = ""
        let note: String
        if let faces {
            canvas =
                "<canvas id=\"mesh\" role=\"img\" aria-label=\"The face's landmarks at the chosen frame\"></canvas>\n"
            note =
                "<p class=\"small\">\(FaceContours.landmarkCount) landmarks; contours of face, eyes, brows and lips. Drawn as "
                + "of a picture of \(faces.pictureAspect.name)"
                + (faces.isGuess ? ", which is a guess from the face's shape." : ".")
                + (faces.frames.count < frameCount ? " Only \(faces.frames.count) of the frames are in this page." : "")
                + "</p>\n"
        } else {
            note =
                "<p class=\"note\">No face can be drawn: the clip holds raw features, not "
                + "\(FaceContours.landmarkCount) landmarks with x, y and z.</p>\n"
        }
        if shownPictures != nil {
            let picture = "<img id=\"picture\" alt=\"The video's picture at the chosen frame\">\n"
            canvas = "<div class=\"beside\">\n\(picture)\(canvas)</div>\n"
        }
        let picture = canvas + note
        return "<section><h2>Face</h2>\n\(picture)"
            + "<div class=\"controls\"><button id=\"play\" type=\"button\" aria-pressed=\"false\">Play</button>\n"
            + "<input id=\"scrub\" type=\"range\" min=\"0\" max=\"\(max(frameCount - 1, 0))\" value=\"\(max(frameCount - 1, 0))\" "
            + "step=\"1\" aria-label=\"Frame\">\n<output id=\"place\" for=\"scrub\"></output>\n"
            + "<label>Speed <select id=\"rate\"><option value=\"5\">5 frames/s</option><option value=\"15\">15 frames/s</option>"
            + "<option value=\"30\" selected>30 frames/s</option><option value=\"60\">60 frames/s</option></select></label></div>\n"
            + "<noscript><p class=\"note\">Playing back needs JavaScript; the drawings do not.</p></noscript></section>\n"
    }

    private var chances: String {
        let frame = chart
        let areProbabilities = probabilityFault == nil
        var drawing = ""
        for label in labels.indices {
            drawing += frame.curve(
                HTML.color(label),
                shownPoints.compactMap {
                    $0.outputs.indices.contains(label) ? (Double($0.last), Double($0.outputs[label])) : nil
                })
        }
        drawing += "<line id=\"cursor\" class=\"cursor\" x1=\"0\" x2=\"0\" y1=\"\(frame.top)\" "
        drawing += "y2=\"\(HTML.coordinate(frame.y(frame.minimum)))\" visibility=\"hidden\"/>\n"
        let bars = labels.enumerated().map { index, label in
            let fill = areProbabilities ? "<div class=\"fill \(HTML.color(index))\"></div>" : ""
            let output = prediction.outputs.indices.contains(index) ? prediction.outputs[index] : 0
            return
                "<li><span>\(HTML.escaped(label))</span><div class=\"track\(areProbabilities ? "" : " empty")\">\(fill)</div>"
                + "<b>\(shown(output, asPercent: areProbabilities))</b></li>"
        }
        return "<section><h2>\(areProbabilities ? "Probabilities" : "Outputs") over time</h2>\n"
            + frame.svg(identifier: "chart", drawing)
            + "<ul class=\"bars\" id=\"bars\">\n\(bars.joined(separator: "\n"))</ul>\n"
            + "<p class=\"small\" id=\"when\"></p>\n<p class=\"small\">\(HTML.escaped(series.explanation))</p></section>\n"
    }

    private var attentionSection: String {
        guard attention != nil else {
            return
                "<section><h2>Attention</h2>\n<p>The model has no attention layers that can be shown.</p></section>\n"
        }
        let part = attended.map { ", frames \($0.lowerBound) to \($0.upperBound - 1)" } ?? ""
        return
            "<section><h2>Attention\(part)</h2>\n<p class=\"small\">Which frames the model looked at: for each frame, what it got of "
            + "the attention of all frames. The stronger the color, the more; even attention is one color throughout.</p>\n"
            + "<div class=\"controls\"><label>Layer <select id=\"layer\"></select></label>"
            + "<label>Head <select id=\"head\"></select></label></div>\n"
            + "<canvas id=\"strip\" role=\"img\" aria-label=\"Attention that each frame got\"></canvas>\n"
            + "<p class=\"small\" id=\"peak\"></p>\n"
            + "<canvas id=\"matrix\" role=\"img\" aria-label=\"Attention of each frame to each frame\"></canvas>\n"
            + "<p class=\"small\" id=\"matrixnote\">Each row is a frame that looks, each column a frame that is looked at.</p>"
            + "</section>\n"
    }
}
