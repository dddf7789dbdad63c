import EmotionFormerLandmarks
import Foundation
import Testing

/// A script that stands in for `ffmpeg`: what the tests prove of a child process must not depend on what is installed.
///
/// It plays the four committed pictures of a face, at 30 frames a second, and then does what its mode says.
struct FakeFFmpeg {
    enum Mode: String {
        /// The four pictures.
        case plain
        /// Two pictures, and then nothing, for ever, with a child of its own.
        case hang
        /// Two pictures, and then it is killed.
        case die
        /// Two pictures, and then exit code 1 with an error.
        case fail
        /// Two pictures, and then bytes that are none.
        case garbage
        /// Two pictures and half of a third, and exit code 0.
        case cut
        /// Two pictures, and then one of another size.
        case resize
        /// An error and no picture.
        case nothing
        /// No error and no picture.
        case empty
        /// Four pictures without a face.
        case black
        /// Pictures, over and over.
        case endless
        /// The four pictures, and an error in a message.
        case complaint
        /// An older version, which knows `-vsync` only.
        case old
        /// More announced than sent.
        case fewer
        /// Times in microseconds that do not fall on a steady rate.
        case variable
    }

    let folder: TemporaryFolder
    /// Where a video might be.
    let video: String

    static let pictures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/cremad/frames").path

    init() throws {
        folder = try TemporaryFolder()
        video = try folder.write("not a video", to: "film.mp4")
        let bin = folder.url.appendingPathComponent("bin")
        try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: true)
        let program = bin.appendingPathComponent("ffmpeg")
        try Data(FakeFFmpeg.script.utf8).write(to: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        for number in 8...11 {
            let frame = try ImageFrame(path: "\(FakeFFmpeg.pictures)/\(number).png")
            var file = Data("P6\n\(frame.width) \(frame.height)\n255\n".utf8)
            file.append(contentsOf: frame.bytes)
            try file.write(to: folder.url.appendingPathComponent("\(number - 8).ppm"))
        }
        let black = Data("P6\n192 144\n255\n".utf8) + Data(repeating: 0, count: 192 * 144 * 3)
        try black.write(to: folder.url.appendingPathComponent("black.ppm"))
        let small = Data("P6\n8 6\n255\n".utf8) + Data(repeating: 90, count: 8 * 6 * 3)
        try small.write(to: folder.url.appendingPathComponent("small.ppm"))
    }

    func path(_ name: String) -> String { folder.url.appendingPathComponent(name).path }

    func environment(_ mode: Mode) -> [String: String] {
        [
            "PATH": "\(path("bin")):/usr/bin:/bin", "FAKE_MODE": mode.rawValue, "FAKE_FOLDER": folder.url.path,
        ]
    }

    func run(_ mode: Mode, _ arguments: String...) throws -> Executable.Outcome {
        try Executable.run(arguments, in: folder.url, environment: environment(mode))
    }

    /// Waits until the endless script has sent some pictures. The pipe holds less than one: all but the last two were read.
    func waitForPictures() {
        for _ in 0..<2400 {
            let sent = (try? String(contentsOfFile: path("sent"), encoding: .utf8)) ?? ""
            if sent.split(separator: "\n").count >= 5 { return }
            usleep(50_000)
        }
    }

    /// The process numbers of the script's runs and of what it has started.
    var processes: [pid_t] {
        let text = (try? String(contentsOfFile: path("pids"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { pid_t($0) }
    }

    /// Whether any of these processes runs still, or will in a moment be known to have ended.
    var isRunning: Bool {
        for _ in 0..<40 {
            if !processes.contains(where: FakeFFmpeg.isAlive) { return false }
            usleep(50_000)
        }
        return true
    }

    private static func isAlive(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0 else { return false }
        // One that has ended, and that nobody has waited for, is dead too.
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return !status.contains(") Z ")
    }

    private static let script = #"""
        #!/bin/sh
        # Stands in for ffmpeg in a test.
        cd "$FAKE_FOLDER" || exit 9
        echo "$*" >>arguments
        echo $$ >>pids
        case "$*" in
            *"-f framecrc"*)
                case $FAKE_MODE in nothing) echo "[error] film.mp4: Invalid data found" >&2; exit 1 ;; esac
                printf '#tb 0: 1/1000\n'
                case $FAKE_MODE in
                    empty) ;;
                    variable) printf '0, 0, 7, 33, 9, 0x0\n0, 1, 20, 33, 9, 0x0\n0, 1, 90, 33, 9, 0x0\n0, 1, 91, 33, 9, 0x0\n' ;;
                    *) printf '0, 0, 7, 33, 9, 0x0\n0, 1, 40, 33, 9, 0x0\n0, 1, 74, 33, 9, 0x0\n0, 1, 107, 33, 9, 0x0\n' ;;
                esac
                exit 0
                ;;
        esac
        case "$FAKE_MODE $*" in
            "old "*"-fps_mode"*) echo "[error] Unrecognized option 'fps_mode'." >&2; exit 1 ;;
        esac
        info() { echo "[Parsed_showinfo_0 @ 0x5] [info] $*" >&2; }
        start() { info "config in time_base: 1/1000, frame_rate: 30/1"; }
        frame() { info "n:$1 pts:$2 pts_time:0.1 s:192x144"; cat "$3"; }
        case $FAKE_MODE in nothing) exit 1 ;; empty) exit 0 ;; esac
        start
        case $FAKE_MODE in
            black) for n in 0 1 2 3; do frame $n $((7 + 33 * n)) black.ppm; done; exit 0 ;;
            endless) n=0; while frame $n $((7 + 33 * n)) $((n % 4)).ppm; do n=$((n + 1)); echo $n >>sent; done; exit 0 ;;
            variable) frame 0 7 0.ppm; frame 1 20 1.ppm; frame 2 90 2.ppm; frame 3 91 3.ppm; exit 0 ;;
        esac
        frame 0 7 0.ppm
        frame 1 40 1.ppm
        case $FAKE_MODE in
            hang) sleep 1000 & echo $! >>pids; wait ;;
            die) kill -9 $$ ;;
            fail) echo "[error] the disk is on fire" >&2; exit 1 ;;
            garbage) echo "this is no picture at all" ;;
            cut) info "n:2 pts:74 pts_time:0.1"; head -c 5000 2.ppm; exit 0 ;;
            resize) start; frame 0 74 small.ppm; exit 0 ;;
            fewer) info "n:2 pts:74 pts_time:0.1"; exit 0 ;;
        esac
        frame 2 74 2.ppm
        frame 3 107 3.ppm
        case $FAKE_MODE in complaint) echo "[flv @ 0x1] [error] a packet is broken" >&2 ;; esac
        exit 0
        """#
}
