import Foundation
import Testing

/// Models that end in logits, a log-softmax, a tanh or a regression: every way of showing a prediction.
@Suite("Outputs that are not probabilities")
struct OutputTests {
    private let folder: TemporaryFolder
    private let model: String

    init() throws {
        folder = try TemporaryFolder()
        model = try SmallPackage.write(to: folder, isOpen: true, hasSoftmax: false)
    }

    /// One frame, whose outputs are a, b and a + b.
    private static let frames = [
        "-0.2,0.3", "-0.2,1.2", "1e6,-1e6", "1e38,-1e38", "-1e38,1e38", "1e38,1e-45", "-1e19,1e19", "9.3e18,1",
        "0.2,0.2", "0,0",
        "-1e-45,0", "-7,-8", "1.5,1.25",
    ]

    private func run(_ arguments: String...) throws -> Executable.Outcome {
        let run = try Executable.run(arguments + ["--model", model])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.utf8.count < 20_000, "no more than a few lines")
        return run
    }

    private func objects(_ run: Executable.Outcome) throws -> [[String: Any]] {
        try run.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    @Test("They are shown as the numbers that they are, with a note, and never as percents or bars", arguments: frames)
    func shown(frame: String) throws {
        let clip = try folder.write("\(frame)\n\(frame)\n\(frame)\n", to: "clip.csv")
        for options in [[], ["--top", "2"], ["--window", "2"]] {
            let table = try Executable.run(["predict", clip, "--model", model] + options)
            #expect(table.code == 0, "\(table.errors)")
            #expect(table.output.contains("these are not probabilities: the output"), "\(table.output)")
            #expect(!table.output.contains("%") && !table.output.contains("█"))
        }
        let number = try #require(Float(frame.split(separator: ",")[0]))
        let objects = try objects(run("predict", "--json", clip))
        #expect(objects[0]["probabilities"] == nil)
        let first = try #require((objects[0]["values"] as? [String: Double])?["Angry"])
        #expect(abs(Float(first) - number) <= max(abs(number) * 1e-6, 1e-37))
        let table = try run("predict", "--csv", clip)
        #expect(table.lines.count == 2)
        #expect(table.errors.hasPrefix("emotionformer: note: these are not probabilities"))
        let stream = try self.objects(run("stream", "--window", "2", "--hop", "1", "--smoothing", "0.5", clip))
        #expect(stream.count == 2 && stream.allSatisfy { $0["probabilities"] == nil && $0["values"] is [String: Any] })
    }

    @Test("Pages show numbers without bars and percents of them, and say so", arguments: frames)
    func pages(frame: String) throws {
        let clip = try folder.write("\(frame)\n0,0\n\(frame)\n", to: "clip.csv")
        let page = folder.url.appendingPathComponent("page.html")
        for arguments in [
            ["predict", "--report", page.path, clip], ["predict", "--report", page.path, "--window", "1", clip],
            ["stream", "--window", "1", "--hop", "1", "--report", page.path, clip],
        ] {
            let run = try Executable.run(arguments + ["--model", model])
            #expect(run.code == 0, "\(run.errors)")
            let html = try String(contentsOf: page, encoding: .utf8)
            #expect(html.utf8.count < 100_000)
            #expect(html.contains("The model's outputs are not probabilities"))
            #expect(!html.contains("%</b>") && !html.contains("class=\"fill") && !html.contains(" % <span"))
            #expect(!html.contains("nan") && !html.contains("inf,") && !html.contains("\"inf"))
            let start = try #require(html.range(of: "id=\"data\">")?.upperBound)
            let end = try #require(html.range(of: "</script>", range: start..<html.endIndex)?.lowerBound)
            let data = try #require(
                try JSONSerialization.jsonObject(with: Data(html[start..<end].utf8)) as? [String: Any])
            #expect(data["areProbabilities"] as? Bool == false)
            #expect((data["points"] as? [[Double]])?.isEmpty == false)
        }
    }

    @Test("evaluate leaves losses and calibration out, says why, and counts labels as before", arguments: frames)
    func evaluation(frame: String) throws {
        let dataset = folder.url.appendingPathComponent("dataset")
        for (label, line) in [("Angry", "2,-1"), ("Sad", frame)] {
            let place = dataset.appendingPathComponent(label)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try Data("\(line)\n".utf8).write(to: place.appendingPathComponent("a.csv"))
        }
        let page = folder.url.appendingPathComponent("page.html")
        let text = try run("evaluate", dataset.path, "--report", page.path)
        #expect(
            text.output.contains(
                "Loss, log loss and calibration are left out: the model's outputs are not probabilities"))
        #expect(!text.output.contains("log loss   ") && !text.output.contains("calibration error"))
        #expect(text.output.contains("accuracy"))
        let html = try String(contentsOf: page, encoding: .utf8)
        #expect(html.contains("are left out: the model"))
        #expect(!html.contains("<h2>Calibration") && !html.contains("<dt>Loss") && !html.contains("nan"))
        let object = try objects(run("evaluate", dataset.path, "--json"))[0]
        #expect(object["loss"] is NSNull && object["logLoss"] is NSNull && object["calibration"] is NSNull)
        #expect((object["note"] as? String)?.contains("Angry/a.csv: the output for Angry is 2.0") == true)
    }

    @Test("Probabilities keep their bars, percents and losses: the control")
    func control() throws {
        let softmax = try SmallPackage.write(to: folder, name: "softmax")
        let clip = try folder.write("-1e38,3\n", to: "clip.csv")
        let run = try Executable.run("predict", clip, "--model", softmax)
        #expect(run.output.contains(" % ") && run.output.contains("█") && !run.output.contains("not probabilities"))
        #expect(try !Executable.run("predict", "--json", clip, "--model", softmax).output.contains("\"values\""))
    }
}
