import ArgumentParser
import EmotionFormer
import EmotionFormerBundledModel

/// Which model, and how it runs; shared by the commands that predict.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The model: a package folder or a .tflite file; the bundled package, trained on synthetic faces, if not given.",
            valueName: "model"
        ))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Normalisation, labels and metadata of a .tflite file: the folder published with it.", valueName: "folder"))
    var assets: String?

    @Option(
        name: .long, help: ArgumentHelp("Threads to compute with; all of the machine's cores if not given."))
    var threads: Int?

    @OptionGroup var limitOptions: LimitOptions

    /// To be said beside what the bundled model answers.
    static let bundledNote = "bundled; synthetic weights: trained on generated faces, not measured on people"

    func validate() throws {
        if assets != nil, model == nil { throw ValidationError("--assets needs --model") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is out of range (found \(threads), expected 1 to 1024)")
        }
    }

    /// - Parameter clips: several clips are spread over the threads, a single one is computed by all of them.
    func load(threads: Int) throws -> EmotionModel {
        try EmotionModel(
            path: path(), assets: assets, options: EmotionModel.Options(threads: threads, limits: limitOptions.limits))
    }

    /// What must be said beside the model's name on a page; nil for a model of the user's own.
    var note: String? {
        model == nil ? "The bundled model: synthetic weights, trained on generated faces, not measured on people." : nil
    }

    func path() throws -> String { try ModelOptions.path(model) }

    /// The bundled package if no model is named.
    static func path(_ model: String?) throws -> String {
        if let model { return model }
        return try BundledModel.path()
    }
}
