import Foundation
import Testing

@Suite("emotionformer predict")
struct PredictCommandTests {
    private let folder: TemporaryFolder
    private let model: String
    private let clip: String

    init() throws {
        folder = try TemporaryFolder()
        model = try SmallPackage.write(to: folder)
        clip = try folder.write("1,5\n1,5\n1,5\n1,5\n", to: "clip.csv")
    }

    @Test("JSON has the clip, its index, the label, probabilities by name and logits")
    func json() throws {
        let run = try Executable.run("predict", "--json", "--model", model, clip)
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        #expect(run.lines.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(object["clip"] as? String == "clip.csv")
        #expect(object["index"] as? Int == 0)
        #expect(object["label"] as? String == "Sad")
        #expect(object["logits"] as? [Double] == [1, 5, 6])
        #expect(object["frames"] as? Int == 4)
        #expect(object["framesUsed"] as? Int == 4)
        let probabilities = try #require(object["probabilities"] as? [String: Double])
        #expect(Set(probabilities.keys) == ["Angry", "Happy, too", "Sad"])
        #expect(abs((probabilities["Sad"] ?? 0) - 0.7274752) < 1e-6)
        // In the labels' order, which a parsed object does not show.
        let order = ["Angry", "Happy, too", "Sad"].map { run.output.range(of: "\"\($0)\":")?.lowerBound }
        #expect(order.allSatisfy { $0 != nil } && order.compactMap { $0 }.sorted() == order.compactMap { $0 })
    }

    @Test("Printed probabilities read back as the same 32-bit floats, and sum to one")
    func digits() throws {
        let run = try Executable.run("predict", "--csv", "--model", model, clip)
        #expect(run.lines.first == "clip,index,start_frame,end_frame,label,Angry,\"Happy, too\",Sad")
        let numbers = try #require(run.lines.last).split(separator: ",").suffix(3).compactMap { Float($0) }
        #expect(numbers.count == 3)
        #expect(abs(numbers.reduce(0, +) - 1) < 1e-6)
        #expect(numbers.map { "\($0)" } == run.lines.last?.split(separator: ",").suffix(3).map(String.init))
    }

    @Test("A file of several clips is as many predictions, and several files follow each other")
    func severalClips() throws {
        let frames = "{\"clip\":\"a\",\"features\":[9,0]}\n{\"clip\":\"b\",\"features\":[0,9]}\n"
        let two = try folder.write(frames, to: "two.jsonl")
        let run = try Executable.run("predict", "--json", "--model", model, two, clip)
        #expect(run.code == 0)
        #expect(run.errors.isEmpty, "no progress bar in a pipe")
        #expect(run.lines.count == 3)
        let found = try run.lines.map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            return "\(object["clip"] ?? "") \(object["index"] ?? "") \(object["name"] ?? "")"
        }
        #expect(found == ["two.jsonl 0 a", "two.jsonl 1 b", "clip.csv 0 "])
    }

    @Test("JSON names the most probable labels, as many as asked for", arguments: [(1, 1), (2, 2), (3, 3), (9, 3)])
    func top(count: Int, expected: Int) throws {
        let run = try Executable.run("predict", "--json", "--top", "\(count)", "--model", model, clip)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(object["top"] as? [String] == Array(["Sad", "Happy, too", "Angry"].prefix(expected)))
    }

    @Test("A clip's name comes back from JSON whatever it holds")
    func names() throws {
        let name = String(String.UnicodeScalarView((1...0x2F).compactMap(Unicode.Scalar.init))) + "\"\\é😀\u{7F}"
        let line = try JSONSerialization.data(withJSONObject: ["clip": name, "features": [1, 5]])
        let named = try folder.write(String(decoding: line, as: UTF8.self), to: "named.jsonl")
        let run = try Executable.run("predict", "--json", "--model", model, named)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.lines.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(object["name"] as? String == name)
    }

    @Test("Standard input is a clip file")
    func standardInput() throws {
        let run = try Executable.run(
            "predict", "--json", "--model", model, "--input-format", "jsonl", "-", input: "[1,5]\n[1,5]\n")
        #expect(run.code == 0)
        #expect(run.output.contains("\"clip\":\"-\""))
        #expect(run.output.contains("\"logits\":[0.5,2.5,3.0]"))
    }

    @Test("People see the label, a bar for each probability, the frames and the time")
    func table() throws {
        let run = try Executable.run("predict", "--model", model, clip)
        #expect(run.code == 0)
        #expect(run.lines.first == "clip.csv: Sad")
        #expect(run.lines.count == 6)
        #expect(run.lines[5] == "model: small")
        #expect(run.lines[3].contains(" 72.7 %  █████"))
        #expect(run.lines[4].hasPrefix("  4 of 4 frames used, "))
        #expect(run.lines[4].hasSuffix(" ms"))
        let top = try Executable.run("predict", "--top", "1", "--model", model, clip)
        #expect(top.lines.count == 4)
        #expect(top.lines[1].hasPrefix("  Sad "))
    }

    @Test("A model without labels names them class0, class1, …")
    func withoutLabels() throws {
        let unnamed = try SmallPackage.write(to: folder, name: "unnamed", labels: nil)
        let run = try Executable.run("predict", "--json", "--model", unnamed, clip)
        #expect(run.output.contains("\"label\":\"class2\",\"probabilities\":{\"class0\":"))
    }

    @Test("Thread counts change nothing but the time")
    func threads() throws {
        let one = try Executable.run("predict", "--json", "--threads", "1", "--model", model, clip)
        let three = try Executable.run("predict", "--json", "--threads", "3", "--model", model, clip)
        #expect(one.code == 0)
        #expect(one.output == three.output)
    }

    @Test(
        "Every instruction set is chosen by the environment; an unknown one is an error",
        arguments: ["portable", "vax"])
    func instructionSet(name: String) throws {
        let arguments = ["predict", "--json", "--model", model, clip]
        let run = try Executable.run(arguments, environment: ["EMOTIONFORMER_KERNELS": name])
        #expect((run.code == 0) == (name == "portable"))
        #expect(run.isOneLineFailure == (name == "vax"), "\(run.errors)")
        let threads = try Executable.run(arguments + ["--threads", "3"], environment: ["EMOTIONFORMER_KERNELS": name])
        #expect(threads.output == run.output)
    }

    @Test("A failure before the first result leaves standard output empty")
    func noHeader() throws {
        let run = try Executable.run("predict", "--csv", "--model", model, try folder.write("1,2,3\n", to: "wide.csv"))
        #expect(run.code == 1)
        #expect(run.output.isEmpty)
    }

    @Test(
        "Bad input is one line on standard error and code 1",
        arguments: [
            ("nan.csv", "1,2\n3,nan\n", "--missing-value"), ("cell.csv", "1,2\n3,x\n", "line 2, column 2"),
            ("empty.csv", "", "the file has no rows"), ("wide.csv", "1,2,3\n", "(found 3, expected 2)"),
            ("short.npy", "\u{93}NUMPY", "not a NumPy array"), ("clip.txt", "1,2\n", "does not say its format"),
            ("broken.npz", "PK", "not a zip archive"), ("deep.jsonl", "[[[[[[[[[[[[", "line 1"),
        ])
    func badInput(name: String, text: String, message: String) throws {
        let run = try Executable.run("predict", "--model", model, try folder.write(text, to: name))
        #expect(run.code == 1)
        #expect(run.isOneLineFailure, "\(run.errors)")
        #expect(run.errors.contains(message), "\(run.errors)")
        #expect(run.errors.contains(name))
        #expect(run.output.isEmpty)
    }

    @Test("--missing-value takes a NaN in a frame that has other values, as zero or as it is")
    func missingValue() throws {
        let partial = try folder.write("nan,5\n1,5\n1,5\n1,5\n", to: "partial.csv")
        let zeros = try Executable.run(
            "predict", "--json", "--model", model, "--missing-value", "zeros", partial)
        #expect(zeros.output.contains("\"logits\":[0.75,5"), "\(zeros.output)")
        // This model computes with NaN, and says so.
        let kept = try Executable.run("predict", "--model", model, "--missing-value", "keep", partial)
        #expect(kept.isOneLineFailure && kept.errors.contains("not a finite number"), "\(kept.errors)")
        let refused = try Executable.run("predict", "--model", model, partial)
        #expect(refused.isOneLineFailure && refused.errors.contains("frame 0, feature 0"), "\(refused.errors)")
        let unknown = try Executable.run("predict", "--model", model, "--missing-value", "guess", partial)
        #expect(unknown.code == 64)
    }

    @Test("A missing clip, a missing model and a folder without manifest are one line and code 1")
    func missingFiles() throws {
        for arguments in [
            ["predict", "--model", model, "/nonexistent/clip.npy"], ["predict", "--model", "/nonexistent", clip],
            ["predict", "--model", folder.url.path, clip], ["predict", "--model", clip, clip],
            ["predict", "--model", try folder.write("....TFL3....", to: "broken.tflite"), clip],
            ["inspect", "/nonexistent"], ["verify", folder.url.path],
        ] {
            let run = try Executable.run(arguments)
            #expect(run.code == 1)
            #expect(run.isOneLineFailure, "\(run.errors)")
        }
    }

    @Test("The six real clips give the bundled model's probabilities, end to end")
    func realClips() throws {
        let clips = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/cremad")
        let names = try FileManager.default.contentsOfDirectory(atPath: clips.path).filter { $0.hasSuffix(".npy") }
            .sorted()
        #expect(names.count == 6)
        let run = try Executable.run(["predict", "--json"] + names, in: clips)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.lines.count == 6)
        for (line, name) in zip(run.lines, names) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object["clip"] as? String == name)
            let probabilities = try #require(object["probabilities"] as? [String: Double])
            #expect(Set(probabilities.keys) == ["Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad"])
            #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-5)
            #expect(object["frames"] as? Int == object["framesUsed"] as? Int)
        }
        let table = try Executable.run(["predict", names[0]], in: clips)
        #expect(table.lines.first?.hasSuffix(" (synthetic weights)") == true)
        #expect(table.lines.last?.contains("trained on generated faces") == true)
    }

    @Test("What is printed before a failure stays")
    func partial() throws {
        let run = try Executable.run("predict", "--json", "--model", model, clip, "/nonexistent/clip.npy")
        #expect(run.code == 1)
        #expect(run.isOneLineFailure)
        #expect(run.lines.count == 1)
    }
}
