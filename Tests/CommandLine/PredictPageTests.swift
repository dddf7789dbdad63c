import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat
import Foundation
import Testing

@Suite("emotionformer predict: pages and windows")
struct PredictPageTests {
    private static let cremad = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/cremad")
    private let folder: TemporaryFolder
    private let model: String
    private let clip: String

    init() throws {
        folder = try TemporaryFolder()
        model = try SmallPackage.write(to: folder)
        // The third of five frames has no face.
        clip = try folder.write("1,0\n2,0\nnan,nan\n0,3\n0,4\n", to: "clip.csv")
    }

    @Test("A window is predicted as a clip of its frames, and a row says which frames")
    func windows() throws {
        let run = try Executable.run(["predict", "--csv", "--window", "2", "--hop", "1", "--model", model, clip])
        #expect(run.code == 0, "\(run.errors)")
        #expect(
            run.lines.dropFirst().map { $0.split(separator: ",").prefix(4).joined(separator: ",") } == [
                "clip.csv,0,0,2", "clip.csv,0,1,3", "clip.csv,0,2,4", "clip.csv,0,3,5",
            ])
        let part = try folder.write("0,3\n0,4\n", to: "part.csv")
        let whole = try Executable.run(["predict", "--csv", "--model", model, part])
        #expect(whole.lines.last?.split(separator: ",").suffix(3) == run.lines.last?.split(separator: ",").suffix(3))
        #expect(whole.lines.last?.hasPrefix("part.csv,0,0,2,") == true)
    }

    @Test("Half a window is the step, the last window ends with the clip, windows without a face are left out")
    func steps() throws {
        func starts(_ options: String...) throws -> [[Int]] {
            let run = try Executable.run(["predict", "--json", "--model", model, clip] + options)
            #expect(run.code == 0, "\(run.errors)")
            return try run.lines.map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return [object?["startFrame"] as? Int ?? -1, object?["endFrame"] as? Int ?? -1]
            }
        }
        #expect(try starts("--window", "4") == [[0, 4], [1, 5]])
        #expect(try starts("--window", "9") == [[0, 5]])
        #expect(try starts("--window", "2") == [[0, 2], [1, 3], [2, 4], [3, 5]])
        #expect(try starts("--window", "1") == [[0, 1], [1, 2], [3, 4], [4, 5]])
        for options in [
            ["--window", "0"], ["--hop", "1"], ["--window", "2", "--hop", "0"], ["--report", "x", clip],
        ] {
            let run = try Executable.run(["predict", "--model", model, clip] + options)
            #expect(run.code == 64)
            #expect(run.isOneLineFailure, "\(run.errors)")
        }
    }

    @Test("Of nine labels no two look the same")
    func colors() throws {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, 2, 9])],
            outputs: ["probabilities"],
            nodes: [
                Node(
                    .reduceMean, name: "mean", inputs: ["clip"], outputs: ["means"],
                    attributes: ["axes": .integers([1])]),
                Node(.softmax, name: "softmax", inputs: ["means"], outputs: ["probabilities"]),
            ])
        let package = try ModelPackage(
            name: "nine", producer: .init(tool: "tests", version: "1"),
            input: InputDescription(frames: 2, features: 9, layout: .raw), labels: (1...9).map { "label \($0)" },
            program: Program(graphs: [graph], tensors: [:]),
            outputs: ModelPackage.Classes(probabilities: "probabilities"))
        let path = folder.url.appendingPathComponent("nine").path
        try package.write(to: path)
        let page = folder.url.appendingPathComponent("nine.html")
        let rows = (0..<2).map { row in (0..<9).map { "\($0 + row)" }.joined(separator: ",") }
        let run = try Executable.run(
            "predict", "--report", page.path, "--model", path,
            try folder.write(rows.joined(separator: "\n"), to: "nine.csv"))
        #expect(run.code == 0, "\(run.errors)")
        let html = try String(contentsOf: page, encoding: .utf8)
        let looks = (0..<9).map { "class=\"fill c\($0 % 8)\($0 < 8 ? "" : " dashed")\"" }
        #expect(Set(looks).count == 9)
        for look in looks { #expect(html.components(separatedBy: look).count == 2, "\(look)") }
    }

    @Test("Features that are not landmarks have a page without a face, and the page says so")
    func rawFeatures() throws {
        let page = folder.url.appendingPathComponent("<b>.html")
        let named = try folder.write("1,0\n2,0\n", to: "<img src=x>.csv")
        let run = try Executable.run("predict", "--report", page.path, "--model", model, named)
        #expect(run.code == 0, "\(run.errors)")
        let html = try String(contentsOf: page, encoding: .utf8)
        PageChecks.needsNoNetwork(html.replacing("&lt;img src=x&gt;", with: ""))
        #expect(html.contains("No face can be drawn"))
        #expect(html.contains("&lt;img src=x&gt;.csv"))
        #expect(html.contains("no attention layers"))
        #expect(html.contains("comes without training statistics"))
        #expect(html.contains("The clip grows"))
        let windows = try Executable.run(
            "predict", "--report", page.path, "--window", "1", "--hop", "1", "--model", model, clip)
        #expect(windows.code == 0)
        #expect(try String(contentsOf: page, encoding: .utf8).contains("the last 1 frames"))
    }

    @Test("A clip in another order, in pixels, or normalized twice is told so")
    func wrongInput() throws {
        let good = try Self.frames("1001_DFA_NEU.facelandmarker.npy")
        func verdict(_ frames: [[Float]]) throws -> String {
            let text = frames.map { $0.map { "\($0)" }.joined(separator: ",") }.joined(separator: "\n")
            let page = folder.url.appendingPathComponent("page.html")
            let run = try Executable.run(
                "predict", "--report", page.path, "--hop", "9", try folder.write(text, to: "frames.csv"))
            #expect(run.code == 0, "\(run.errors)")
            let html = try String(contentsOf: page, encoding: .utf8)
            let start = try #require(html.range(of: "<p class=\"verdict ")?.upperBound)
            return String(html[start...].prefix { $0 != "<" })
        }
        #expect(try !verdict(good).hasPrefix("bad"))
        let planar = try verdict(good.map { frame in (0..<1434).map { frame[$0 % 478 * 3 + $0 / 478] } })
        #expect(planar.hasPrefix("bad"))
        #expect(planar.contains("probably stand in that order"))
        #expect(try verdict(good.map { $0.map { ($0 - 0.3) / 0.2 } }).contains("normalized already"))
        #expect(try verdict(good.map { $0.map { $0 * 400 } }).hasPrefix("bad"))
    }

    /// The first frames of a clip, each as 1,434 numbers.
    private static func frames(_ name: String) throws -> [[Float]] {
        let bytes = [UInt8](try Data(contentsOf: cremad.appendingPathComponent(name)))
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        return bytes.withUnsafeBytes { bytes in
            (0..<3).map { frame in
                (0..<1434).map { bytes.loadUnaligned(fromByteOffset: start + (frame * 1434 + $0) * 4, as: Float.self) }
            }
        }
    }

    @Test("A stream becomes a page of its last window and of the probabilities on the way")
    func stream() throws {
        let page = folder.url.appendingPathComponent("page.html")
        let run = try Executable.run(
            "stream", "--window", "2", "--hop", "1", "--report", page.path, "--model", model, clip)
        #expect(run.code == 0, "\(run.errors)")
        #expect(!run.lines.isEmpty)
        let html = try String(contentsOf: page, encoding: .utf8)
        PageChecks.needsNoNetwork(html)
        #expect(html.contains("of the last window"))
        #expect(html.contains("\"frameCount\":5"))
        #expect(html.contains("\"attended\":[3,2]"))
        let several = try Executable.run(
            "stream", "--report", page.path, "--model", model, "-",
            input: "{\"clip\":\"a\",\"features\":[1,2]}\n{\"clip\":\"b\",\"features\":[1,2]}\n")
        #expect(several.code == 1)
        #expect(several.errors.contains("a page is of one clip"))
    }

    @Test("A node's name stays in the page's data, whatever it holds")
    func nodeNames() throws {
        let blocks = Self.cremad.deletingLastPathComponent().appendingPathComponent("attention/blocks.package")
        let model = folder.url.appendingPathComponent("named")
        try FileManager.default.copyItem(at: blocks, to: model)
        let manifest = model.appendingPathComponent("manifest.json")
        var text = try String(contentsOf: manifest, encoding: .utf8)
        let node = try #require(text.range(of: "\"multiHeadAttention\""))
        let name = try #require(
            text.range(of: "\"name\": \"", options: .backwards, range: text.startIndex..<node.lowerBound))
        // A prepending mark makes one character of itself and the sign after it.
        text.insert(
            contentsOf: "\u{600}</script><h1>&\u{1B}[2J\u{600}<!--".replacing("\u{1B}", with: "\\u001b"),
            at: name.upperBound)
        try Data(text.utf8).write(to: manifest)
        let clip = try folder.write("0.1,0.2,0.3,0.4,0.5\n", to: "five.csv")
        let page = folder.url.appendingPathComponent("page.html")
        let run = try Executable.run("predict", "--report", page.path, "--model", model.path, clip)
        #expect(run.code == 0, "\(run.errors)")
        let html = try String(contentsOf: page, encoding: .utf8)
        let start = try #require(html.range(of: "id=\"data\">")?.upperBound)
        let data = html[start...].utf8.prefix { $0 != UInt8(ascii: "<") }
        #expect(!data.contains(UInt8(ascii: ">")) && !data.contains(UInt8(ascii: "&")))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(data)) as? [String: Any])
        let layers = try #require(object["attention"] as? [[String: Any]])
        #expect(
            layers.contains {
                ($0["name"] as? String)?.contains("\\u{600}</script><h1>&\\u{1B}[2J\\u{600}<!--") == true
            })
    }

    @Test("A clip of landmarks has a face, probabilities, attention and statistics")
    func landmarks() throws {
        let page = folder.url.appendingPathComponent("page.html")
        let run = try Executable.run(
            "predict", "--report", page.path, "--hop", "30",
            Self.cremad.appendingPathComponent("1001_DFA_NEU.facelandmarker.npy").path)
        #expect(run.code == 0, "\(run.errors)")
        let html = try String(contentsOf: page, encoding: .utf8)
        PageChecks.needsNoNetwork(html)
        for word in ["id=\"mesh\"", "picture of 4:3", "id=\"strip\"", "Input against the training data", "landmark "] {
            #expect(html.contains(word), "\(word)")
        }
        let start = try #require(html.range(of: "id=\"data\">")?.upperBound)
        let end = try #require(html.range(of: "</script>", range: start..<html.endIndex)?.lowerBound)
        let data = try #require(
            try JSONSerialization.jsonObject(with: Data(html[start..<end].utf8)) as? [String: Any])
        let frames = try #require(data["frameCount"] as? Int)
        let faces = try #require(data["faces"] as? [String: Any])
        #expect(Data(base64Encoded: faces["coordinates"] as? String ?? "")?.count == frames * 478 * 4)
        #expect((data["points"] as? [[Double]])?.last?.first == Double(frames - 1))
        // The bundled model's attention layers, and their mean.
        let layers = try #require(data["attention"] as? [[String: Any]])
        #expect(layers.count == 3)
        for layer in layers {
            let views = try #require(layer["views"] as? [[String: Any]])
            #expect(!views.isEmpty)
            for view in views {
                // The even share is 1, whatever went to padding.
                let received = try #require(view["received"] as? [Double])
                #expect(received.count == frames)
                #expect(abs(received.reduce(0, +) / Double(frames) - 1) < 0.01)
            }
        }
    }
}
