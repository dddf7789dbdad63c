import EmotionFormerCore
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A file with one clip or several.
public struct ClipFile: Sendable {
    /// The file's name without its folder, or `-` for standard input.
    public let name: String
    public let format: ClipFormat
    /// In the file's order; never empty.
    public let clips: [LandmarkClip]

    /// Reads a file, or a folder of frames. Without a `format`, the extension of its name decides: `npy`, `npz`, `csv`,
    /// `jsonl`.
    ///
    /// A folder is one clip: its files `0.npy`, `1.npy` and so on (or from `1.npy`) are a frame each.
    /// - Parameter input: the input of the model that the clips are for, whose shape of a frame says how arrays are read:
    ///   for frames of 21 × 2, an array (30, 21, 2) is a clip of 30 frames. Without it, a last axis of extent 3 is x, y
    ///   and z of landmarks, and any other one features.
    /// - Throws: `missingFile`, `unreadableFile`; `invalidArgument` for an unknown extension; `malformedClip`,
    ///   `emptyClip`, `featureCountMismatch`, `notFinite` and others for what the file holds.
    public init(path: String, format: ClipFormat? = nil, for input: ModelInput? = nil) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in
            try ClipFile(.path(path), format, input.map { ClipShape($0) })
        }
    }

    /// Reads a file, like `init(path:format:for:)`.
    public init(contentsOf url: URL, format: ClipFormat? = nil, for input: ModelInput? = nil) throws(EmotionFormerError)
    {
        self = try ClipFile(path: EmotionModel.path(of: url), format: format, for: input)
    }

    /// Reads standard input to its end.
    public init(standardInput format: ClipFormat, for input: ModelInput? = nil) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in
            try ClipFile(.standardInput, format, input.map { ClipShape($0) })
        }
    }

    /// Whether the file's name is that of JSON lines, which can be read as they arrive.
    package static func isJSONLines(_ path: String) -> Bool { ClipFormat(fileName: path) == .jsonl }

    private init(_ source: ByteSource, _ format: ClipFormat?, _ shape: ClipShape?) throws(Fault) {
        if case .path(let path) = source, FrameFolder.isFolder(path), format ?? .npy == .npy {
            var folder = path[...]
            while folder.count > 1, folder.last == "/" { folder.removeLast() }
            name = folder.split(separator: "/").last.map(String.init) ?? path
            self.format = .npy
            let clip = try FrameFolder.clip(String(folder), shape)
            clips = try shape?.clips([clip]) ?? [clip]
            return
        }
        switch source {
        case .standardInput: name = "-"
        case .path(let path): name = path.split(separator: "/").last.map(String.init) ?? path
        }
        let place = if case .path(let path) = source { path } else { "standard input" }
        guard let format = format ?? ClipFormat(fileName: name) else {
            // A missing file is reported before an unknown extension.
            if case .path(let path) = source { try ByteSource.check(path) }
            throw ClipFile.unknownFormat(place)
        }
        self.format = format
        clips = try format.clips(source.bytes(), fileName: place, shape: shape)
    }
}

extension ClipFile {
    /// The formats that data sets of landmarks come in and that are not read, with what is.
    private static let others: [(extensions: [String], name: String, expected: String)] = [
        (
            ["parquet", "pq"], "Parquet",
            "an array of frames × features or × landmarks × 3 as .npy; in Python, with the columns that the model takes: "
                + "numpy.save('clip.npy', pandas.read_parquet(FILE)[COLUMNS].to_numpy())"
        ),
        (["pkl", "pickle", "joblib"], "a pickle", "the array in it as .npy; in Python: numpy.save('clip.npy', ARRAY)"),
        (["h5", "hdf5", "mat"], "HDF5 or MATLAB", "the array in it as .npy; in Python: numpy.save('clip.npy', ARRAY)"),
        (["json"], "JSON", ".jsonl: a frame a line, as in {\"landmarks\": [[x, y, z], …]}; or .npy"),
    ]

    private static func unknownFormat(_ place: String) -> Fault {
        let suffix = place.split(separator: ".").last.map { $0.lowercased() } ?? ""
        if let other = others.first(where: { $0.extensions.contains(suffix) }) {
            return Fault(
                .invalidArgument, at: place, "clips are not read from files of this format", found: other.name,
                expected: other.expected)
        }
        return Fault(
            .invalidArgument, at: place, "the file name does not say its format",
            expected: ".npy, .npz, .csv or .jsonl")
    }
}

extension LandmarkClip {
    /// Reads the only clip of a file.
    /// - Throws: like `ClipFile`; also `malformedClip` if the file holds several clips.
    public init(contentsOf url: URL, format: ClipFormat? = nil, for input: ModelInput? = nil) throws(EmotionFormerError)
    {
        self = try LandmarkClip.single(of: ClipFile(contentsOf: url, format: format, for: input))
    }

    /// Reads the only clip of a file.
    /// - Throws: like `ClipFile`; also `malformedClip` if the file holds several clips.
    public init(path: String, format: ClipFormat? = nil, for input: ModelInput? = nil) throws(EmotionFormerError) {
        self = try LandmarkClip.single(of: ClipFile(path: path, format: format, for: input))
    }

    private static func single(of file: ClipFile) throws(EmotionFormerError) -> LandmarkClip {
        try publicly { () throws(Fault) in
            guard file.clips.count == 1, let clip = file.clips.first else {
                throw Fault(
                    .malformedClip, at: file.name, "the file holds several clips; read it as a ClipFile",
                    found: "\(file.clips.count) clips", expected: "1")
            }
            return clip
        }
    }
}
