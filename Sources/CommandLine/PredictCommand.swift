import ArgumentParser
import EmotionFormer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `emotionformer predict CLIP…`
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict the emotion of clips.",
        discussion: """
            A clip file is .npy, .npz, .csv or .jsonl; - is standard input. A file may hold several clips: an array of \
            (clips, frames, features), several arrays of an archive, several video_filename of a table.

            EXAMPLES:
              emotionformer predict clip.npy
              emotionformer predict --top 3 --model Weights/demo a.npy b.csv
              emotionformer predict --model model.tflite --assets assets clip.npy
              emotionformer predict --json clips.npz | jq .label
              landmarks video.mp4 | emotionformer predict --input-format jsonl -
            """)

    @Argument(help: ArgumentHelp("Clip files, or - for standard input.", valueName: "clip"))
    var clips: [String]

    @OptionGroup var modelOptions: ModelOptions

    @Flag(help: "One JSON object a clip and line: clip, index, label, probabilities, logits, frames.")
    var json = false

    @Flag(help: "Comma-separated values with a header: clip, index, label, one probability a label.")
    var csv = false

    @Option(help: ArgumentHelp("Show the most probable labels only, the most probable first.", valueName: "count"))
    var top: Int?

    @Option(
        help: ArgumentHelp(
            "The clips' format (\(PredictCommand.formats)), in place of what their names end in.",
            valueName: "format"),
        completion: .list(ClipFormat.allCases.map(\.rawValue)),
        transform: { name in
            guard let format = ClipFormat(rawValue: name) else {
                throw ValidationError("unknown format (found \(name), expected \(PredictCommand.formats))")
            }
            return format
        })
    var inputFormat: ClipFormat?

    private static let formats = ClipFormat.allCases.map(\.rawValue).joined(separator: ", ")

    func validate() throws {
        if json, csv { throw ValidationError("--json and --csv exclude each other") }
        if let top, top < 1 { throw ValidationError("--top is out of range (found \(top), expected 1 or more)") }
        if csv, top != nil { throw ValidationError("--top does not go with --csv, whose columns are all labels") }
        if clips.contains("-"), inputFormat == nil {
            throw ValidationError("standard input needs --input-format (npy, npz, csv or jsonl)")
        }
        if clips.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input can be read only once") }
    }

    func run() async throws {
        let cores = modelOptions.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let first = try read(clips[0])
        let isSingle = clips.count == 1 && first.clips.count == 1
        let model = try modelOptions.load(threads: isSingle ? max(1, cores) : 1)
        let report: any PredictionReport =
            if json { JSONReport(top: top) } else if csv { CSVReport() } else { TableReport(top: top) }
        let progress = ProgressBar("Predicting")
        for (position, path) in clips.enumerated() {
            let file = position == 0 ? first : try read(path)
            try await predict(file, model, width: isSingle ? 1 : max(1, cores), report, progress, file: position)
        }
        progress.clear()
        try report.end(model, isBundled: modelOptions.model == nil)
    }

    private func read(_ path: String) throws -> ClipFile {
        if path == "-", let inputFormat { return try ClipFile(standardInput: inputFormat) }
        return try ClipFile(path: path, format: inputFormat)
    }

    private func predict(
        _ file: ClipFile, _ model: EmotionModel, width: Int, _ report: any PredictionReport, _ progress: ProgressBar,
        file position: Int
    ) async throws {
        // Results come out while the rest of a long file is still under way.
        let step = max(64, width)
        for start in stride(from: 0, to: file.clips.count, by: step) {
            let part = Array(file.clips[start..<min(start + step, file.clips.count)])
            let began = ContinuousClock.now
            let predictions: [Prediction]
            do {
                predictions =
                    file.clips.count == 1
                    ? [try model.predict(part[0])] : try await model.predict(part, concurrency: width)
            } catch {
                progress.clear()
                throw Failure("\(file.name): \(error)")
            }
            let elapsed = (ContinuousClock.now - began) / part.count
            progress.clear()
            // A failure before the first result leaves standard output empty.
            if position == 0, start == 0 { try report.begin(model) }
            for (offset, prediction) in predictions.enumerated() {
                let source = ClipSource(
                    file: file.name, index: start + offset, count: file.clips.count, name: part[offset].name,
                    frameCount: part[offset].frameCount)
                try report.add(prediction, of: source, elapsed: elapsed)
            }
            try StandardOutput.flush()
            if clips.count > 1 {
                progress.show(position + 1, of: clips.count)
            } else if file.clips.count > step {
                progress.show(start + part.count, of: file.clips.count)
            }
        }
    }
}

/// Which clip a prediction is of.
struct ClipSource {
    let file: String
    /// Among the file's clips, from 0.
    let index: Int
    let count: Int
    /// The clip's own name, if its file gives one.
    let name: String?
    let frameCount: Int
}
