import ArgumentParser
import EmotionFormer
import EmotionFormerModelFormat

/// How a clip becomes a model's input; `Tools/export` has the same options.
struct InputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Frames of a clip, if the model does not fix them; by default what the assets say, or \(TFLiteConversion.defaultFrames).",
            valueName: "count"))
    var frames: Int?

    @Option(
        help: ArgumentHelp(
            "The order of a frame's features (\(InputOptions.layouts)); by default xyz-interleaved for 1434 features, else raw.",
            valueName: "layout"),
        transform: { try InputOptions.choice($0, "layout", LandmarkLayout.allCases.map { ($0.rawValue, $0) }) })
    var layout: LandmarkLayout?

    @Option(
        help: ArgumentHelp("Pad before or after normalizing; by default before.", valueName: "before or after"),
        transform: { try InputOptions.choice($0, "padding-order", InputOptions.orders) })
    var paddingOrder: InputDescription.Padding.Order?

    @Option(
        help: ArgumentHelp(
            "Where a short clip is padded: end or start, or none to run it at its own length; by default the end."),
        transform: { try InputOptions.choice($0, "pad-side", InputOptions.sides) })
    var padSide: InputDescription.Padding.Side?

    @Option(help: "The value that a short clip is padded with; by default 0.")
    var padValue: Double?

    @Option(
        help: ArgumentHelp(
            "Which frames of a long clip are dropped: end, start, or uniform to sample evenly; by default the end."),
        transform: { try InputOptions.choice($0, "truncate", InputOptions.truncations) })
    var truncate: InputDescription.Truncation?

    @Option(
        help: ArgumentHelp("How a frame without a face is treated: drop (the default), zeros or repeatPrevious."),
        transform: {
            try InputOptions.choice(
                $0, "missing-frame", InputDescription.MissingFrame.allCases.map { ($0.rawValue, $0) })
        })
    var missingFrame: InputDescription.MissingFrame?

    @Option(
        help: ArgumentHelp(
            "How a value is treated that is NaN in a frame that has others: refuse (the default), zeros, or keep for a model that takes NaN."
        ),
        transform: {
            try InputOptions.choice(
                $0, "missing-value", InputDescription.MissingValue.allCases.map { ($0.rawValue, $0) })
        })
    var missingValue: InputDescription.MissingValue?

    private static let layouts = LandmarkLayout.allCases.map(\.rawValue).joined(separator: ", ")
    private static let orders: [(String, InputDescription.Padding.Order)] = [
        ("before", .beforeNormalization), ("after", .afterNormalization),
        ("beforeNormalization", .beforeNormalization), ("afterNormalization", .afterNormalization),
    ]
    private static let sides: [(String, InputDescription.Padding.Side)] = [
        ("end", .end), ("start", .start), ("none", .none), ("post", .end), ("pre", .start),
    ]
    private static let truncations: [(String, InputDescription.Truncation)] = [
        ("end", .end), ("start", .start), ("uniform", .uniform), ("post", .end), ("pre", .start),
    ]

    static func choice<Value>(_ text: String, _ option: String, _ choices: [(String, Value)]) throws -> Value {
        guard let choice = choices.first(where: { $0.0 == text }) else {
            throw ValidationError(
                "--\(option) is unknown (found \(text), expected \(choices.map(\.0).joined(separator: ", ")))")
        }
        return choice.1
    }

    func validate() throws {
        if let frames, !(1...65536).contains(frames) {
            throw ValidationError("--frames is out of range (found \(frames), expected 1 to 65536)")
        }
        guard padValue?.isFinite ?? true else { throw ValidationError("--pad-value is not a number") }
    }

    /// The options that were given, by name.
    var given: [String] {
        [
            ("--frames", frames != nil), ("--layout", layout != nil), ("--padding-order", paddingOrder != nil),
            ("--pad-side", padSide != nil), ("--pad-value", padValue != nil), ("--truncate", truncate != nil),
            ("--missing-frame", missingFrame != nil), ("--missing-value", missingValue != nil),
        ].filter(\.1).map(\.0)
    }

    func apply(to conversion: inout TFLiteConversion) {
        conversion.frames = frames
        conversion.layout = layout
        conversion.padding = .init(
            value: padValue ?? 0, side: padSide ?? .end, order: paddingOrder ?? .beforeNormalization)
        conversion.truncation = truncate ?? .end
        conversion.missingFrame = missingFrame ?? .drop
        conversion.missingValue = missingValue ?? .refuse
    }
}
