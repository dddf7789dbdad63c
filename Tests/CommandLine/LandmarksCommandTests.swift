import Foundation
import Testing

@Suite("emotionformer landmarks")
struct LandmarksCommandTests {
    private let fake: FakeFFmpeg

    init() throws { fake = try FakeFFmpeg() }

    /// The header's shape and the values of a file that the command wrote.
    private func clip(_ name: String) throws -> (shape: String, values: [Float]) {
        let data = try Data(contentsOf: URL(fileURLWithPath: fake.path(name)))
        let header = String(decoding: data[6..<192], as: UTF8.self)
        let start = try #require(header.firstIndex(of: "("))
        let end = try #require(header.firstIndex(of: ")"))
        let values = data[192...].withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        return (String(header[start...end]), values)
    }

    private func objects(_ run: Executable.Outcome) throws -> [[String: Any]] {
        try run.lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any])
        }
    }

    @Test(
        "A folder of pictures becomes a clip; a video of the same pictures and times the same clip; lines the same numbers"
    )
    func roads() throws {
        let folder = try fake.run(.plain, "landmarks", FakeFFmpeg.pictures, "-o", "out/a")
        #expect(folder.code == 0 && folder.errors.isEmpty && folder.output.isEmpty, "\(folder.errors)")
        let pictures = try clip("out/a/frames.npy")
        #expect(pictures.shape == "(4, 478, 3)")
        #expect(pictures.values.count == 4 * 478 * 3 && pictures.values.allSatisfy { abs($0) < 2 })
        let video = try fake.run(.plain, "landmarks", fake.video, "-o", "out/b/")
        #expect(video.code == 0 && video.errors.isEmpty, "\(video.errors)")
        #expect(try clip("out/b/film.npy").values == pictures.values)
        let lines = try fake.run(.plain, "landmarks", "film.mp4", "-")
        let frames = try objects(lines)
        #expect(frames.map { $0["frame"] as? Int } == [0, 1, 2, 3])
        #expect(frames.map { $0["clip"] as? String } == Array(repeating: "film", count: 4))
        #expect(frames.map { $0["time"] as? Double } == [0, 0.033333, 0.066667, 0.1])
        let numbers = frames.flatMap { ($0["landmarks"] as? [[Double]] ?? []).flatMap { $0.map { Float($0) } } }
        #expect(numbers == pictures.values)
        // The command, as the decoder was given it: names with a colon or a dash are names.
        let given = try String(contentsOfFile: fake.path("arguments"), encoding: .utf8)
        #expect(given.contains("-i file:film.mp4 -map 0:v:0 -an -sn -dn -vf showinfo=checksum=0 -fps_mode passthrough"))
    }

    @Test("A variable rate keeps its times; tracking and smoothing make another clip of the same pictures")
    func variable() throws {
        let run = try fake.run(.variable, "landmarks", fake.video, "-")
        #expect(try objects(run).map { $0["time"] as? Double } == [0, 0.013, 0.083, 0.084])
        _ = try fake.run(.variable, "landmarks", fake.video, "-o", "v")
        _ = try fake.run(.plain, "landmarks", fake.video, "-o", "p")
        _ = try fake.run(.plain, "landmarks", fake.video, "-o", "s", "--still")
        let (variable, plain, still) = (try clip("v/film.npy"), try clip("p/film.npy"), try clip("s/film.npy"))
        #expect(variable.values[..<1434] == plain.values[..<1434] && variable.values != plain.values)
        #expect(still.values != plain.values)
    }

    @Test("Resampling takes the nearest frame; --seconds ends early")
    func rates() throws {
        let slow = try fake.run(.plain, "landmarks", fake.video, "-", "--fps", "15")
        #expect(try objects(slow).map { $0["time"] as? Double } == [0, 0.066667])
        let short = try fake.run(.plain, "landmarks", fake.video, "-", "--seconds", "0.05")
        #expect(try objects(short).count == 2)
        #expect(!fake.isRunning)
    }

    @Test(
        "A decoder that fails after some frames is one line and exit code 1; the frames before it are kept",
        arguments: [
            (FakeFFmpeg.Mode.hang, "sent nothing for 1 seconds after 2 frames", 2),
            (.die, "ended by signal 9 after 2 frames", 2), (.fail, "code 1 after 2 frames (the disk is on fire)", 2),
            (.garbage, "frame 2: ffmpeg sends no picture", 2), (.cut, "frame 2 is cut short", 2),
            (.fewer, "announced 1 more frames", 2), (.resize, "", 3), (.old, "", 4),
        ])
    func failures(mode: FakeFFmpeg.Mode, words: String, frames: Int) throws {
        let run = try fake.run(mode, "landmarks", fake.video, "-o", "out", "--patience", "1")
        let name = words.isEmpty ? "film.npy" : "film.npy.partial"
        if words.isEmpty {
            #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        } else {
            #expect(run.code == 1 && run.isOneLineFailure, "\(run.errors)")
            #expect(run.errors.contains("film.mp4: ") && run.errors.contains(words), "\(run.errors)")
            #expect(run.errors.contains("the 2 frames before are in out/film.npy.partial"), "\(run.errors)")
        }
        #expect(try clip("out/\(name)").shape == "(\(frames), 478, 3)")
        #expect(!fake.isRunning, "a child is left")
        #expect(try FileManager.default.contentsOfDirectory(atPath: fake.path("out")) == [name])
    }

    @Test("A part of a clip is not taken for a whole one, and does not replace one")
    func partial() throws {
        #expect(try fake.run(.cut, "landmarks", fake.video, "-o", "out").code == 1)
        let part = try clip("out/film.npy.partial")
        #expect(part.shape == "(2, 478, 3)")
        #expect(try fake.run(.plain, "predict", "out/film.npy.partial").isOneLineFailure)
        // The clip is not there yet, so it is made.
        #expect(try fake.run(.plain, "landmarks", fake.video, "-o", "out", "--resume").code == 0)
        let whole = try clip("out/film.npy")
        #expect(whole.shape == "(4, 478, 3)" && whole.values.starts(with: part.values))
        #expect(try fake.run(.die, "landmarks", fake.video, "-o", "out").code == 1)
        #expect(try clip("out/film.npy").values == whole.values)
        try Data("my notes".utf8).write(to: URL(fileURLWithPath: fake.path("out/film.npy.partial")))
        let refused = try fake.run(.die, "landmarks", fake.video, "-o", "out")
        #expect(refused.isOneLineFailure && refused.errors.contains("film.npy.partial"), "\(refused.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: fake.path("out/film.npy.partial"))) == Data("my notes".utf8))
    }

    @Test("Names with spaces, dashes in front and letters beyond ASCII are names")
    func names() throws {
        for name in ["two words", "-dash", "größe 脸", "a:b", "film.partial"] {
            _ = try fake.folder.write("not a video", to: "\(name).mp4")
            let run = try fake.run(.plain, "landmarks", "-o", "out", "--", "\(name).mp4")
            #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
            #expect(try clip("out/\(name).npy").shape == "(4, 478, 3)")
            let predicted = try fake.run(.plain, "predict", "--json", "--", "\(name).mp4")
            #expect(predicted.code == 0 && predicted.lines.count == 1, "\(predicted.errors)")
        }
        let given = try String(contentsOfFile: fake.path("arguments"), encoding: .utf8)
        #expect(given.contains("-i file:-dash.mp4 ") && given.contains("-i file:größe 脸.mp4 "))
    }

    @Test(
        "What gives no frame, or no face, is one line; nothing is written",
        arguments: [
            (FakeFFmpeg.Mode.nothing, "ffmpeg cannot read it (film.mp4: Invalid data found)"),
            (.empty, "the video has no frame"), (.black, "no face is in any of its 4 frames"),
        ])
    func nothing(mode: FakeFFmpeg.Mode, words: String) throws {
        let run = try fake.run(mode, "landmarks", fake.video, "-o", "out")
        #expect(run.code == 1 && run.isOneLineFailure && run.errors.contains(words), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: fake.path("out")))
    }

    @Test("Frames without a face are null or NaN, left out, or the last face; none before the first")
    func missing() throws {
        let run = try fake.run(.black, "landmarks", fake.video, "-")
        #expect(run.code == 1 && run.lines.count == 4 && run.lines.allSatisfy { $0.hasSuffix("\"landmarks\":null}") })
        #expect(try fake.run(.black, "landmarks", fake.video, "-", "--missing", "drop").lines.isEmpty)
        // The third picture is too small for a face.
        _ = try fake.run(.resize, "landmarks", fake.video, "-o", "out")
        let kept = try clip("out/film.npy")
        #expect(kept.values[2868...].allSatisfy(\.isNaN) && kept.values[..<2868].allSatisfy { !$0.isNaN })
        _ = try fake.run(.resize, "landmarks", fake.video, "-o", "out", "--missing", "repeat")
        let repeated = try clip("out/film.npy")
        #expect(repeated.values[2868...] == kept.values[1434..<2868])
        _ = try fake.run(.resize, "landmarks", fake.video, "-o", "out", "--missing", "drop")
        #expect(try clip("out/film.npy").values == Array(kept.values[..<2868]))
    }

    @Test("What ffmpeg finds wrong in a video that it reads to an end is a note, and the clip is whole")
    func complaint() throws {
        let run = try fake.run(.complaint, "landmarks", fake.video, "-o", "out")
        #expect(
            run.code == 0 && run.errors.contains("note: \(fake.video): 4 frames were read, and ffmpeg says: a packet"))
        #expect(try clip("out/film.npy").shape == "(4, 478, 3)")
    }

    @Test("Without ffmpeg one line says what to install; pictures of our own formats need none")
    func withoutDecoder() throws {
        let environment = ["PATH": fake.path("nowhere")]
        let run = try Executable.run(
            ["landmarks", fake.video, "-o", "out"], in: fake.folder.url, environment: environment)
        #expect(run.isOneLineFailure && run.errors.contains("apt-get install ffmpeg"), "\(run.errors)")
        let picture = try Executable.run(
            ["landmarks", "\(FakeFFmpeg.pictures)/8.png", "-o", "out"], in: fake.folder.url, environment: environment)
        #expect(picture.code == 0, "\(picture.errors)")
        #expect(try clip("out/8.npy").shape == "(1, 478, 3)")
    }

    @Test("One bad video among several is one line; the others are written; --resume leaves out what is there")
    func several() throws {
        let run = try fake.run(.plain, "landmarks", "none.mp4", FakeFFmpeg.pictures, fake.video, "-o", "out")
        #expect(run.code == 1 && run.isOneLineFailure && run.errors.contains("none.mp4: there is no such file"))
        #expect(try clip("out/film.npy").values == clip("out/frames.npy").values)
        let before = fake.processes.count
        let again = try fake.run(.plain, "landmarks", fake.video, "-o", "out", "--resume")
        #expect(again.code == 0 && fake.processes.count == before)
        let clash = try fake.run(.plain, "landmarks", fake.video, fake.path("film.mkv"), fake.video, "-o", "out")
        #expect(clash.code == 1 && clash.errors.contains("would be named 'film'"))
    }

    @Test("Only a clip of landmarks is replaced, and an empty file")
    func replacing() throws {
        let target = fake.path("out/film.npy")
        try FileManager.default.createDirectory(atPath: fake.path("out"), withIntermediateDirectories: true)
        try Data("my notes".utf8).write(to: URL(fileURLWithPath: target))
        let refused = try fake.run(.plain, "landmarks", fake.video, "-o", "out")
        #expect(
            refused.code == 1 && refused.isOneLineFailure && refused.errors.contains("film.npy"), "\(refused.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == Data("my notes".utf8))
        try Data().write(to: URL(fileURLWithPath: target))
        #expect(try fake.run(.plain, "landmarks", fake.video, "-o", "out").code == 0)
        #expect(try fake.run(.resize, "landmarks", fake.video, "-o", "out").code == 0)
        #expect(try clip("out/film.npy").shape == "(3, 478, 3)")
    }

    @Test(
        "A signal ends the program, its child and what the child has started, and leaves nothing behind",
        arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        let process = Process()
        process.executableURL = Executable.url
        process.arguments = ["landmarks", fake.video, "-o", fake.path("out")]
        process.environment = ProcessInfo.processInfo.environment.merging(fake.environment(.hang)) { $1 }
        process.standardError = Pipe()
        try process.run()
        // The script and its sleep; before that the look at the packets.
        for _ in 0..<600 where fake.processes.count < 3 { usleep(50_000) }
        #expect(fake.processes.count == 3 && fake.isRunning)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == signal)
        for _ in 0..<100 where fake.isRunning { usleep(50_000) }
        #expect(!fake.isRunning, "a child is left")
        #expect(((try? FileManager.default.contentsOfDirectory(atPath: fake.path("out"))) ?? []).isEmpty)
    }

    @Test("Ctrl-C ends a camera's pictures; what was read is kept")
    func camera() throws {
        let process = Process()
        process.executableURL = Executable.url
        process.arguments = ["landmarks", "--camera", "3", "-o", fake.path("out")]
        process.environment = ProcessInfo.processInfo.environment.merging(fake.environment(.endless)) { $1 }
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        fake.waitForPictures()
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
        #expect(try clip("out/camera-3.npy").shape.hasSuffix(", 478, 3)"))
        #expect(!fake.isRunning)
        #expect(try String(contentsOfFile: fake.path("arguments"), encoding: .utf8).contains("/dev/video3"))
    }

    @Test(
        "A wrong command line is one line and code 64",
        arguments: [
            ["landmarks"], ["landmarks", "a.mp4"], ["landmarks", "a.mp4", "-", "-o", "x"],
            ["landmarks", "a.mp4", "-o", "x", "--fps", "0"], ["landmarks", "a.mp4", "-o", "x", "--fps", "1/0"],
            ["landmarks", "a.mp4", "-o", "x", "--seconds", "-1"], ["landmarks", "--camera", "0", "a.mp4", "-"],
            ["landmarks", "--camera", "100", "-"], ["landmarks", "a.mp4", "-", "--resume"],
            ["landmarks", "a.mp4", "-", "--confidence", "2"], ["landmarks", "a.mp4", "-", "--missing", "maybe"],
            ["landmarks", "a.mp4", "-", "--faces", "all"], ["landmarks", "a.mp4", "-", "--at-most", "1"],
            ["landmarks", "a.mp4", "-", "--patience", "0"], ["predict", "--frames", "a.mp4"], ["stream"],
            ["stream", "--camera", "0", "a.mp4"],
        ])
    func usage(arguments: [String]) throws {
        let run = try Executable.run(arguments)
        #expect(run.code == 64 && run.isOneLineFailure, "\(run.errors)")
    }

    @Test("A task file that is none, a task that is cut short: one line")
    func tasks() throws {
        let none = try fake.run(.plain, "landmarks", fake.video, "-o", "out", "--task", "none.task")
        #expect(none.isOneLineFailure && none.errors.contains("none.task"))
        let cut = try fake.folder.write("PK", to: "cut.task")
        let broken = try fake.run(.plain, "landmarks", fake.video, "-o", "out", "--task", cut)
        #expect(broken.isOneLineFailure && broken.errors.contains("cut.task"), "\(broken.errors)")
        #expect(!FileManager.default.fileExists(atPath: fake.path("out")))
    }
}
