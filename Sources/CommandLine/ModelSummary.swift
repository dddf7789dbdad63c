import EmotionFormer
import EmotionFormerFiles
import EmotionFormerModelFormat

/// The facts about a model that `inspect` prints besides its graph.
struct ModelSummary {
    let contents: ModelPackage
    let labels: [String]

    /// Names and values, in the order in which they are shown.
    var lines: [(String, String)] {
        let input = contents.input
        var lines = [("model", contents.name)]
        if let license = contents.license { lines.append(("license", license)) }
        if let citation = contents.citation { lines.append(("citation", citation)) }
        lines.append(("producer", "\(contents.producer.tool) \(contents.producer.version)"))
        lines += contents.producer.sources.map { ("source", "\($0.name), SHA-256 \($0.sha256)") }
        lines.append(("input", "\(input.frames) frames × \(input.features) features, layout \(input.layout.rawValue)"))
        lines.append(("normalization", normalization))
        lines.append(("padding", padding))
        lines.append(("longer clips", truncation))
        lines.append(("without a face", missingFrame))
        if let missingValue { lines.append(("missing values", missingValue)) }
        lines.append(
            ("labels", labels.joined(separator: ", ") + (contents.labels == nil ? " (the model has none)" : "")))
        lines.append(("self-test", contents.selfTest.map { "\($0.input.shape[0]) clips, \($0.oracle)" } ?? "none"))
        return lines
    }

    private var normalization: String {
        guard let normalization = contents.input.normalization else { return "none" }
        let shapes = "mean \(normalization.mean.shape), standard deviation \(normalization.standardDeviation.shape)"
        return "(x − mean) / (standard deviation + \(normalization.epsilon)), \(shapes)"
    }

    private var padding: String {
        let padding = contents.input.padding
        let order = padding.order == .beforeNormalization ? "before" : "after"
        switch padding.side {
        case .none: return "none: the model takes a clip's own length"
        case .end: return "\(padding.value) after the clip, \(order) normalization"
        case .start: return "\(padding.value) ahead of the clip, \(order) normalization"
        }
    }

    private var truncation: String {
        switch contents.input.truncation {
        case .end: "lose their last frames"
        case .start: "lose their first frames"
        case .uniform: "are sampled evenly"
        }
    }

    private var missingFrame: String {
        switch contents.input.missingFrame {
        case .drop: "frames are dropped"
        case .zeros: "frames become zeros"
        case .repeatPrevious: "frames repeat the one before"
        }
    }

    private var missingValue: String? {
        switch contents.input.missingValue {
        case .refuse: nil
        case .zeros: "become zeros, before normalization"
        case .keep: "are NaN for the model"
        }
    }

    var json: JSONValue {
        let input = contents.input
        let normalization: JSONValue =
            input.normalization.map {
                [
                    "mean": .shape($0.mean.shape), "standardDeviation": .shape($0.standardDeviation.shape),
                    "epsilon": .number($0.epsilon),
                ]
            } ?? .null
        return [
            "name": .string(contents.name), "license": .text(contents.license), "citation": .text(contents.citation),
            "metadata": contents.metadata ?? .null,
            "producer": [
                "tool": .string(contents.producer.tool), "version": .string(contents.producer.version),
                "sources": .array(
                    contents.producer.sources.map { ["name": .string($0.name), "sha256": .string($0.sha256)] }),
            ],
            "input": [
                "frames": .integer(input.frames), "features": .integer(input.features),
                "layout": .string(input.layout.rawValue), "normalization": normalization,
                "padding": [
                    "value": .number(input.padding.value), "side": .string(input.padding.side.rawValue),
                    "order": .string(input.padding.order.rawValue),
                ],
                "truncation": .string(input.truncation.rawValue), "missingFrame": .string(input.missingFrame.rawValue),
                "missingValue": .string(input.missingValue.rawValue),
            ],
            "labels": .array(labels.map { .string($0) }),
            "selfTest": contents.selfTest.map {
                ["oracle": .string($0.oracle), "clips": .integer($0.input.shape[0])]
            } ?? .null,
        ]
    }
}
