import ArgumentParser
import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerLandmarks
import EmotionFormerSystem

/// `emotionformer landmarks VIDEO… -o DIR`
struct LandmarksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "landmarks",
        abstract: "Find the 478 face landmarks of every frame of videos, pictures or a camera.",
        discussion: """
            MediaPipe's Face Landmarker, run by this program's engine. With -o DIR, DIR/NAME.npy for each video NAME.mp4: \
            float32, frames × 478 × 3, x and y as fractions of the displayed picture, z on the scale of x. With -, JSON lines, \
            one object per frame, as soon as it is processed: {"clip": name, "frame": number, "time": seconds, \
            "landmarks": [[x, y, z], …] or null}.

            PNG, PPM and PGM pictures are read by this program; videos, cameras and other pictures by ffmpeg, which must \
            be in PATH. A folder of pictures is one clip, its files in natural order (2 before 10), 30 frames a second or \
            --fps; a picture is a clip of one frame. Every frame of a video has the container's time; where that only rounds \
            the times of a constant rate, the exact ones are used. Pictures are turned as the video or photo says.

            If a video cannot be read to its end, the frames before are kept in NAME.npy.partial, which no command takes \
            for a whole clip, with one line on standard error and exit code 1; other videos continue. A camera is read until Ctrl-C or --seconds; the clip is named camera-N. \
            Tools/landmarks has the same options and runs MediaPipe itself.

            EXAMPLES:
              emotionformer landmarks interview.mp4 -o clips
              emotionformer landmarks videos/*.flv -o clips --resume
              emotionformer landmarks --camera 0 - | emotionformer stream -
              emotionformer landmarks pictures/ -o clips --fps 25
            """)

    @Argument(
        help: ArgumentHelp(
            "Video files, pictures, folders of pictures; - writes JSON lines to standard output.", valueName: "video"))
    var inputs: [String] = []

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp(
            "The folder of the .npy files, made if it is missing; - for JSON lines.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("A camera by its number, until Ctrl-C.", valueName: "number"))
    var camera: Int?

    @Flag(help: "Every frame by itself: no tracking, no smoothing.")
    var still = false

    @Option(help: ArgumentHelp("The least confidence in a face, 0 to 1.", valueName: "share"))
    var confidence: Float = 0.5

    @Option(
        help: ArgumentHelp(
            "A frame without a face is nan (null in JSON), dropped (drop), or the last face again (repeat).",
            valueName: "rule"),
        transform: { try InputOptions.choice($0, "missing", MissingFaces.Rule.allCases.map { ($0.rawValue, $0) }) })
    var missing = MissingFaces.Rule.nan

    @Option(
        help: ArgumentHelp(
            """
            Of several faces: first, the one that the detector finds first, followed and smoothed until it is lost; largest \
            or central in each frame; or tracked, the largest of the first frame, followed. All but first are not smoothed.
            """, valueName: "rule"),
        transform: { try InputOptions.choice($0, "faces", FaceChoice.Rule.allCases.map { ($0.rawValue, $0) }) })
    var faces = FaceChoice.Rule.first

    @Option(help: ArgumentHelp("The faces that --faces chooses from.", valueName: "count"))
    var atMost = 4

    @Flag(help: "Leave out videos whose .npy is there already.")
    var resume = false

    @OptionGroup var videoOptions: VideoOptions

    private var printsLines: Bool { output == "-" || inputs.contains("-") }
    private var paths: [String] { inputs.filter { $0 != "-" } }

    func validate() throws {
        if inputs.contains("-"), output != nil { throw ValidationError("- and -o exclude each other") }
        if camera == nil, paths.isEmpty { throw ValidationError("no video is given") }
        if camera != nil, !paths.isEmpty { throw ValidationError("--camera and videos exclude each other") }
        if output == nil, !printsLines {
            throw ValidationError("it is not said where to: -o DIR, or - for JSON lines")
        }
        if output == "" { throw ValidationError("-o names no folder") }
        if resume, printsLines { throw ValidationError("--resume needs -o DIR") }
        if let camera, !(0...99).contains(camera) {
            throw ValidationError("--camera is out of range (found \(camera), expected 0 to 99)")
        }
        guard confidence >= 0, confidence <= 1 else {
            throw ValidationError("--confidence is out of range (found \(confidence), expected 0 to 1)")
        }
        guard (2...32).contains(atMost) else {
            throw ValidationError("--at-most is out of range (found \(atMost), expected 2 to 32)")
        }
    }

    func run() throws {
        var (sources, failures): ([VisualSource], [Failure]) = ([], [])
        for path in paths {
            do throws(Failure) {
                sources.append(try VisualSource(path: path))
            } catch {
                failures.append(error)
                error.report()
            }
        }
        if let camera { sources.append(VisualSource(camera: camera)) }
        try VisualSource.checkNames(sources)
        let folder = printsLines ? nil : output
        let made = try folder.map { folder throws(Fault) in try MadeFolders(folder) }
        defer { made?.removeEmpty() }
        let models = try videoOptions.models()
        for source in sources {
            do {
                try convert(source, to: folder, models)
            } catch let error as Failure {
                failures.append(error)
                error.report()
            }
        }
        if !failures.isEmpty { throw Failure.Reported() }
    }

    private func convert(_ source: VisualSource, to folder: String?, _ models: FaceLandmarkerModels) throws {
        let path = folder.map { $0.hasSuffix("/") ? "\($0)\(source.name).npy" : "\($0)/\(source.name).npy" }
        var status = stat()
        if resume, let path, stat(path, &status) == 0 { return }
        let finder = try FaceFinder(
            models, FaceFinder.Settings(isStill: still, confidence: confidence, rule: faces, mostFaces: atMost))
        guard let path else { return try print(source, finder) }
        var file = try LandmarkFile(path: path)
        var frames = try LandmarkReader(source, finder, videoOptions, showsProgress: true)
        var kept = MissingFaces(missing)
        while let frame = try frames.next() {
            let (isKept, face) = kept.add(frame.face)
            if isKept { try file.add(face) }
        }
        // Without any face there is nothing to keep.
        if frames.faces > 0 { try file.keep(isWhole: frames.failure == nil) }
        if let fault = frames.fault(kept: "in \(LandmarkFile.partialPath(path))") { throw fault }
    }

    private func print(_ source: VisualSource, _ finder: FaceFinder) throws {
        var frames = try LandmarkReader(source, finder, videoOptions, showsProgress: false)
        var kept = MissingFaces(missing)
        while let frame = try frames.next() {
            let (isKept, face) = kept.add(frame.face)
            guard isKept else { continue }
            try StandardOutput.write(
                LandmarkLine.text(clip: source.name, frame: frame.index, time: frame.picture.time, face: face))
            try StandardOutput.flush()
        }
        if let fault = frames.fault() { throw fault }
    }
}
