import Foundation
import Testing

@Suite("emotionformer predict and stream, of videos")
struct VideoCommandTests {
    private let fake: FakeFFmpeg

    init() throws { fake = try FakeFFmpeg() }

    private func object(_ line: String?) throws -> [String: Any] {
        let line = try #require(line)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: Any])
    }

    private func text(_ name: String) throws -> String { try String(contentsOfFile: fake.path(name), encoding: .utf8) }

    @Test("A video's prediction is that of its landmarks; videos, pictures and clips may be mixed")
    func predict() throws {
        #expect(try fake.run(.plain, "landmarks", fake.video, "-o", "out").code == 0)
        let clip = try object(fake.run(.plain, "predict", "--json", "out/film.npy").lines.first)
        let run = try fake.run(.plain, "predict", "--json", fake.video, "out/film.npy", FakeFFmpeg.pictures)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        let found = try run.lines.map { try object($0) }
        #expect(found.map { $0["clip"] as? String } == ["film.mp4", "film.npy", "frames"])
        #expect(found.allSatisfy { $0["frames"] as? Int == 4 && $0["framesUsed"] as? Int == 4 })
        for each in found { #expect(each["logits"] as? [Double] == clip["logits"] as? [Double]) }
    }

    @Test("A page shows the video's pictures beside the face if they are asked for")
    func page() throws {
        let run = try fake.run(.plain, "predict", fake.video, "--report", "page.html", "--frames")
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        let page = try text("page.html")
        #expect(
            page.contains("id=\"picture\"") && page.contains("\"pictures\":{\"frames\":[0,1,2,3],\"files\":[\"/9j/"))
        #expect(page.contains("192 × 144 pixels") && !page.contains("which is a guess"))
        _ = try fake.run(.plain, "predict", fake.video, "--report", "plain.html")
        #expect(try text("plain.html").contains("\"pictures\":null") && !text("plain.html").contains("id=\"picture\""))
        let streamed = try fake.run(
            .plain, "stream", fake.video, "--minimum-frames", "2", "--hop", "1", "--report", "stream.html", "--frames")
        #expect(streamed.code == 0, "\(streamed.errors)")
        #expect(try text("stream.html").contains("\"pictures\":{\"frames\":[0,1,2,3],"))
    }

    @Test("A stream of a video has its times, and the numbers of its landmarks' stream")
    func stream() throws {
        let options = ["--minimum-frames", "2", "--hop", "1"]
        let video = try Executable.run(
            ["stream", fake.video] + options, in: fake.folder.url, environment: fake.environment(.plain))
        #expect(video.code == 0 && video.errors.isEmpty, "\(video.errors)")
        let lines = try fake.run(.plain, "landmarks", fake.video, "-")
        let piped = try Executable.run(["stream", "-"] + options, input: Data(lines.output.utf8))
        let (found, expected) = (try video.lines.map { try object($0) }, try piped.lines.map { try object($0) })
        #expect(found.count == 3 && expected.count == 3)
        for (one, other) in zip(found, expected) {
            #expect(one["frames"] as? [Int] == other["frames"] as? [Int])
            #expect(one["probabilities"] as? [String: Double] == other["probabilities"] as? [String: Double])
            let (ours, theirs) = (try #require(one["end"] as? Double), try #require(other["end"] as? Double))
            #expect(abs(ours - theirs) < 1e-6)
        }
        #expect(found.first?["clip"] as? String == "film.mp4")
    }

    @Test("A decoder that fails is one line and exit code 1; what was read before it is predicted")
    func failures() throws {
        for (mode, words) in [(FakeFFmpeg.Mode.die, "signal 9"), (.hang, "sent nothing"), (.garbage, "no picture")] {
            let run = try fake.run(mode, "predict", "--json", fake.video, "--patience", "1")
            #expect(run.isOneLineFailure && run.code == 1 && run.errors.contains(words), "\(run.errors)")
            #expect(try object(run.lines.first)["frames"] as? Int == 2)
            let streamed = try fake.run(mode, "stream", fake.video, "--patience", "1")
            #expect(streamed.isOneLineFailure && streamed.code == 1 && streamed.errors.contains(words))
            #expect(try object(streamed.lines.first)["framesUsed"] as? Int == 2)
            #expect(!fake.isRunning)
        }
        for command in ["predict", "stream"] {
            let black = try fake.run(.black, command, fake.video)
            #expect(black.isOneLineFailure && black.errors.contains("no face"), "\(black.errors)")
            let nothing = try fake.run(.nothing, command, fake.video)
            #expect(nothing.isOneLineFailure && nothing.errors.contains("Invalid data found"), "\(nothing.errors)")
        }
    }

    @Test("Ctrl-C ends the stream of a camera with a last prediction and its page")
    func camera() throws {
        let process = Process()
        process.executableURL = Executable.url
        process.arguments = ["stream", "--camera", "0", "--report", fake.path("camera.html")]
        process.environment = ProcessInfo.processInfo.environment.merging(fake.environment(.endless)) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        fake.waitForPictures()
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(try object(lines.split(separator: "\n").last.map(String.init))["clip"] as? String == "camera-0")
        #expect(try text("camera.html").contains("<!doctype html>"))
        #expect(!fake.isRunning)
    }

    /// The landmarks of the real decoder against those of MediaPipe; only where ffmpeg is installed.
    @Test(
        "A real video gives MediaPipe's landmarks",
        .enabled(
            if: ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg")
            }))
    func real() throws {
        let fixtures = URL(fileURLWithPath: FakeFFmpeg.pictures).deletingLastPathComponent()
        let run = try Executable.run(
            [
                "landmarks", fixtures.appendingPathComponent("1001_DFA_HAP_XX.flv").path, "-o", "real", "--seconds",
                "0.5",
            ], in: fake.folder.url)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        func values(_ url: URL) throws -> [Float] {
            let data = try Data(contentsOf: url)
            let start = 10 + Int(data[8]) + Int(data[9]) << 8
            return data[start...].withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
        }
        let found = try values(fake.folder.url.appendingPathComponent("real/1001_DFA_HAP_XX.npy"))
        let expected = try values(fixtures.appendingPathComponent("1001_DFA_HAP.facelandmarker.npy"))
        #expect(found.count == 15 * 1434)
        var (sum, most) = (0.0, 0.0)
        for point in stride(from: 0, to: found.count, by: 3) {
            let x = Double(found[point] - expected[point]) * 480
            let y = Double(found[point + 1] - expected[point + 1]) * 360
            let distance = (x * x + y * y).squareRoot()
            (sum, most) = (sum + distance, max(most, distance))
        }
        #expect(
            sum / Double(found.count / 3) < 0.01 && most < 0.1, "mean \(sum / Double(found.count / 3)), most \(most)")
    }
}
