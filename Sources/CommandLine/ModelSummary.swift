import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerModelFormat

/// The facts about a model that `inspect` prints besides its graph.
struct ModelSummary {
    let contents: ModelPackage
    /// The names of the main output's numbers; empty for a model of other inputs without labels.
    let labels: [String]
    /// The numbers of frames that shorter clips are rounded up to, or why they take all frames.
    private let clipSizes: [Int]
    private let frameBarrier: FrameBarrier?

    /// - Throws: why a model of clips cannot be compiled.
    init(contents: ModelPackage, limits: ModelLimits) throws {
        self.contents = contents
        guard contents.clip != nil else {
            labels = contents.labels ?? []
            clipSizes = []
            frameBarrier = nil
            return
        }
        let model = try EmotionModel(contents, options: EmotionModel.Options(limits: limits))
        labels = model.labels
        clipSizes = model.clipSizes
        frameBarrier = model.frameBarrier
    }

    /// Names and values, in the order in which they are shown.
    var lines: [(String, String)] {
        var lines = [("model", contents.name)]
        if let license = contents.license { lines.append(("license", license)) }
        if let citation = contents.citation { lines.append(("citation", citation)) }
        lines.append(("producer", "\(contents.producer.tool) \(contents.producer.version)"))
        lines += contents.producer.sources.map { ("source", "\($0.name), SHA-256 \($0.sha256)") }
        lines += contents.signatures.map { signature in
            let ends = "\(signature.inputs.joined(separator: ", ")) → \(signature.outputs.joined(separator: ", "))"
            let isChosen = contents.signatures.count > 1 && signature.isRead
            return ("signature", PrintedText.line("\(signature.name)\(isChosen ? ", which is read" : ""): \(ends)"))
        }
        if let input = contents.clip {
            lines += contents.inputs[0].role.name == .vector ? vectorLines(input) : clipLines(input)
        } else {
            lines += zip(contents.inputs, contents.main?.inputs ?? []).map {
                ("input", "\($0.name): \($1.typeText), \($0.role.name.rawValue)")
            }
        }
        lines += contents.outputs.map { output in
            ("output", "\(output.name): \(output.kind.rawValue)\(output.per == .frame ? ", a row for each frame" : "")")
        }
        if !contents.variables.isEmpty {
            lines += contents.variables.map { ("variable", VariableText.text($0.name, $0.type)) }
            lines.append(("rows of a file", "follow each other: each finds the variables as the row before left them"))
        }
        if !labels.isEmpty {
            lines.append(
                ("labels", labels.joined(separator: ", ") + (contents.labels == nil ? " (the model has none)" : "")))
        }
        lines.append(
            (
                "self-test",
                contents.selfTest.map { "\($0.runCount) \(contents.clip == nil ? "runs" : "clips"), \($0.oracle)" }
                    ?? "none"
            ))
        return lines
    }

    private func vectorLines(_ input: InputDescription) -> [(String, String)] {
        [
            ("input", "\(input.features) features of one frame, layout \(input.layout.rawValue)"),
            ("normalization", normalization(input)),
        ]
    }

    private func clipLines(_ input: InputDescription) -> [(String, String)] {
        let shape =
            input.frameShape == [input.features]
            ? "" : " (\(input.frameShape.map { "\($0)" }.joined(separator: " × ")))"
        return [
            (
                "input",
                "\(input.frames) frames × \(input.features) features\(shape), layout \(input.layout.rawValue)"
            ), ("normalization", normalization(input)), ("padding", padding(input)),
        ] + framesLines(input) + [
            ("longer clips", truncation(input)), ("without a face", missingFrame(input)),
        ] + (input.missingValue == .refuse ? [] : [("missing values", missingValue(input))])
    }

    /// How many frames are computed for a clip with padding.
    private func framesLines(_ input: InputDescription) -> [(String, String)] {
        if let barrier = frameBarrier {
            return [("shorter clips", "take all \(input.frames) frames: \(barrier.place) \(barrier.reason)")]
        }
        if clipSizes.isEmpty { return [] }
        let sizes = clipSizes.map(String.init).joined(separator: ", ")
        return [("shorter clips", "take \(sizes) or \(input.frames) frames: their padding influences nothing")]
    }

    private func missingValue(_ input: InputDescription) -> String {
        switch input.missingValue {
        case .refuse: "are refused"
        case .zeros: "become zeros"
        case .keep: "are left to the model"
        }
    }

    private func normalization(_ input: InputDescription) -> String {
        guard let normalization = input.normalization else { return "none" }
        let shapes = "mean \(normalization.mean.shape), standard deviation \(normalization.standardDeviation.shape)"
        return "(x − mean) / (standard deviation + \(normalization.epsilon)), \(shapes)"
    }

    private func padding(_ input: InputDescription) -> String {
        let padding = input.padding
        let order = padding.order == .beforeNormalization ? "before" : "after"
        switch padding.side {
        case .none: return "none: the model takes a clip's own length"
        case .end: return "\(padding.value) after the clip, \(order) normalization"
        case .start: return "\(padding.value) ahead of the clip, \(order) normalization"
        }
    }

    private func truncation(_ input: InputDescription) -> String {
        switch input.truncation {
        case .end: "lose their last frames"
        case .start: "lose their first frames"
        case .uniform: "are sampled evenly"
        }
    }

    private func missingFrame(_ input: InputDescription) -> String {
        switch input.missingFrame {
        case .drop: "frames are dropped"
        case .zeros: "frames become zeros"
        case .repeatPrevious: "frames repeat the one before"
        }
    }

    var json: JSONValue {
        [
            "name": .string(contents.name), "license": .text(contents.license), "citation": .text(contents.citation),
            "metadata": contents.metadata ?? .null,
            "producer": [
                "tool": .string(contents.producer.tool), "version": .string(contents.producer.version),
                "sources": .array(
                    contents.producer.sources.map { ["name": .string($0.name), "sha256": .string($0.sha256)] }),
            ],
            "signatures": .array(
                contents.signatures.map { signature in
                    [
                        "name": .string(signature.name), "inputs": .array(signature.inputs.map { .string($0) }),
                        "outputs": .array(signature.outputs.map { .string($0) }), "read": .boolean(signature.isRead),
                    ]
                }),
            "input": contents.clip.map(json(of:)) ?? .null,
            "inputs": .array(
                zip(contents.inputs, contents.main?.inputs ?? []).map { input, taken in
                    [
                        "name": .string(input.name), "dtype": .string(taken.elementType.rawValue),
                        "shape": .extents(taken.extents), "role": .string(input.role.name.rawValue),
                    ]
                }),
            "outputs": .array(
                contents.outputs.map { output in
                    [
                        "name": .string(output.name),
                        "dtype": .text(output.elementType?.rawValue),
                        "shape": output.extents.map(JSONValue.extents) ?? .null,
                        "kind": .string(output.kind.rawValue), "per": .text(output.per?.rawValue),
                    ]
                }),
            "variables": .array(
                contents.variables.map { name, type in
                    [
                        "name": .string(name), "dtype": .string(type.elementType.rawValue),
                        "shape": .shape(type.shape),
                    ]
                }),
            "labels": .array(labels.map { .string($0) }),
            "selfTest": contents.selfTest.map {
                ["oracle": .string($0.oracle), "clips": .integer($0.runCount)]
            } ?? .null,
        ]
    }

    private func json(of input: InputDescription) -> JSONValue {
        let normalization: JSONValue =
            input.normalization.map {
                [
                    "mean": .shape($0.mean.shape), "standardDeviation": .shape($0.standardDeviation.shape),
                    "epsilon": .number($0.epsilon),
                ]
            } ?? .null
        return [
            "frames": .integer(input.frames), "features": .integer(input.features),
            "frameShape": .array(input.frameShape.map(JSONValue.integer)),
            "layout": .string(input.layout.rawValue), "normalization": normalization,
            "padding": [
                "value": .number(input.padding.value), "side": .string(input.padding.side.rawValue),
                "order": .string(input.padding.order.rawValue),
            ],
            "shorterClips": .array(clipSizes.map(JSONValue.integer)),
            "allFramesBecause": .text(frameBarrier.map { "\($0.place) \($0.reason)" }),
            "truncation": .string(input.truncation.rawValue), "missingFrame": .string(input.missingFrame.rawValue),
            "missingValue": .string(input.missingValue.rawValue),
        ]
    }
}
