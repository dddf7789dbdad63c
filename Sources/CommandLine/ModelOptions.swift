import ArgumentParser
import EmotionFormer
import EmotionFormerBundledModel

/// Options for the model and its threads, shared by the commands that predict.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The model: a package folder or a .tflite file; by default the bundled package, trained on synthetic faces.",
            valueName: "model"
        ))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "The folder with normalization, labels and metadata of a .tflite file.", valueName: "folder"))
    var assets: String?

    @Option(
        name: .long, help: ArgumentHelp("Threads to compute with; by default all cores."))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "How a value is treated that is NaN in a frame that has others, if the model does not say: refuse, zeros or keep.",
            valueName: "rule"),
        transform: {
            try InputOptions.choice($0, "missing-value", ModelInput.MissingValue.allCases.map { ($0.rawValue, $0) })
        })
    var missingValue: ModelInput.MissingValue?

    @OptionGroup var signature: SignatureOption

    @OptionGroup var limitOptions: LimitOptions

    /// The note beside every prediction of the bundled model.
    static let bundledNote = "bundled; synthetic weights: trained on generated faces, not measured on people"

    func validate() throws {
        if assets != nil, model == nil { throw ValidationError("--assets needs --model") }
        if signature.name != nil, model == nil { throw ValidationError("--signature needs --model") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is out of range (found \(threads), expected 1 to 1024)")
        }
    }

    /// - Parameter clips: several clips are spread over the threads; a single clip is computed by all of them.
    /// - Throws: `Failure` for a model of other inputs than one clip.
    func load(threads: Int) throws -> EmotionModel {
        switch try loadAny(threads: threads) {
        case .clips(let model): return model
        case .tensors(let model):
            throw Failure(
                "\(try path()): the model does not take one clip (found \(model.inputs.map { "\($0.name): \(TensorFiles.text($0))" }.joined(separator: ", ")), "
                    + "expected [1, frames, features]); emotionformer run and predict --json take its inputs as arrays")
        }
    }

    /// A model of clips, or of any other inputs.
    func loadAny(threads: Int) throws -> LoadedModel {
        try LoadedModel(
            path: path(), assets: assets, signature: signature.name,
            options: EmotionModel.Options(
                threads: threads, limits: limitOptions.limits, missingValue: missingValue))
    }

    /// The note beside the model's name on a page; nil for a model that the user named.
    var note: String? {
        model == nil ? "The bundled model: synthetic weights, trained on generated faces, not measured on people." : nil
    }

    func path() throws -> String { try ModelOptions.path(model) }

    /// The path of a model: the bundled package if none is named.
    static func path(_ model: String?) throws -> String {
        if let model { return model }
        return try BundledModel.path()
    }
}
