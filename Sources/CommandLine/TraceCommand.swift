import ArgumentParser
import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFiles
import EmotionFormerModelFormat
import EmotionFormerTFLiteImport

/// `emotionformer trace MODEL.tflite`
struct TraceCommand: ParsableCommand {
    /// How far the graph is rewritten before it runs.
    enum Stage: String, ExpressibleByArgument, CaseIterable {
        case imported, fused
    }

    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Run a TensorFlow Lite file and write the results of every operator.",
        discussion: """
            For clip number c, the tensor with index t of the subgraph that is run is written to OUTPUT/c/t.npy. \
            OUTPUT/index.json lists the operators with the tensors that each computes. A file of null means that the plan \
            does not keep the value; a fused plan keeps only a few. Operators in the body of a loop or a branch are not \
            listed; the WHILE or IF itself is.

            With --feed, every operator runs on operands read from FEED/c/t.npy instead of the results of the operators \
            before it. A difference from another program's result is then due to that operator alone.

            EXAMPLES:
              emotionformer trace model.tflite --input clips.npy --output trace
              emotionformer trace model.tflite --feed tensors --output trace
              emotionformer trace model.tflite --input clips.npy --stage fused --outputs-only --output trace
            """)

    @Argument(help: "A TensorFlow Lite file.")
    var model: String

    @Option(
        help: ArgumentHelp(
            """
            Clips, as .npy with the element type of the input: clips × the input's shape, with or without the batch axis. \
            Once for each input of the model, in order.
            """, valueName: "file"))
    var input: [String] = []

    @Option(help: ArgumentHelp("The folder to write; an older trace there is replaced.", valueName: "folder"))
    var output: String

    @Option(help: "How far the graph is rewritten: not at all (imported), or to fused layers (fused).")
    var stage: Stage = .imported

    @Option(help: ArgumentHelp("A folder with every operator's operands: FEED/0/12.npy.", valueName: "folder"))
    var feed: String?

    @Flag(help: "Write only the model's outputs and logits.")
    var outputsOnly = false

    @OptionGroup var signature: SignatureOption

    @OptionGroup var limitOptions: LimitOptions

    func validate() throws {
        if feed != nil, !input.isEmpty { throw ValidationError("--feed and --input exclude each other") }
        if feed == nil, input.isEmpty { throw ValidationError("--input or --feed is needed") }
        if feed != nil, stage == .fused || outputsOnly {
            throw ValidationError("--feed runs the operators of the file: neither --stage fused nor --outputs-only")
        }
    }

    func run() throws {
        let limits = limitOptions.limits.values
        let bytes = try InputFile(path: model, what: "model").contents(.fileBytes, of: limits)
        let imported = try TFLiteImporter.read(bytes, name: model, signature: signature.name, limits: limits)
        let index = try TraceIndex(imported)
        var folder = try TraceFolder(output)
        if let feed {
            try OperatorTrace(imported, index: index, feed: feed, limits: limits).write(to: &folder)
        } else {
            let trace = ModelTrace(
                imported, index: index, stage: stage == .fused ? .fused : .imported, outputsOnly: outputsOnly,
                limits: limits)
            try trace.write(to: &folder, inputs: try input.map { (path) throws(Fault) in try NumPyFile.read(path) })
        }
        try folder.keep()
    }
}
