import ArgumentParser
import EmotionFormer
import EmotionFormerCore
import EmotionFormerModelFormat

/// `emotionformer convert MODEL.tflite -o PACKAGE`
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make a model package from a TensorFlow Lite file, or from an older package.",
        discussion: """
            A package is written anew in today's format; options about inputs and outputs are of TensorFlow Lite files.

            A TensorFlow Lite file does not state normalization, labels and padding. The assets folder that a model is \
            published with does: global_mean.npy and global_std.npy (or the scaler.pkl of a StandardScaler), \
            label_encoder.pkl and metadata.json, found by parts of their names. An option overrides the folder. Pickles are read as data: nothing in them is executed.

            An older package at PACKAGE is replaced atomically; anything else there is an error. The new package has no \
            self-test, because no other program computed one: verify then ends with exit code 2.

            EXAMPLES:
              emotionformer convert model.tflite --assets assets -o MyModel
              emotionformer convert model.tflite --mean mean.npy --std std.npy --labels Angry,Happy,Sad -o MyModel
              emotionformer convert open.tflite --frames 120 --pad-side none -o MyModel
            """)

    @Argument(help: "A TensorFlow Lite file, or a package.")
    var model: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The package's folder.", valueName: "package"))
    var output: String

    @Option(help: ArgumentHelp("The folder with normalization, labels and metadata.", valueName: "folder"))
    var assets: String?

    @Option(help: ArgumentHelp("The features' means, as .npy.", valueName: "file"))
    var mean: String?

    @Option(help: ArgumentHelp("Their standard deviations, as .npy.", valueName: "file"))
    var std: String?

    @Option(help: "Added to the standard deviation; by default 0.")
    var epsilon: Double?

    @Option(
        help: ArgumentHelp(
            "Class names in the outputs' order: a label encoder's .pkl, an .npy, a .json, a .txt with one name per line, or A,B,C.",
            valueName: "file or names"))
    var labels: String?

    @Flag(help: "The model ends in logits: add the softmax.")
    var fromLogits = false

    @Flag(help: "The model's outputs are probabilities, though it does not end in a softmax.")
    var fromProbabilities = false

    @Flag(help: "The model ends in one sigmoid p: two classes with the probabilities 1 − p and p.")
    var fromSigmoid = false

    @OptionGroup var signature: SignatureOption

    @OptionGroup var meaning: MeaningOptions

    @OptionGroup var input: InputOptions

    @Option(help: "The model's name; by default that of the package's folder.")
    var name: String?

    @Option(help: "The model's license, as text.")
    var license: String?

    @Option(help: "How to cite the model, as text.")
    var citation: String?

    @OptionGroup var limitOptions: LimitOptions

    func validate() throws {
        if let epsilon, !(epsilon >= 0 && epsilon.isFinite) {
            throw ValidationError("--epsilon is out of range (found \(epsilon), expected 0 or more)")
        }
        let words = [
            ("--from-logits", fromLogits), ("--from-sigmoid", fromSigmoid), ("--from-probabilities", fromProbabilities),
        ].filter(\.1).map(\.0)
        if words.count > 1 { throw ValidationError("\(words.joined(separator: " and ")) exclude each other") }
        if output.isEmpty { throw ValidationError("--output is empty") }
    }

    private var isPackage: Bool { ModelFile.isFolder(model) }

    /// The package that the argument names.
    private func upgraded() throws -> ModelPackage {
        let given: [(String, Bool)] = [
            ("--signature", signature.name != nil), ("--assets", assets != nil), ("--mean", mean != nil),
            ("--std", std != nil), ("--labels", labels != nil),
            ("--epsilon", epsilon != nil), ("--from-logits", fromLogits),
            ("--from-sigmoid", fromSigmoid), ("--from-probabilities", fromProbabilities),
            ("--output-kind", !meaning.kinds.isEmpty), ("--input-role", !meaning.roles.isEmpty),
            ("--name", name != nil), ("--license", license != nil), ("--citation", citation != nil),
        ]
        if let option = given.first(where: \.1)?.0 ?? input.given.first {
            throw Failure(
                "\(option) is about a TensorFlow Lite file, and \(model) is a package: export it again instead")
        }
        do throws(Fault) {
            return try ModelFile.read(model, verifyHash: true, limits: limitOptions.limits.values)
        } catch {
            guard !ModelFile.isPackage(model), error.code == .missingFile else { throw error }
            throw Failure("\(model): this folder is no model package: there is no manifest.json")
        }
    }

    func run() throws {
        try ModelPackage.checkTarget(output)
        var conversion = TFLiteConversion()
        conversion.signature = signature.name
        conversion.assets = assets
        conversion.mean = mean
        conversion.standardDeviation = std
        conversion.epsilon = epsilon ?? 0
        conversion.labels = labels
        conversion.outputs =
            fromLogits ? .logits : fromSigmoid ? .sigmoid : fromProbabilities ? .probabilities : .found
        conversion.roles = meaning.roles
        conversion.kinds = meaning.kinds
        input.apply(to: &conversion)
        conversion.name = name ?? output.split(separator: "/").last.map(String.init)
        conversion.license = license
        conversion.citation = citation
        conversion.tool = ("emotionformer convert", EmotionFormerVersion.current)
        conversion.limits = limitOptions.limits.values
        let package = try isPackage ? upgraded() : conversion.package(of: model)
        // A model that cannot be compiled is not written.
        let stated = try package.stating(limits: limitOptions.limits)
        try stated.write(to: output)
        for line in try summary(of: stated) { StandardError.writeLine(line) }
    }

    private func summary(of package: ModelPackage) throws -> [String] {
        let note =
            package.outputs.first?.kind == .values && !meaning.isAbout(outputs: package.outputs)
            ? [
                "outputs: the model does not end in a softmax or a sigmoid, so they are values; if they are logits, convert "
                    + "with --from-logits"
            ] : []
        let summary = try ModelSummary(contents: package, limits: limitOptions.limits)
        let shown: Set = ["input", "outputs", "normalization", "padding", "longer clips", "labels"]
        let assumed = summary.lines.filter { shown.contains($0.0) }.map { "\($0.0): \($0.1)" }
        return [
            "Wrote \(output): \(package.program.graphs.map(\.nodes.count).reduce(0, +)) nodes, \(package.selfTest == nil ? "no self-test" : "with its self-test")"
        ]
            + assumed + note
    }
}
