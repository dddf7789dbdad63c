import Foundation
import Testing

@Suite("emotionformer evaluate")
struct EvaluateCommandTests {
    private let folder: TemporaryFolder
    private let model: String
    private let dataset: URL

    /// Six clips, of which the small model gives four their label: the class of the larger mean, or the last for both.
    init() throws {
        folder = try TemporaryFolder()
        model = try SmallPackage.write(to: folder)
        dataset = folder.url.appendingPathComponent("dataset")
        let clips = dataset.appendingPathComponent("clips")
        try FileManager.default.createDirectory(at: clips, withIntermediateDirectories: true)
        // Of features (a, b) the logits are a, b and a + b.
        for (name, frame) in [("a", "4,-1"), ("b", "-1,4"), ("c", "2,2"), ("d", "3,-2"), ("e", "-3,1"), ("f", "1,1")] {
            try Data("\(frame)\n\(frame)\n".utf8).write(to: clips.appendingPathComponent("\(name).csv"))
        }
        try table(["a,Angry", "b,\"Happy, too\"", "c,SAD", "d,Angry", "e,Sad", "f,Angry"])
    }

    private func table(_ rows: [String], header: String = "clip,label,split,subject") throws {
        let lines = rows.enumerated().map {
            "clips/\($1.replacing(",", with: ".csv,", maxReplacements: 1)),\($0 < 4 ? "train" : "test"),7"
        }
        try Data(([header] + lines).joined(separator: "\r\n").utf8)
            .write(to: dataset.appendingPathComponent("labels.csv"))
    }

    private func evaluate(_ options: String...) throws -> Executable.Outcome {
        try Executable.run(["evaluate", dataset.path, "--model", model] + options)
    }

    private func measures(_ options: String...) throws -> [String: Any] {
        let run = try Executable.run(["evaluate", dataset.path, "--json", "--model", model] + options)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.lines.count == 1)
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    @Test("The text has scikit-learn's report; upper and lower case of labels do not count")
    func text() throws {
        let run = try evaluate()
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.isEmpty, "no progress bar in a pipe")
        // sklearn.metrics.classification_report for truths A H S A S A and predictions A H S A H S.
        let report = """
                          precision    recall  f1-score   support

                   Angry       1.00      0.67      0.80         3
              Happy, too       0.50      1.00      0.67         1
                     Sad       0.50      0.50      0.50         2

                accuracy                           0.67         6
               macro avg       0.67      0.72      0.66         6
            weighted avg       0.75      0.67      0.68         6
            """
        #expect(run.output.contains(report), "\(run.output)")
    }

    @Test("The JSON has measures, curves, calibration and every prediction; threads change nothing")
    func json() throws {
        let object = try measures("--threads", "1")
        #expect(object["clips"] as? Int == 6)
        #expect(object["confusion"] as? [[Int]] == [[2, 0, 1], [0, 1, 0], [0, 1, 1]])
        #expect(
            (object["predictions"] as? [[String: Any]])?.map { $0["clip"] as? String }
                == ["a", "b", "c", "d", "e", "f"].map { "clips/\($0).csv" })
        let classes = try #require(object["classes"] as? [String: [String: Any]])
        #expect(classes["Angry"]?["auc"] as? Double != nil)
        #expect(((classes["Angry"]?["roc"] as? [String: Any])?["truePositiveRates"] as? [Double])?.last == 1)
        #expect((object["calibration"] as? [String: Any])?["expectedError"] as? Double != nil)
        #expect(try measures("--threads", "3") as NSDictionary == object as NSDictionary)
    }

    @Test("--split takes the rows of one split; a class without clips has no curve")
    func split() throws {
        let object = try measures("--split", "test")
        #expect(object["clips"] as? Int == 2)
        let classes = try #require(object["classes"] as? [String: [String: Any]])
        #expect(classes["Happy, too"]?["auc"] is NSNull)
        let missing = try evaluate("--split", "validation")
        #expect(missing.code == 1)
        #expect(missing.isOneLineFailure)
        #expect(missing.errors.contains("validation"))
    }

    @Test("Folders named after classes, and a file whose clips state their emotion, give the same as a table")
    func forms() throws {
        let sorted = folder.url.appendingPathComponent("sorted")
        for (name, label) in [
            ("a", "Angry"), ("d", "Angry"), ("f", "Angry"), ("b", "Happy, too"), ("c", "Sad"), ("e", "Sad"),
        ] {
            let place = sorted.appendingPathComponent(label)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: dataset.appendingPathComponent("clips/\(name).csv"), to: place.appendingPathComponent("\(name).csv")
            )
        }
        try Data("not a clip".utf8).write(to: sorted.appendingPathComponent("Angry/notes.txt"))
        let lines = try evaluate().lines.dropFirst()
        let folders = try Executable.run("evaluate", sorted.path, "--model", model)
        #expect(folders.code == 0, "\(folders.errors)")
        #expect(folders.lines.dropFirst() == lines)
        let rows = [
            ("a", "4,-1", "Angry"), ("b", "-1,4", "\"Happy, too\""), ("c", "2,2", "Sad"), ("d", "3,-2", "Angry"),
            ("e", "-3,1", "Sad"), ("f", "1,1", "Angry"),
        ]
        .flatMap { row in (0..<2).map { "\(row.0),\($0),\(row.2),\(row.1)" } }
        let file = try folder.write(
            (["video_filename,frame_num,emotion,f_0,f_1"] + rows).joined(separator: "\n"), to: "frames.csv")
        let single = try Executable.run("evaluate", file, "--model", model)
        #expect(single.code == 0, "\(single.errors)")
        #expect(single.lines.dropFirst() == lines)
    }

    @Test("A bad clip ends with one line, or is named and passed over")
    func badClips() throws {
        try Data("1,x\n".utf8).write(to: dataset.appendingPathComponent("clips/c.csv"))
        let strict = try evaluate()
        #expect(strict.code == 1)
        #expect(strict.isOneLineFailure, "\(strict.errors)")
        #expect(strict.errors.contains("clips/c.csv"))
        #expect(strict.output.isEmpty)
        let lenient = try evaluate("--skip-bad")
        #expect(lenient.code == 0)
        #expect(lenient.errors.hasPrefix("emotionformer: skipped: "))
        #expect(lenient.errors.filter(\.isNewline).count == 1)
        #expect(lenient.lines.first?.hasSuffix("(5 clips, 1 files skipped)") == true)
        try FileManager.default.removeItem(at: dataset.appendingPathComponent("clips"))
        let nothing = try evaluate("--skip-bad")
        #expect(nothing.code == 1)
        #expect(nothing.errors.hasSuffix("no clip is left to evaluate\n"))
    }

    @Test(
        "A dataset that is none, or of other classes, is told in one line",
        arguments: [
            (["a,Angry", "b,Surprise"], "clip,label,split,subject", ["Surprise", "Happy, too"]),
            (["a,Angry"], "file,label,split,subject", ["'clip'"]),
            (["a,Angry"], "clip,emotion,split,subject", ["'label'"]),
            (["a,Angry,more"], "clip,label,split,subject", ["line 2", "found 5"]),
            (["../../etc/a,Angry"], "clip,label,split,subject", ["line 2", "folder"]),
            (["a,"], "clip,label,split,subject", ["line 2", "empty"]), ([], "clip,label,split,subject", ["no clips"]),
        ] as [([String], String, [String])])
    func wrongTables(rows: [String], header: String, words: [String]) throws {
        try table(rows, header: header)
        let run = try evaluate("--skip-bad")
        #expect(run.code == 1)
        #expect(run.isOneLineFailure, "\(run.errors)")
        for word in words { #expect(run.errors.contains(word), "\(run.errors)") }
    }

    @Test("No dataset, an empty folder, and a page that cannot be written are told before anything is computed")
    func wrongPaths() throws {
        let empty = folder.url.appendingPathComponent("empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        for arguments in [
            ["/nonexistent"], [empty.path], [dataset.path, "--report", folder.url.path],
            [dataset.path, "--report", "/nonexistent/page.html"], [empty.path, "--split", "test"],
        ] {
            let run = try Executable.run(["evaluate", "--model", model] + arguments)
            #expect(run.code == 1)
            #expect(run.isOneLineFailure, "\(run.errors)")
        }
    }

    @Test("Upper and lower case count where labels differ in nothing else")
    func ambiguousLabels() throws {
        let named = try SmallPackage.write(to: folder, name: "cases", labels: ["sad", "SAD", "Happy"])
        try Data("clip,label\nclips/a.csv,sad\nclips/b.csv,SAD\nclips/c.csv,happy\n".utf8)
            .write(to: dataset.appendingPathComponent("labels.csv"))
        let run = try Executable.run("evaluate", dataset.path, "--json", "--model", named)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.contains("\"confusion\":[[1,0,0],[0,1,0],[0,0,1]]"), "\(run.output)")
        try Data("clip,label\nclips/a.csv,Sad\n".utf8).write(to: dataset.appendingPathComponent("labels.csv"))
        let ambiguous = try Executable.run("evaluate", dataset.path, "--model", named)
        #expect(ambiguous.code == 1)
        #expect(ambiguous.isOneLineFailure, "\(ambiguous.errors)")
        #expect(ambiguous.errors.contains("no such label"))
    }

    @Test("The page has the measures, needs no network, and shows names as they are")
    func page() throws {
        let hostile = "<script>alert(1)</script>&\"'.csv"
        try FileManager.default.createDirectory(
            at: dataset.appendingPathComponent("clips/<script>alert(1)<"), withIntermediateDirectories: true)
        try Data("9,-9\n".utf8).write(to: dataset.appendingPathComponent("clips/" + hostile))
        try Data("clip,label\n\"clips/\(hostile.replacing("\"", with: "\"\""))\",Sad\nclips/a.csv,Angry\n".utf8)
            .write(to: dataset.appendingPathComponent("labels.csv"))
        let file = folder.url.appendingPathComponent("page.html")
        let run = try evaluate("--report", file.path)
        #expect(run.code == 0, "\(run.errors)")
        let html = try String(contentsOf: file, encoding: .utf8)
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;.csv"))
        #expect(!html.contains("<script>"))
        PageChecks.needsNoNetwork(html)
        for word in ["Confusion matrix", "ROC curves", "Calibration", "Surest mistakes", "50.0 %"] {
            #expect(html.contains(word))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3)
    }
}

/// What holds for every page.
enum PageChecks {
    static func needsNoNetwork(_ html: String) {
        #expect(html.contains("Content-Security-Policy\" content=\"default-src 'none';"))
        #expect(!html.contains("unsafe-inline"))
        for word in ["http:", "https:", " src=", "@import", "url("] { #expect(!html.contains(word), "\(word)") }
        #expect(html.hasPrefix("<!doctype html>"))
        #expect(html.hasSuffix("</html>\n"))
    }
}
