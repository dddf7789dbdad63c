import Foundation
import Testing

@Suite("emotionformer stream")
struct StreamCommandTests {
    private let folder: TemporaryFolder
    private let model: String

    init() throws {
        folder = try TemporaryFolder()
        model = try SmallPackage.write(to: folder)
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    /// A line of one frame with two features.
    private func line(_ a: Int, _ b: Int, clip: String = "a", time: Double? = nil) -> String {
        let time = time.map { ",\"time\":\($0)" } ?? ""
        return "{\"clip\":\"\(clip)\",\"features\":[\(a),\(b)]\(time)}\n"
    }

    @Test("A prediction every hop frames, with the window's frames and times, and one for what is left")
    func predictions() throws {
        let input = (0..<7).map { line($0, 1, time: Double($0) / 2) }.joined()
        let run = try Executable.run("stream", "--model", model, "--hop", "2", "-", input: input)
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        let objects = try run.lines.map(object)
        #expect(objects.map { $0["frames"] as? [Int] } == [[0, 3], [2, 5], [3, 6]])
        #expect(objects.map { $0["index"] as? Int } == [0, 1, 2])
        #expect(objects.map { $0["start"] as? Double } == [0, 1, 1.5])
        #expect(objects.map { $0["end"] as? Double } == [1.5, 2.5, 3])
        #expect(objects.allSatisfy { $0["clip"] as? String == "a" && $0["framesUsed"] as? Int == 4 })
        // The frames of the last window, as a clip.
        let clip = try folder.write("3,1\n4,1\n5,1\n6,1\n", to: "last.csv")
        let whole = try object(try #require(Executable.run("predict", "--json", "--model", model, clip).lines.first))
        let last = try #require(objects.last)
        #expect(last["probabilities"] as? [String: Double] == whole["probabilities"] as? [String: Double])
        #expect(last["label"] as? String == whole["label"] as? String)
    }

    @Test("Another clip begins a stream of its own; smoothing shows the window's own probabilities, too")
    func clips() throws {
        let input = [line(9, 0), line(9, 0), line(0, 9), line(0, 9, clip: "b"), line(0, 9, clip: "b")].joined()
        let run = try Executable.run(
            "stream", "--model", model, "--hop", "1", "--minimum-frames", "2", "--smoothing", "0.5", "-", input: input)
        #expect(run.code == 0)
        let objects = try run.lines.map(object)
        #expect(objects.map { "\($0["clip"] ?? "") \($0["index"] ?? "")" } == ["a 0", "a 1", "b 0"])
        let probabilities = objects.map { $0["probabilities"] as? [String: Double] }
        let windows = objects.map { $0["window"] as? [String: Double] }
        #expect(probabilities[0] == windows[0])
        #expect(probabilities[2] == windows[2], "nothing of the clip before")
        for (label, smoothed) in try #require(probabilities[1]) {
            let expected = 0.5 * ((windows[0]?[label] ?? 0) + (windows[1]?[label] ?? 0))
            #expect(abs(smoothed - expected) < 1e-7)
        }
        #expect(probabilities[1] != windows[1])
    }

    @Test("Clip files go through frame by frame; a short one gives one prediction, as predict does")
    func files() throws {
        let short = try folder.write("4,0\n4,0\n", to: "short.csv")
        let run = try Executable.run("stream", "--model", model, short)
        #expect(run.code == 0)
        let found = try object(try #require(run.lines.first))
        #expect(run.lines.count == 1)
        #expect(found["clip"] as? String == "short.csv")
        #expect(found["frames"] as? [Int] == [0, 1])
        let whole = try object(try #require(Executable.run("predict", "--json", "--model", model, short).lines.first))
        #expect(found["probabilities"] as? [String: Double] == whole["probabilities"] as? [String: Double])
        let lines = try folder.write("{\"features\":[1,2]}\n{\"features\":null}\n", to: "lines.jsonl")
        let named = try Executable.run("stream", "--model", model, lines)
        #expect(try object(try #require(named.lines.first))["clip"] as? String == "lines.jsonl")
    }

    @Test(
        "A wrong line ends the stream with one message that names it, after what was good",
        arguments: [
            ("{\"features\":[1,2]", "line 6, column 18"), ("{\"features\":[1,2,3]}", "frame 4"),
            ("{\"features\":[1,NaN]}", "frame 4"), ("{\"landmarks\":[[1,2]]}", "line 6"), ("{\"time\":3}", "line 6"),
            ("{\"features\":[1,2],\"time\":\"x\"}", "line 6"), ("[[[[[[[[[[1]]]]]]]]]]", "line 6"),
        ])
    func malformed(line wrong: String, place: String) throws {
        // An empty line counts as a line.
        let good = (0..<4).map { _ in "{\"features\":[1,2]}\n" }.joined(separator: "") + "\n"
        let run = try Executable.run("stream", "--model", model, "--hop", "1", "-", input: good + wrong + "\n")
        #expect(run.isOneLineFailure)
        #expect(run.errors.contains(place), "\(run.errors)")
        #expect(run.lines.count == 1)
    }

    @Test("Frames out of order, no frame at all and options out of range are refused in one line")
    func refusals() throws {
        let unordered = "{\"frame\":2,\"features\":[1,2]}\n{\"frame\":2,\"features\":[1,2]}\n"
        let runs = [
            try Executable.run("stream", "--model", model, "-", input: unordered),
            try Executable.run("stream", "--model", model, "-", input: ""),
            try Executable.run("stream", "--model", model, "-", "-"),
            try Executable.run("stream", "--model", model, "--hop", "0", "-"),
            try Executable.run("stream", "--model", model, "--window", "0", "-"),
            try Executable.run("stream", "--model", model, "--smoothing", "1", "-"),
            try Executable.run("stream", "--model", model, "--minimum-frames", "5", "-", input: line(1, 2)),
        ]
        #expect(runs.allSatisfy { $0.isOneLineFailure })
        #expect(runs.map(\.code) == [1, 1, 64, 64, 64, 64, 1])
    }

    @Test("A prediction is there before the pipe that it comes from has ended")
    func live() throws {
        let process = Process()
        process.executableURL = Executable.url
        process.arguments = ["stream", "--model", model, "-"]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        defer { process.terminate() }
        for _ in 0..<4 { try input.fileHandleForWriting.write(contentsOf: Data(line(1, 2).utf8)) }
        var found = Data()
        while !found.contains(0x0A) {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            found += data
        }
        #expect(try object(String(decoding: found, as: UTF8.self))["frames"] as? [Int] == [0, 3])
        #expect(process.isRunning)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
