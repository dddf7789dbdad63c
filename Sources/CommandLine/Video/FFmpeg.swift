/// How the program `ffmpeg` is called. It decodes what this program does not: videos, cameras, JPEG.
enum FFmpeg {
    static let program = "ffmpeg"

    /// What is decoded.
    enum Input: Sendable {
        case file(String)
        case camera(Int)

        fileprivate var arguments: [String] {
            switch self {
            // With the protocol in front, a name may have a colon in it or begin with a dash.
            case .file(let path): ["-i", "file:\(path)"]
            #if canImport(Darwin)
                case .camera(let number): ["-f", "avfoundation", "-framerate", "30", "-i", "\(number):none"]
            #else
                case .camera(let number): ["-f", "v4l2", "-fflags", "nobuffer", "-i", "/dev/video\(number)"]
            #endif
            }
        }
    }

    /// Pictures as PPM on standard output, and on standard error a line with the time of each (`ShowInfo`). Every frame
    /// of the first video stream, with its own time and size, turned as the container says.
    /// - Parameter hasFrameMode: whether this ffmpeg has `-fps_mode`; before 5.1 it was called `-vsync`.
    static func pictures(_ input: Input, asStored: Bool, hasFrameMode: Bool = true) -> [String] {
        quiet("info") + (asStored ? ["-noautorotate"] : []) + input.arguments + [
            "-map", "0:v:0", "-an", "-sn", "-dn", "-vf", "showinfo=checksum=0",
            hasFrameMode ? "-fps_mode" : "-vsync", "passthrough", "-enc_time_base", "-1", "-pix_fmt", "rgb24", "-c:v",
            "ppm", "-f", "image2pipe", "pipe:1",
        ]
    }

    /// The times of the first video stream's packets, which need not be decoded for that, on standard output.
    static func packets(_ path: String) -> [String] {
        quiet("error") + ["-copyts"] + Input.file(path).arguments + [
            "-map", "0:v:0", "-c", "copy", "-copytb", "1", "-f", "framecrc", "pipe:1",
        ]
    }

    private static func quiet(_ level: String) -> [String] {
        ["-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+\(level)"]
    }

    /// Starts it.
    /// - Parameter source: the file or camera, for the message.
    static func start(_ arguments: [String], for source: String) throws(Failure) -> ChildProcess {
        do throws(ChildProcess.NotStarted) {
            return try ChildProcess(program, arguments)
        } catch {
            guard error.isMissing else { throw Failure("\(source): ffmpeg cannot be started (\(error.words))") }
            throw Failure(
                "\(source): reading it needs the program ffmpeg, which is not in PATH (install it: "
                    + "apt-get install ffmpeg on Debian and Ubuntu, brew install ffmpeg on macOS)")
        }
    }
}

/// What ffmpeg says on standard error, as far as it explains a failure.
struct FFmpegMessages {
    private var complaint: String?
    private var last: String?

    mutating func add(_ line: String) {
        var text = line[...]
        var isComplaint = false
        // `[flv @ 0x55d5] [error] …`
        while text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let tag = text[text.index(after: text.startIndex)..<end]
            isComplaint = isComplaint || tag == "error" || tag == "fatal" || tag == "panic"
            text = text[text.index(after: end)...].drop { $0 == " " }
        }
        guard !text.isEmpty else { return }
        let said = String(text.prefix(200))
        if isComplaint { complaint = complaint ?? said }
        last = said
    }

    /// The first error; nil if there was none.
    var firstError: String? { complaint }

    /// For a program that has failed: ` (No such file or directory)`.
    var reason: String { (complaint ?? last).map { " (\($0))" } ?? "" }
}
