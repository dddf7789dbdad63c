import ArgumentParser
import EmotionFormer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `emotionformer evaluate DATASET`
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model on clips whose emotion is known.",
        discussion: """
            Prints precision, recall, F1 and support of each class with accuracy and averages as scikit-learn does, losses, \
            areas under the ROC curves, calibration and the confusion matrix. A dataset is a folder with labels.csv \
            (columns clip and label), a folder whose subfolders are named after classes and hold clip files or folders of \
            frames (happy/7/0.npy, happy/7/1.npy, …), or one file whose clips state their emotion. The case of labels is ignored. Losses and calibration are left out, and null in JSON, if any \
            clip's outputs are not probabilities (below 0, above 1, or not summing to 1).

            EXAMPLES:
              emotionformer evaluate dataset
              emotionformer evaluate dataset --split test --model MyModel --report page.html
              emotionformer evaluate frames.csv --model model.tflite --assets assets --json > measures.json
            """)

    @Argument(help: ArgumentHelp("The dataset's folder or file.", valueName: "dataset"))
    var dataset: String

    @OptionGroup var modelOptions: ModelOptions

    @Flag(help: "Print one JSON object with every measure, curve and prediction.")
    var json = false

    @Option(help: ArgumentHelp("Write a page with the measures and plots.", valueName: "page.html"))
    var report: String?

    @Option(
        help: ArgumentHelp("Use only clips whose column 'split' in labels.csv has this value.", valueName: "name"))
    var split: String?

    @Flag(help: "Skip clips that cannot be read or predicted; each is named on standard error.")
    var skipBad = false

    func run() async throws {
        if let report { try PageFile.check(report) }
        let clips = try EvaluationDataset(path: dataset, split: split)
        let model = try modelOptions.load(threads: 1)
        guard model.namesLabels else {
            let found =
                model.isPerFrame
                ? "a row for each frame" : "\(model.labels.count) of the kind \(model.outputKind.rawValue)"
            throw Failure(
                "\(model.name): the outputs name no class for a clip, and there is nothing to evaluate (found \(found), expected "
                    + "outputs of two classes or more)")
        }
        let width = modelOptions.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let outcome = try await EvaluateClips(
            model: model, dataset: clips, width: max(1, width), skipsBad: skipBad
        ).run(ProgressBar("Evaluating"))
        let result = try EvaluateReport(
            dataset: split.map { "\(dataset), split \($0)" } ?? dataset, model: model,
            modelNote: modelOptions.note, outcome: outcome)
        if let report { try PageFile.write(EvaluatePage(result).html, to: report) }
        for line in json ? [result.json] : result.lines { try StandardOutput.writeLine(line) }
    }
}
