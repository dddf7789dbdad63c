import ArgumentParser
import EmotionFormer
import EmotionFormerModelFormat

/// `emotionformer convert MODEL.tflite -o PACKAGE`
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make a model package from a TensorFlow Lite file.",
        discussion: """
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

    @Argument(help: "A TensorFlow Lite file.")
    var model: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The package's folder.", valueName: "package"))
    var output: String

    @Option(help: ArgumentHelp("The folder with normalization, labels and metadata.", valueName: "folder"))
    var assets: String?

    @Option(help: ArgumentHelp("The features' means, as .npy.", valueName: "file"))
    var mean: String?

    @Option(help: ArgumentHelp("Their standard deviations, as .npy.", valueName: "file"))
    var std: String?

    @Option(help: "Added to the standard deviation.")
    var epsilon = 0.0

    @Option(
        help: ArgumentHelp(
            "Class names in the outputs' order: a label encoder's .pkl, an .npy, a .json, a .txt with one name per line, or A,B,C.",
            valueName: "file or names"))
    var labels: String?

    @Flag(help: "The model ends in logits: add the softmax.")
    var fromLogits = false

    @Flag(help: "The model ends in one sigmoid p: two classes with the probabilities 1 − p and p.")
    var fromSigmoid = false

    @OptionGroup var input: InputOptions

    @Option(help: "The model's name; by default that of the package's folder.")
    var name: String?

    @Option(help: "The model's license, as text.")
    var license: String?

    @Option(help: "How to cite the model, as text.")
    var citation: String?

    @OptionGroup var limitOptions: LimitOptions

    func validate() throws {
        guard epsilon >= 0, epsilon.isFinite else {
            throw ValidationError("--epsilon is out of range (found \(epsilon), expected 0 or more)")
        }
        if fromLogits, fromSigmoid { throw ValidationError("--from-logits and --from-sigmoid exclude each other") }
        if output.isEmpty { throw ValidationError("--output is empty") }
    }

    func run() throws {
        try ModelPackage.checkTarget(output)
        var conversion = TFLiteConversion()
        conversion.assets = assets
        conversion.mean = mean
        conversion.standardDeviation = std
        conversion.epsilon = epsilon
        conversion.labels = labels
        conversion.outputs = fromLogits ? .logits : fromSigmoid ? .sigmoid : .probabilities
        input.apply(to: &conversion)
        conversion.name = name ?? output.split(separator: "/").last.map(String.init)
        conversion.license = license
        conversion.citation = citation
        conversion.tool = ("emotionformer convert", EmotionFormerVersion.current)
        conversion.limits = limitOptions.limits.values
        let package = try conversion.package(of: model)
        // A model that cannot be compiled is not written.
        let compiled = try EmotionModel(package, options: EmotionModel.Options(limits: limitOptions.limits))
        try package.write(to: output)
        for line in summary(of: package, compiled) { StandardError.writeLine(line) }
    }

    private func summary(of package: ModelPackage, _ compiled: EmotionModel) -> [String] {
        let note =
            package.outputs.logits == nil && !fromSigmoid
            ? ["outputs: the model does not end in a softmax; if they are logits, convert with --from-logits"] : []
        let summary = ModelSummary(contents: package, labels: compiled.labels)
        let shown: Set = ["input", "normalization", "padding", "longer clips", "labels"]
        let assumed = summary.lines.filter { shown.contains($0.0) }.map { "\($0.0): \($0.1)" }
        return ["Wrote \(output): \(package.program.graphs.map(\.nodes.count).reduce(0, +)) nodes, no self-test"]
            + assumed + note
    }
}
