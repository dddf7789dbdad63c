package import EmotionFormerCore
import EmotionFormerFiles

/// The file formats that clips are read from.
public enum ClipFormat: String, Sendable, CaseIterable {
    /// One NumPy array: (frames, features), (frames, landmarks, 3), (clips, frames, features) or
    /// (clips, frames, landmarks, 3); for a model with a shape of its own, (frames, …) or (clips, frames, …) of it.
    case npy
    /// A NumPy archive, stored or deflated; each array with two axes or more is read like an `npy` file.
    case npz
    /// Comma-separated values, one row per frame, with or without a header.
    case csv
    /// JSON lines, one frame or one clip per line.
    case jsonl

    /// The format that a file name's extension stands for.
    init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        switch fileName[fileName.index(after: dot)...].lowercased() {
        case "npy": self = .npy
        case "npz": self = .npz
        case "csv": self = .csv
        case "jsonl", "ndjson": self = .jsonl
        default: return nil
        }
    }

    /// The clips in a file's bytes, in the file's order.
    /// - Parameter shape: of the model that they are for; nil for no model.
    package func clips(
        _ bytes: [UInt8], fileName: String, shape: ClipShape? = nil
    ) throws(Fault) -> [LandmarkClip] {
        do throws(Fault) {
            let clips: [LandmarkClip]
            switch self {
            case .npy: clips = try readingClip(NumPyArray(bytes[...])).clips(shape)
            case .npz: clips = try readingClip(ZipArchive(bytes)).clips(shape)
            case .csv: clips = try CSVClips.read(bytes, areVectors: shape?.isVector == true)
            case .jsonl: clips = try JSONLinesClips.read(bytes, shape)
            }
            guard !clips.isEmpty else { throw Fault(.emptyClip, at: "", "the file holds no clip") }
            return try shape?.clips(clips) ?? clips
        } catch {
            throw error.within(fileName)
        }
    }
}

/// Runs a reader of a file that holds a clip: what is broken is a malformed clip.
func readingClip<Result>(_ body: @autoclosure () throws(FileFormatError) -> Result) throws(Fault) -> Result {
    try Fault.reading(.malformedClip, try body())
}
