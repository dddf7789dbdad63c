import ArgumentParser
import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat

/// `emotionformer verify MODEL`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a model package: its hashes and its self-test.",
        discussion: """
            The self-test holds inputs and the outputs that another program, its oracle, computed for them.

            EXAMPLES:
              emotionformer verify Weights/demo
              emotionformer verify --nodes Weights/demo
              emotionformer verify --nodes model.tflite

            EXIT CODES:
              0  everything agrees
              1  the package is damaged
              2  the package has no self-test
              3  the outputs differ from those of the self-test or of the reference
            """)

    @Argument(help: "The model: a package folder, or a .tflite file with --nodes.")
    var model: String

    @Flag(help: "Compare every node with the float64 reference executor on the same operands.")
    var nodes = false

    @Option(help: "Threads to compute with.")
    var threads = 1

    @OptionGroup var shape: ShapeOptions

    @OptionGroup var signature: SignatureOption

    @OptionGroup var limitOptions: LimitOptions

    func run() throws {
        StandardOutput.goOnWithoutReader()
        let contents = try ModelFile.read(
            model, signature: signature.name, verifyHash: true, limits: limitOptions.limits.values)
        try StandardOutput.writeLine("hash       SHA-256 of every file agrees")
        let compiled = try Model(
            contents, options: EmotionModel.Options(threads: threads, limits: limitOptions.limits))
        // A model of clips must also give what a prediction is made of.
        if contents.clip != nil { _ = try EmotionModel(contents, options: compiled.options) }
        var isPassed = true
        if nodes { isPassed = try compareNodes(contents, compiled) }
        if let test = contents.selfTest {
            let result = try compiled.run(test)
            try StandardOutput.writeLine(
                "self-test  \(result.clipCount) \(contents.clip == nil ? "runs" : "clips") against \(result.oracle)")
            for output in result.outputs { try show(PrintedText.line(output.name), output.comparison) }
            isPassed = isPassed && result.isPassed
        }
        guard isPassed else {
            throw Failure("\(model): the model does not compute what it should", code: .selfTestFailed)
        }
        guard contents.selfTest != nil else {
            throw Failure("\(model): the package has no self-test", code: .noSelfTest)
        }
    }

    private func compareNodes(_ contents: ModelPackage, _ compiled: Model) throws -> Bool {
        let inputs = try inputs(contents, compiled)
        let comparison = try NodeComparison(
            contents, inputs: inputs, threads: threads, limits: limitOptions.limits.values)
        let failed = comparison.rows.count { !$0.isPassed }
        let worst = DecimalText.scientific(comparison.rows.map(\.relative).max() ?? 0)
        try StandardOutput.writeLine(
            "nodes      \(comparison.rows.count) against the float64 reference: \(failed == 0 ? "all agree" : "\(failed) DIFFER"), "
                + "largest relative difference \(worst), tolerance \(DecimalText.scientific(NodeComparison.tolerance))")
        for line in comparison.table.lines { try StandardOutput.writeLine("  " + line) }
        return comparison.isPassed
    }

    /// The first run of the self-test, or numbers that differ from each other.
    private func inputs(_ contents: ModelPackage, _ compiled: Model) throws -> [Tensor] {
        guard let test = contents.selfTest else {
            var random = RandomInputs()
            return try compiled.inputShapes(shape.shapes(contents)).enumerated().map { index, shape in
                random.tensor(compiled.inputs[index].elementType, shape)
            }
        }
        return try contents.inputs.map { input in
            guard let values = test.inputs.first(where: { $0.name == input.name }) else {
                throw Failure("\(model): the self-test has no input '\(input.name)'")
            }
            return try compiled.prepared(values, run: 0)
        }
    }

    private func show(_ name: String, _ comparison: EmotionModel.Comparison) throws {
        let verdict = comparison.isPassed ? "agree" : "DIFFER"
        try StandardOutput.writeLine(
            "           \(name) \(verdict): largest difference \(comparison.largestDifference), tolerance \(comparison.tolerance)"
        )
    }
}
