import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerLandmarks
import EmotionFormerSystem

/// What frames come from.
struct VisualSource: Sendable {
    enum Kind: Sendable {
        /// A file that ffmpeg decodes.
        case video
        /// Pictures that are the frames of a clip, in order; one or several files.
        case pictures([String])
        case camera(Int)
    }

    let kind: Kind
    /// As it was given; of a camera its name.
    let path: String
    /// The clip's: the file's name without its ending, a folder's as a whole.
    let name: String

    var isCamera: Bool { if case .camera = kind { true } else { false } }

    /// The file's name without its folder.
    var fileName: String { VisualSource.lastName(of: path) }

    /// Whether it is a file that can be read twice.
    var isRegular: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG)
    }

    init(camera number: Int) {
        kind = .camera(number)
        name = "camera-\(number)"
        path = name
    }

    /// A video, a picture or a folder of pictures, for a command that takes nothing else.
    init(path: String) throws(Failure) {
        self.path = path
        switch try VisualSource.entry(path) {
        case .folder:
            let files = VisualSource.pictures(in: path)
            guard !files.isEmpty else {
                throw Failure(
                    "\(path): the folder holds no pictures (expected files that end in "
                        + "\(VisualSource.pictureEndings.joined(separator: ", ")))")
            }
            kind = .pictures(files)
            name = VisualSource.lastName(of: path)
        case .file(let start):
            kind = VisualSource.isPicture(path, start) ? .pictures([path]) : .video
            name = VisualSource.stem(of: path)
        case .pipe:
            kind = .video
            name = VisualSource.stem(of: path)
        }
    }

    /// The video or pictures at a path that may as well hold a clip of landmarks; nil for anything else, what is not
    /// there included.
    static func found(at path: String) -> VisualSource? {
        guard path != "-", let entry = try? entry(path) else { return nil }
        let ending = ending(of: path)
        switch entry {
        case .folder:
            // A folder of arrays is a clip.
            guard !names(in: path).contains(where: { $0.lowercased().hasSuffix(".npy") }) else { return nil }
        case .file(let start):
            guard !clipEndings.contains(ending),
                isPicture(path, start) || isVideo(start) || videoEndings.contains(ending)
            else { return nil }
        case .pipe:
            guard videoEndings.contains(ending) else { return nil }
        }
        return try? VisualSource(path: path)
    }
}

extension VisualSource {
    static let pictureEndings = [".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"]
    private static let clipEndings = [".npy", ".npz", ".csv", ".jsonl", ".ndjson"]
    private static let videoEndings = [
        ".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts",
        ".webm", ".wmv", ".y4m",
    ]

    private enum Entry {
        case folder
        /// With its first bytes.
        case file([UInt8])
        case pipe
    }

    private static func entry(_ path: String) throws(Failure) -> Entry {
        var status = stat()
        guard !path.isEmpty, !path.utf8.contains(0), stat(path, &status) == 0 else {
            throw Failure("\(path): there is no such file or folder")
        }
        switch status.st_mode & mode_t(S_IFMT) {
        case mode_t(S_IFDIR): return .folder
        case mode_t(S_IFIFO): return .pipe
        case mode_t(S_IFREG):
            do throws(Fault) {
                let file = try InputFile(path: path, what: "file")
                var start = [UInt8](repeating: 0, count: min(file.byteCount, 64))
                try file.read(into: &start)
                return .file(start)
            } catch {
                throw Failure(error.description)
            }
        default: throw Failure("\(path): this is a device or socket (expected a file, a folder or --camera)")
        }
    }

    /// By content; of formats that begin like nothing in particular, by name.
    private static func isPicture(_ path: String, _ start: [UInt8]) -> Bool {
        switch PictureFormat(start) {
        // An animation goes through frame by frame.
        case .other("GIF"): false
        case .some: true
        case nil: pictureEndings.contains(ending(of: path)) && !isVideo(start)
        }
    }

    /// The containers that most videos are in, by how they begin.
    private static func isVideo(_ start: [UInt8]) -> Bool {
        func begins(_ text: String, at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: text.utf8) }
        return begins("FLV") || begins("ftyp", at: 4) || begins("moov", at: 4) || begins("OggS") || begins("GIF8")
            || begins("RIFF") && begins("AVI ", at: 8) || begins("YUV4MPEG2")
            // Matroska and WebM; ASF; MPEG program streams.
            || start.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) || start.starts(with: [0x30, 0x26, 0xB2, 0x75])
            || start.starts(with: [0x00, 0x00, 0x01, 0xBA])
    }

    private static func lastName(of path: String) -> String {
        path.split(separator: "/").last.map(String.init).flatMap { $0 == "." || $0 == ".." ? nil : $0 } ?? "clip"
    }

    private static func stem(of path: String) -> String {
        let name = lastName(of: path)
        guard !name.hasPrefix("."), let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    /// In lower case, with its dot.
    private static func ending(of path: String) -> String {
        let name = lastName(of: path)
        return name.lastIndex(of: ".").map { name[$0...].lowercased() } ?? ""
    }

    private static func names(in folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                        String(cString: $0)
                    }
                })
        }
        return names
    }

    /// The pictures of a folder, not of the folders in it, in natural order: 2 before 10. Hidden files are left out.
    private static func pictures(in folder: String) -> [String] {
        names(in: folder).filter { name in
            guard !name.hasPrefix("."), pictureEndings.contains(ending(of: name)) else { return false }
            var status = stat()
            return stat("\(folder)/\(name)", &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG)
        }.sorted(by: comesBefore).map { "\(folder)/\($0)" }
    }

    /// Digits count as a number, letters in lower case.
    static func comesBefore(_ one: String, _ other: String) -> Bool {
        let (a, b) = (Array(one.lowercased().utf8), Array(other.lowercased().utf8))
        func digits(_ bytes: [UInt8], _ start: Int) -> ArraySlice<UInt8> {
            bytes[start...].prefix { (0x30...0x39).contains($0) }
        }
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            let (left, right) = (digits(a, i), digits(b, j))
            if left.isEmpty != right.isEmpty { return !left.isEmpty }
            if left.isEmpty {
                if a[i] != b[j] { return a[i] < b[j] }
                (i, j) = (i + 1, j + 1)
            } else {
                let (x, y) = (left.drop { $0 == 0x30 }, right.drop { $0 == 0x30 })
                if x.count != y.count { return x.count < y.count }
                if x != y { return x.lexicographicallyPrecedes(y) }
                (i, j) = (left.endIndex, right.endIndex)
            }
        }
        if a.count - i != b.count - j { return a.count - i < b.count - j }
        return one < other
    }
}

extension VisualSource {
    /// Two inputs must not become the same clip.
    static func checkNames(_ sources: [VisualSource]) throws(Failure) {
        var seen: [String: String] = [:]
        for source in sources {
            if let other = seen.updateValue(source.path, forKey: source.name) {
                throw Failure("\(source.path): its clip would be named '\(source.name)', as that of \(other) is")
            }
        }
    }
}
