import ArgumentParser
import EmotionFormer

/// `emotionformer verify MODEL`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a model package: its hashes, and its own self-test.",
        discussion: """
            The self-test holds inputs and the outputs that another program, its oracle, computed for them.

            EXAMPLES:
              emotionformer verify Weights/demo

            EXIT CODES:
              0  everything agrees
              1  the package is broken
              2  the package has no self-test
              3  the model does not compute what the self-test says
            """)

    @Argument(help: "The model: a package folder.")
    var model: String

    @Option(help: "Threads to compute with.")
    var threads = 1

    func run() throws {
        let contents = try ModelFile.read(model, verifyHash: true)
        try StandardOutput.writeLine("hash       SHA-256 of every file agrees")
        let compiled = try EmotionModel(contents, options: EmotionModel.Options(threads: threads))
        guard contents.selfTest != nil else {
            throw Failure("\(model): the package has no self-test", code: .noSelfTest)
        }
        let result = try compiled.selfTest()
        try StandardOutput.writeLine("self-test  \(result.clipCount) clips against \(result.oracle)")
        try show("probabilities", result.probabilities)
        if let logits = result.logits { try show("logits", logits) }
        guard result.isPassed else {
            throw Failure("\(model): the model does not compute what its self-test says", code: .selfTestFailed)
        }
    }

    private func show(_ name: String, _ comparison: EmotionModel.Comparison) throws {
        let verdict = comparison.isPassed ? "agree" : "DIFFER"
        try StandardOutput.writeLine(
            "           \(name) \(verdict): largest difference \(comparison.largestDifference), tolerance \(comparison.tolerance)"
        )
    }
}
