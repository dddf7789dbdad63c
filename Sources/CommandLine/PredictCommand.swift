import ArgumentParser
import EmotionFormer
import EmotionFormerLandmarks

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `emotionformer predict CLIP…`
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict the emotion of clips and videos.",
        discussion: """
            A video, a picture or a folder of pictures becomes a clip of face landmarks first, as the command landmarks finds \
            them; videos need ffmpeg in PATH. A clip file is .npy, .npz, .csv or .jsonl; - is standard input. A file may hold several clips: an array of \
            (clips, frames, features), several arrays in an archive, or several values of video_filename in a table. Arrays \
            may have the model's own shape, such as (frames, 21, 2). A folder of 0.npy, 1.npy, … is one clip, a frame a file.

            The clips of one file follow each other in time for a model with variables, such as one of a stream's steps: each \
            finds the variables as the clip before left them. Another file begins anew.

            Outputs that are not probabilities (below 0, above 1, or not summing to 1) are shown as plain numbers, with a \
            note; in JSON they are then called "values".

            EXAMPLES:
              emotionformer predict interview.mp4
              emotionformer predict --report page.html --frames interview.mp4
              emotionformer predict clip.npy
              emotionformer predict --top 3 --model Weights/demo a.npy b.csv
              emotionformer predict --model model.tflite --assets assets clip.npy
              emotionformer predict --json clips.npz | jq .label
              emotionformer predict --csv --window 60 --hop 30 clips/*.npy > windows.csv
              emotionformer landmarks video.mp4 - | emotionformer predict --input-format jsonl -
            """)

    @Argument(
        help: ArgumentHelp(
            "Videos, pictures, clip files or folders of frames, or - for standard input.", valueName: "clip"))
    var clips: [String]

    @OptionGroup var modelOptions: ModelOptions

    @Flag(
        help:
            "Print one JSON object per clip and line: clip, index, label, probabilities or values, logits, frames, framesUsed."
    )
    var json = false

    @Flag(
        help: ArgumentHelp(
            """
            Print comma-separated values with a header: clip, index, start_frame, end_frame, label, and a probability for \
            each label. Frames count from 0; end_frame is not included.
            """))
    var csv = false

    @Option(
        help: ArgumentHelp(
            "Predict windows of this many frames; windows without a face are left out.", valueName: "frames")
    )
    var window: Int?

    @Option(
        help: ArgumentHelp(
            "Frames from one window to the next; by default half a window, or a window for a model with variables.",
            valueName: "frames"))
    var hop: Int?

    @Option(
        help: ArgumentHelp(
            "Write a page with the face, probabilities over time, attention and input statistics of one clip.",
            valueName: "page.html"))
    var report: String?

    @Flag(help: "Show a video's pictures beside the face on the page.")
    var frames = false

    @OptionGroup var videoOptions: VideoOptions

    @Option(help: ArgumentHelp("Show only this many labels, the most probable first.", valueName: "count"))
    var top: Int?

    @Option(
        help: ArgumentHelp(
            "The clips' format (\(PredictCommand.formats)); by default that of the file name's extension.",
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
        for (name, value) in [("window", window), ("hop", hop)] {
            if let value, !(1...1_000_000).contains(value) {
                throw ValidationError("--\(name) is out of range (found \(value), expected 1 to 1000000)")
            }
        }
        if hop != nil, window == nil, report == nil { throw ValidationError("--hop needs --window or --report") }
        if report != nil, clips.count > 1 { throw ValidationError("--report takes one clip (found \(clips.count))") }
        if frames, report == nil { throw ValidationError("--frames needs --report") }
        if clips.contains("-"), inputFormat == nil {
            throw ValidationError("standard input needs --input-format (npy, npz, csv or jsonl)")
        }
        if clips.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input can be read only once") }
    }

    func run() throws {
        let cores = max(1, modelOptions.threads ?? ProcessInfo.processInfo.activeProcessorCount)
        if let report { try PageFile.check(report) }
        // All cores compute the only clip of a single file; those of several files compute a clip each.
        var model: EmotionModel
        switch try modelOptions.loadAny(threads: clips.count == 1 && window == nil && report == nil ? cores : 1) {
        case .clips(let loaded): model = loaded
        case .tensors(let loaded): return try predict(loaded)
        }
        guard report == nil || model.givesOneRow else {
            throw Failure("--report shows one row of numbers for a clip, and the model gives several: take --json")
        }
        guard report == nil || !model.hasVariables else { throw Failure(VariableText.noReport) }
        if model.hasVariables, let window, let hop, hop < window {
            throw Failure(VariableText.noOverlap(hop: hop, window: window))
        }
        var (landmarker, failures): (FaceLandmarkerModels?, [Failure]) = (nil, [])
        let first = try read(clips[0], model.input, &landmarker, &failures)
        if report != nil, first.clips.count > 1 {
            throw Failure("\(first.name): a page is of one clip (found \(first.clips.count) clips)")
        }
        let isSingle = clips.count == 1 && first.clips.count == 1 && window == nil
        if !isSingle, model.options.threads > 1 { model = try modelOptions.load(threads: 1) }
        let printed: any PredictionReport =
            if json {
                JSONReport(top: top)
            } else if csv {
                CSVReport()
            } else {
                TableReport(top: top, note: modelOptions.model == nil ? "synthetic weights" : nil)
            }
        let progress = ProgressBar("Predicting")
        for (position, path) in clips.enumerated() {
            let file = position == 0 ? first : try read(path, model.input, &landmarker, &failures)
            try predict(file, model, width: isSingle ? 1 : cores, printed, progress, file: position)
        }
        progress.clear()
        try printed.end(model, isBundled: modelOptions.model == nil)
        if let report {
            let (clip, name, pictures) = (first.clips[0], first.name, first.pictures)
            let (model, note, window, hop) = (model, modelOptions.note, window, hop)
            let html = try Blocking.run {
                try await ClipPage(
                    clip, of: name, model, modelNote: note, window: window, hop: hop, pictures: pictures,
                    concurrency: cores
                ).html
            }
            try PageFile.write(html, to: report)
        }
        if !failures.isEmpty { throw Failure.Reported() }
    }

    /// Predictions of a model of other inputs than one clip: a file for each, of arrays.
    private func predict(_ model: Model) throws {
        let options: [(String, Bool)] = [
            ("--window", window != nil), ("--report", report != nil), ("--csv", csv),
            ("--input-format", inputFormat != nil),
            ("--missing-value", modelOptions.missingValue != nil),
        ]
        if let (option, _) = options.first(where: \.1) {
            throw Failure(
                "\(option) is for models of clips, and this one takes other inputs: \(TensorPredictions.inputs(of: model))"
            )
        }
        let report: any PredictionReport =
            json ? JSONReport(top: top, outputName: model.outputs.first?.name ?? "") : TableReport(top: top, note: nil)
        if let path = clips.first(where: { VisualSource.found(at: $0) != nil }) {
            throw Failure(
                "\(path): a video becomes a clip of landmarks, and the model takes other inputs: "
                    + TensorPredictions.inputs(of: model))
        }
        for path in clips {
            let files = try TensorFiles([(nil, path)], of: model)
            if model.hasVariables, files.runs.count > 1 { noteVariables() }
            var state: [UInt8] = []
            for (index, run) in files.runs.enumerated() {
                let began = ContinuousClock.now
                let prediction = try TensorPredictions.prediction(of: run, by: model, state: &state)
                let source = ClipSource(
                    file: path.split(separator: "/").last.map(String.init) ?? path, index: index,
                    count: files.runs.count,
                    name: nil, frames: 0..<0, isWindow: false)
                try report.add(prediction, of: source, elapsed: ContinuousClock.now - began)
            }
            try StandardOutput.flush()
        }
    }

    private func noteVariables() {
        StandardError.writeLine("emotionformer: note: \(VariableText.rows(ofOne: "file"))")
    }

    /// - Parameters:
    ///   - models: the landmarker's, loaded with the first video.
    ///   - failures: of videos that ended early; each is reported at once.
    private func read(
        _ path: String, _ input: ModelInput, _ models: inout FaceLandmarkerModels?, _ failures: inout [Failure]
    ) throws -> ClipInput {
        if path == "-", let inputFormat {
            return ClipInput(try ClipFile(standardInput: inputFormat, for: input))
        }
        if inputFormat == nil, let source = VisualSource.found(at: path) {
            let landmarker = try models ?? videoOptions.models()
            models = landmarker
            let clip = try ClipInput(source, landmarker, videoOptions, keepsPictures: frames)
            if let failure = clip.failure {
                failures.append(failure)
                failure.report()
            }
            return clip
        }
        return ClipInput(try ClipFile(path: path, format: inputFormat, for: input))
    }

    /// The parts of a file to predict: its clips, or their windows.
    private func parts(of file: ClipInput, isSequence: Bool) -> [ClipSource] {
        file.clips.enumerated().flatMap { index, clip in
            let missing = Set(clip.missingFrames)
            let windows = window.map { size in
                clip.windows(size, hop: hop ?? (isSequence ? size : max(1, size / 2))).filter {
                    !$0.allSatisfy(missing.contains)
                }
            }
            return (windows ?? [0..<clip.frameCount]).map { frames in
                ClipSource(
                    file: file.name, index: index, count: file.clips.count, name: clip.name, frames: frames,
                    isWindow: window != nil)
            }
        }
    }

    private func predict(
        _ file: ClipInput, _ model: EmotionModel, width: Int, _ report: any PredictionReport, _ progress: ProgressBar,
        file position: Int
    ) throws {
        // In parts, so that the first results of a long file are printed early.
        let step = max(64, width)
        let parts = parts(of: file, isSequence: model.hasVariables)
        if model.hasVariables, parts.count > 1 { noteVariables() }
        var sequence = ClipSequence(model)
        guard !parts.isEmpty else { throw Failure("\(file.name): no frame of the clip has a face") }
        for start in stride(from: 0, to: parts.count, by: step) {
            let part = parts[start..<min(start + step, parts.count)]
            // In parts, because windows overlap: all of them, as clips, could take much memory.
            let clips = part.map { file.clips[$0.index][frames: $0.frames] }
            let began = ContinuousClock.now
            let predictions: [Prediction]
            do {
                predictions =
                    parts.count == 1 || model.hasVariables
                    ? try clips.map { clip in try sequence.predict(clip) }
                    : try Blocking.run { try await model.predict(clips, concurrency: width) }
            } catch {
                progress.clear()
                throw Failure("\(file.name): \(error)")
            }
            let elapsed = (ContinuousClock.now - began) / part.count
            progress.clear()
            // A failure before the first result leaves standard output empty.
            if position == 0, start == 0 { try report.begin(model) }
            for (source, prediction) in zip(part, predictions) {
                try report.add(prediction, of: source, elapsed: elapsed)
            }
            try StandardOutput.flush()
            if self.clips.count > 1 {
                progress.show(position + 1, of: self.clips.count)
            } else if parts.count > step {
                progress.show(start + part.count, of: parts.count)
            }
        }
    }
}

/// The clip or window of a prediction.
struct ClipSource {
    let file: String
    /// The index in its file, from 0.
    let index: Int
    let count: Int
    /// The clip's name, if its file states one.
    let name: String?
    /// The range of the clip's frames that were given to the model.
    let frames: Range<Int>
    /// Whether this is a window and not the whole clip.
    let isWindow: Bool

    var frameCount: Int { frames.count }
}
