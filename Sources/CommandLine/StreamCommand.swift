import ArgumentParser
import EmotionFormer
import EmotionFormerLandmarks

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `emotionformer stream -`
struct StreamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Predict emotions over time, from frames as they arrive.",
        discussion: """
            Predicts a sliding window over the last frames, every --hop frames. Standard input (-) and .jsonl files are \
            JSON lines, one per frame: {"clip": name, "frame": number, "time": seconds, "landmarks": [[x, y, z], …] \
            or null}, as emotionformer landmarks writes them; another clip begins a new stream. Other clip files, videos, \
            pictures and cameras are streamed frame by frame; videos and cameras need ffmpeg in PATH. The frames left at the \
            end give one more prediction.

            A model with variables hands them on from window to window, which then do not share frames: --hop is the window, \
            and frames left at the end that do not fill one are not predicted.

            On a terminal the probabilities are shown as moving bars. In a pipe, or with --json, each prediction is a line of \
            JSON: clip, index, frames [first, last], start and end (seconds), label, probabilities, window (the \
            window's own probabilities, if they were smoothed), framesUsed.

            EXAMPLES:
              emotionformer stream --camera 0 --hop 5 --smoothing 0.6
              emotionformer stream interview.mp4
              emotionformer stream --hop 30 --minimum-frames 30 clip.npy
              emotionformer stream --json - < landmarks.jsonl | jq .label
              emotionformer stream --report page.html - < landmarks.jsonl
            """)

    @Argument(
        help: ArgumentHelp("Videos, pictures, clip files, or - for JSON lines from standard input.", valueName: "clip"))
    var clips: [String] = []

    @Option(help: ArgumentHelp("A camera by its number, until Ctrl-C.", valueName: "number"))
    var camera: Int?

    @OptionGroup var videoOptions: VideoOptions

    @OptionGroup var modelOptions: ModelOptions

    @Option(
        help: ArgumentHelp(
            "The length of the window; by default the model's number of frames.", valueName: "frames"))
    var window: Int?

    @Option(
        help: ArgumentHelp(
            "Frames from one prediction to the next; by default 10, or a window for a model with variables.",
            valueName: "frames"))
    var hop: Int?

    @Option(
        help: ArgumentHelp(
            "Exponential smoothing, 0 (none) up to 1: s = smoothing · s + (1 − smoothing) · p.",
            valueName: "share"))
    var smoothing = 0.0

    @Option(
        help: ArgumentHelp(
            "Frames before the first prediction; by default a whole window.",
            valueName: "frames"))
    var minimumFrames: Int?

    @Flag(help: "Print lines of JSON on a terminal, too.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Write a page with the face, probabilities over time, attention and input statistics at the stream's end.",
            valueName: "page.html"))
    var report: String?

    @Flag(help: "Show a video's pictures beside the face on the page.")
    var frames = false

    func validate() throws {
        if clips.isEmpty, camera == nil {
            throw ValidationError("no clip is given (expected a video, a clip, - or --camera)")
        }
        if camera != nil, !clips.isEmpty { throw ValidationError("--camera and clips exclude each other") }
        if let camera, !(0...99).contains(camera) {
            throw ValidationError("--camera is out of range (found \(camera), expected 0 to 99)")
        }
        if frames, report == nil { throw ValidationError("--frames needs --report") }
        if clips.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input can be read only once") }
        if report != nil, clips.count > 1 { throw ValidationError("--report takes one clip (found \(clips.count))") }
        if let hop, hop < 1 { throw ValidationError("--hop is out of range (found \(hop), expected 1 or more)") }
        if let window, window < 1 {
            throw ValidationError("--window is out of range (found \(window), expected 1 or more)")
        }
        if let minimumFrames, minimumFrames < 1 {
            throw ValidationError("--minimum-frames is out of range (found \(minimumFrames), expected 1 or more)")
        }
        guard smoothing >= 0, smoothing < 1 else {
            throw ValidationError("--smoothing is out of range (found \(smoothing), expected 0 or more, less than 1)")
        }
    }

    func run() throws {
        let threads = modelOptions.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let model = try modelOptions.load(threads: max(1, threads))
        let options = EmotionStream.Options(
            window: window, hop: hop ?? (model.hasVariables ? window ?? model.input.frames : 10), smoothing: smoothing,
            minimumFrames: minimumFrames)
        guard report == nil || !model.hasVariables else { throw Failure(VariableText.noReport) }
        let fresh = try EmotionStream(model, options: options)
        if let report { try PageFile.check(report) }
        let printed: any StreamOutput =
            json || !StandardOutput.isTerminal
            ? StreamLines() : StreamBars(note: modelOptions.model == nil ? ModelOptions.bundledNote : nil)
        let page = report.map {
            StreamPage($0, modelNote: modelOptions.note, keepsPictures: frames, next: printed)
        }
        let output = page ?? printed
        var (landmarker, failures): (FaceLandmarkerModels?, [Failure]) = (nil, [])
        if let camera { try streamFrames(VisualSource(camera: camera), fresh, output, page, &landmarker, &failures) }
        for path in clips {
            if path != "-", let source = VisualSource.found(at: path) {
                try streamFrames(source, fresh, output, page, &landmarker, &failures)
            } else if path == "-" || ClipFile.isJSONLines(path) {
                try streamLines(path, fresh, output)
            } else {
                for clip in try ClipFile(path: path, for: fresh.model.input).clips {
                    let run = StreamRun(name: clip.name ?? StreamCommand.name(of: path), stream: fresh, output: output)
                    for frame in try clip.frames() { try run.append(frame) }
                    try run.finish()
                }
            }
        }
        if !failures.isEmpty { throw Failure.Reported() }
    }

    /// A video, pictures or a camera. If it fails after some frames, they are streamed to their end.
    private func streamFrames(
        _ source: VisualSource, _ fresh: EmotionStream, _ output: any StreamOutput, _ page: StreamPage?,
        _ landmarker: inout FaceLandmarkerModels?, _ failures: inout [Failure]
    ) throws {
        let models = try landmarker ?? videoOptions.models()
        landmarker = models
        let finder = try FaceFinder(models)
        var reader = try LandmarkReader(source, finder, videoOptions, showsProgress: false)
        let run = StreamRun(name: source.fileName, stream: fresh, output: output)
        while let frame = try reader.next() {
            page?.add(frame.picture, number: frame.index)
            try run.append(try LandmarkFrame(landmarks: frame.face ?? [], time: frame.picture.time.double))
        }
        guard reader.frames > 0 else {
            throw reader.fault() ?? Failure("\(source.path): there is no frame")
        }
        // Without a face there is no prediction, and no page either.
        guard reader.faces > 0 else { throw reader.fault() ?? Failure("\(source.path): there is no face") }
        try run.finish()
        if let failure = reader.fault(kept: "used") {
            failures.append(failure)
            failure.report()
        }
    }

    private func streamLines(_ path: String, _ fresh: EmotionStream, _ output: any StreamOutput) throws {
        var lines = try LandmarkLines(path: path == "-" ? nil : path, for: fresh.model.input)
        var current: (clip: String?, run: StreamRun)?
        while let line = try lines.next() {
            if let last = current, last.clip != line.clip {
                try last.run.finish()
                current = nil
            }
            let run =
                current?.run
                ?? StreamRun(name: line.clip ?? StreamCommand.name(of: path), stream: fresh, output: output)
            current = (line.clip, run)
            for frame in line.frames { try run.append(frame) }
        }
        guard let current else {
            throw Failure("\(path == "-" ? "standard input" : path): there is no frame")
        }
        try current.run.finish()
    }

    private static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}

/// Runs one clip through a stream.
private final class StreamRun {
    private let name: String
    private var stream: EmotionStream
    private let output: any StreamOutput

    init(name: String, stream: EmotionStream, output: any StreamOutput) {
        self.name = name
        self.stream = stream
        self.output = output
    }

    func append(_ frame: LandmarkFrame) throws {
        if stream.frameCount == 0 { try output.begin(clip: name, stream: stream) }
        let prediction: StreamPrediction?
        do {
            prediction = try stream.append(frame)
        } catch {
            throw Failure("\(name): \(error)")
        }
        try output.add(frame, number: stream.frameCount - 1)
        if let prediction { try output.add(prediction) }
    }

    func finish() throws {
        if let prediction = try stream.finish() { try output.add(prediction) }
        try output.end()
    }
}
