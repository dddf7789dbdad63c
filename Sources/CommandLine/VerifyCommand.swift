import ArgumentParser
import EmotionFormer
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

    @OptionGroup var limitOptions: LimitOptions

    func run() throws {
        StandardOutput.goOnWithoutReader()
        let contents = try ModelFile.read(model, verifyHash: true, limits: limitOptions.limits.values)
        try StandardOutput.writeLine("hash       SHA-256 of every file agrees")
        let compiled = try EmotionModel(
            contents, options: EmotionModel.Options(threads: threads, limits: limitOptions.limits))
        var isPassed = true
        if nodes { isPassed = try compareNodes(contents, compiled) }
        if let test = contents.selfTest {
            let result = try compiled.run(test)
            try StandardOutput.writeLine("self-test  \(result.clipCount) clips against \(result.oracle)")
            try show("probabilities", result.probabilities)
            if let logits = result.logits { try show("logits", logits) }
            isPassed = isPassed && result.isPassed
        }
        guard isPassed else {
            throw Failure("\(model): the model does not compute what it should", code: .selfTestFailed)
        }
        guard contents.selfTest != nil else {
            throw Failure("\(model): the package has no self-test", code: .noSelfTest)
        }
    }

    private func compareNodes(_ contents: ModelPackage, _ compiled: EmotionModel) throws -> Bool {
        let clip = try contents.selfTest.flatMap { try compiled.clips(of: $0).first } ?? .wave(for: compiled.input)
        let comparison = try NodeComparison(
            contents, input: compiled.graphInput(of: clip), threads: threads, limits: limitOptions.limits.values)
        let failed = comparison.rows.count { !$0.isPassed }
        let worst = DecimalText.scientific(comparison.rows.map(\.relative).max() ?? 0)
        try StandardOutput.writeLine(
            "nodes      \(comparison.rows.count) against the float64 reference: \(failed == 0 ? "all agree" : "\(failed) DIFFER"), "
                + "largest relative difference \(worst), tolerance \(DecimalText.scientific(NodeComparison.tolerance))")
        for line in comparison.table.lines { try StandardOutput.writeLine("  " + line) }
        return comparison.isPassed
    }

    private func show(_ name: String, _ comparison: EmotionModel.Comparison) throws {
        let verdict = comparison.isPassed ? "agree" : "DIFFER"
        try StandardOutput.writeLine(
            "           \(name) \(verdict): largest difference \(comparison.largestDifference), tolerance \(comparison.tolerance)"
        )
    }
}

extension LandmarkClip {
    /// A clip whose values differ in every frame and feature, for models without a self-test.
    fileprivate static func wave(for input: ModelInput) throws -> LandmarkClip {
        let count = input.frames * input.features
        // A linear congruence, spread over −1 to 1.
        let values = (0..<count).map { Float(($0 &* 7919 &+ 12345) % 10007) / 5003.5 - 1 }
        return try LandmarkClip(features: values, frameCount: input.frames, featureCount: input.features)
    }
}
