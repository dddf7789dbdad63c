import ArgumentParser
import EmotionFormerBundledLandmarker
import EmotionFormerLandmarks

/// How videos, pictures and cameras are read, for every command that takes them.
struct VideoOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The bundle of the face landmarker for videos (face_landmarker.task); by default the one that comes with the program.",
            valueName: "file"))
    var task: String?

    @Option(
        help: ArgumentHelp(
            "Resample a video to so many frames a second; 30000/1001 is a rate. By default every frame.",
            valueName: "rate"),
        transform: { try VideoOptions.positive($0, "fps") })
    var fps: Fraction?

    @Option(
        help: ArgumentHelp("Stop after so many seconds of each video or of the camera.", valueName: "number"),
        transform: { try VideoOptions.positive($0, "seconds") })
    var seconds: Fraction?

    @Flag(help: "Leave rotated and mirrored pictures as they are stored.")
    var asStored = false

    @Option(
        help: ArgumentHelp(
            "Give a video up when its decoder has sent nothing for so many seconds; by default 30, for a camera 5.",
            valueName: "seconds"))
    var patience: Int?

    func validate() throws {
        if let patience, !(1...86400).contains(patience) {
            throw ValidationError("--patience is out of range (found \(patience), expected 1 to 86400)")
        }
    }

    private static func positive(_ text: String, _ option: String) throws -> Fraction {
        guard let value = Fraction(text[...]), value <= Fraction(100_000) else {
            throw ValidationError("--\(option) is not a positive number up to 100000 (found \(text))")
        }
        return value
    }

    /// The options that were given, by name: for a command line without a video.
    var given: [String] {
        [
            ("--task", task != nil), ("--fps", fps != nil), ("--seconds", seconds != nil), ("--as-stored", asStored),
            ("--patience", patience != nil),
        ].filter(\.1).map(\.0)
    }

    /// The landmarker's networks, compiled.
    func models() throws -> FaceLandmarkerModels {
        try FaceLandmarkerModels(path: try task ?? BundledLandmarker.path())
    }

    func settings(for source: VisualSource) -> FrameSource.Settings {
        FrameSource.Settings(
            rate: fps, seconds: seconds,
            video: VideoReader.Settings(
                asStored: asStored, patience: patience ?? (source.isCamera ? 5 : 30), isLive: source.isCamera))
    }
}
