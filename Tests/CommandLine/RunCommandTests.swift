import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat
import Foundation
import Testing

@Suite("emotionformer run, and other commands on models of any inputs")
final class RunCommandTests {
    private let folder: TemporaryFolder
    private let model: String

    /// `sum` adds `a/b` (1, 2) and `b` (1, 2); `counts` doubles the integers `n` (1, any).
    init() throws {
        folder = try TemporaryFolder()
        model = folder.url.appendingPathComponent("model").path
        let graph = Graph(
            name: "main",
            inputs: [
                GraphInput(name: "a", elementType: .float32, extents: [1, 2]),
                GraphInput(name: "b", elementType: .float32, extents: [1, 2]),
                GraphInput(name: "n", elementType: .int32, extents: [1, nil]),
            ], outputs: ["sum", "counts"],
            nodes: [
                Node(.add, name: "sum", inputs: ["a", "b"], outputs: ["sum"]),
                Node(.add, name: "counts", inputs: ["n", "n"], outputs: ["counts"]),
            ])
        try ModelPackage(
            name: "general", producer: .init(tool: "tests", version: "1"),
            inputs: [
                InputSpecification(name: "a/b", value: "a", role: .tensor),
                InputSpecification(name: "b", value: "b", role: .tensor),
                InputSpecification(name: "n", value: "n", role: .tensor),
            ], program: Program(graphs: [graph], tensors: [:]),
            outputs: [
                OutputSpecification(name: "the/sum", value: "sum", kind: .values),
                OutputSpecification(name: "the:sum", value: "counts", kind: .values),
            ]
        ).write(to: model)
    }

    private func npy(_ header: String, _ bytes: [UInt8], _ name: String) throws -> String {
        var text = "{'descr': \(header), }"
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        let start: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(text.utf8.count), 0]
        let file = folder.url.appendingPathComponent(name)
        try Data(start + Array(text.utf8) + bytes).write(to: file)
        return file.path
    }

    private func floats(_ values: [Float], _ shape: String, _ name: String) throws -> String {
        try npy(
            "'<f4', 'fortran_order': False, 'shape': \(shape)", values.withUnsafeBytes { Array($0) }, name)
    }

    private func integers(_ values: [Int64], _ shape: String, _ name: String) throws -> String {
        try npy("'<i8', 'fortran_order': False, 'shape': \(shape)", values.withUnsafeBytes { Array($0) }, name)
    }

    /// An archive with an array that no input is named after.
    private func archive(_ name: String) throws -> String {
        let source = folder.url.appendingPathComponent("clips.npz").path
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../EmotionFormer/Fixtures").standardizedFileURL.path
        let archives = try FileManager.default.subpathsOfDirectory(atPath: fixture).filter { $0.hasSuffix(".npz") }
            .sorted()
        try FileManager.default.copyItem(atPath: "\(fixture)/\(#require(archives.first))", toPath: source)
        return source
    }

    private func result(_ arguments: String...) throws -> Executable.Outcome {
        try Executable.run(["run", model] + arguments)
    }

    /// The payload of a written array, with its header's text.
    private func array(_ path: String) throws -> (header: String, bytes: [UInt8]) {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let length = Int(bytes[8]) | Int(bytes[9]) << 8
        return (String(decoding: bytes[10..<10 + length], as: UTF8.self), Array(bytes[(10 + length)...]))
    }

    @Test("Outputs become arrays under safe names, with an axis of runs where the inputs have one")
    func outputs() throws {
        let target = folder.url.appendingPathComponent("result").path
        let b = try floats([10, 20], "(1, 2)", "b.npy")
        let one = try result(
            "--input", "a/b=\(floats([1, 2], "(2,)", "a.npy"))", "--input", "b=\(b)", "--input",
            "n=\(integers([3, 4, 5], "(3,)", "n.npy"))", "-o", target)
        #expect(one.code == 0, "\(one.errors)")
        let sum = try array(target + "/the_sum.npy")
        #expect(sum.header.contains("'<f4'") && sum.header.contains("(1, 2,)"))
        #expect(sum.bytes == [11, 22].flatMap { (value: Float) in withUnsafeBytes(of: value) { Array($0) } })
        let counts = try array(target + "/the_sum_2.npy")
        #expect(counts.header.contains("'<i4'") && counts.bytes == [6, 0, 0, 0, 8, 0, 0, 0, 10, 0, 0, 0])
        #expect(FileManager.default.fileExists(atPath: target + "/outputs.json"))

        // Two runs; the older result is replaced.
        let two = try result(
            "--input", "a/b=\(floats([1, 2, 3, 4], "(2, 2)", "a2.npy"))", "--input",
            "b=\(floats([10, 20, 30, 40], "(2, 1, 2)", "b2.npy"))", "--input",
            "n=\(integers([1, 2], "(2, 1)", "n2.npy"))",
            "-o", target, "--json")
        #expect(two.code == 0, "\(two.errors)")
        #expect(try array(target + "/the_sum.npy").header.contains("(2, 2,)"))
        let list = try JSONSerialization.jsonObject(with: Data(two.output.utf8)) as? [String: Any]
        let rows = try #require(list?["outputs"] as? [[String: Any]])
        #expect(rows.map { $0["name"] as? String } == ["the/sum", "the:sum"])
        #expect(rows.map { $0["file"] as? String } == ["the_sum.npy", "the_sum_2.npy"])
    }

    @Test("What does not fit is told in one line, and nothing of a user's is replaced")
    func refusals() throws {
        let target = folder.url.appendingPathComponent("result").path
        let a = "a/b=" + (try floats([1, 2], "(2,)", "a.npy"))
        let b = "b=" + (try floats([1, 2], "(2,)", "b.npy"))
        let n = "n=" + (try integers([1], "(1,)", "n.npy"))
        let wide = "n=" + (try integers([1 << 40], "(1,)", "wide.npy"))
        for (arguments, words) in [
            (["--input", a, "--input", b], "an input is missing (expected n=FILE.npy (int32 [1, any]))"),
            (["--input", a, "--input", b, "--input", n, "--input", a], "is given twice"),
            (["--input", "c=x.npy"], "x.npy"), (["--input", String(a.dropFirst(4))], "the file is named for none"),
            (
                ["--input", a, "--input", b, "--input", wide],
                "out of the range of the input's type (found 1099511627776"
            ),
            (
                ["--input", a, "--input", "b=" + (try floats([1, 2, 3], "(3,)", "3.npy")), "--input", n],
                "the array does not fit (found [3], expected float32 [1, 2], or several of them)"
            ),
            (
                ["--input", a, "--input", "b=" + (try floats([1, 2, 3, 4], "(2, 2)", "4.npy")), "--input", n],
                "the files hold different numbers of runs"
            ),
            (
                ["--input", a, "--input", "b=" + (try integers([1, 2], "(2,)", "i.npy")), "--input", n],
                "the elements are of another type (found <i8, expected <f4)"
            ),
            (["--random"], "the model leaves axis 1 open"),
            (["--input", try archive("q.npz")], "the model has no such input"),
        ] as [([String], String)] {
            let failed = try Executable.run(["run", model, "-o", target] + arguments)
            #expect(failed.code == 1 && failed.isOneLineFailure, "\(failed.errors)")
            #expect(failed.errors.contains(words), "\(failed.errors)")
            #expect(!FileManager.default.fileExists(atPath: target))
        }
        let mine = folder.url.appendingPathComponent("mine").path
        try FileManager.default.createDirectory(atPath: mine, withIntermediateDirectories: true)
        for text in ["{\"outputs\": []}", "mine"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: mine + "/outputs.json"))
            #expect(try Executable.run(["run", model, "-o", mine, "--random", "--shape", "n=1,2"]).code == 1)
        }
        let refused = try Executable.run(["run", model, "-o", mine, "--random", "--shape", "n=1,2"])
        #expect(refused.code == 1 && refused.isOneLineFailure)
        #expect(try String(contentsOfFile: mine + "/outputs.json", encoding: .utf8) == "mine")
    }

    @Test("Every number of every output is printed, also without a batch axis, and none that is not finite")
    func withoutBatch() throws {
        let path = folder.url.appendingPathComponent("vector").path
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: [3])],
            outputs: ["root", "double"],
            nodes: [
                Node(.squareRoot, name: "root", inputs: ["x"], outputs: ["root"]),
                Node(.add, name: "double", inputs: ["x", "x"], outputs: ["double"]),
            ])
        try ModelPackage(
            name: "vector", producer: .init(tool: "tests", version: "1"),
            inputs: [InputSpecification(name: "x", value: "x", role: .tensor)],
            program: Program(graphs: [graph], tensors: [:]),
            outputs: [
                OutputSpecification(name: "root", value: "root", kind: .values),
                OutputSpecification(name: "double", value: "double", kind: .values),
            ]
        ).write(to: path)
        let good = try Executable.run([
            "predict", "--model", path, "--json", floats([1, 4, 9], "(3,)", "good.npy"),
        ])
        #expect(good.code == 0, "\(good.errors)")
        #expect(
            good.output.contains("\"outputs\":{\"root\":[1.0,2.0,3.0],\"double\":[2.0,8.0,18.0]}"), "\(good.output)")
        let bad = try Executable.run([
            "predict", "--model", path, "--json", floats([1, -4, 9], "(3,)", "bad.npy"),
        ])
        #expect(bad.code == 1 && bad.isOneLineFailure && bad.output.isEmpty, "\(bad.output)")
        #expect(bad.errors.contains("output 'root': the model's output is not a finite number"), "\(bad.errors)")
    }

    @Test("A network for pictures gives the same bits as a package and as the file that it was made from")
    func pictures() throws {
        // Convolutions, depthwise ones, PReLU, padded channels and shortcuts.
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/tflite/picture_network.tflite").path
        let package = folder.url.appendingPathComponent("pictures").path
        let made = try Executable.run(["convert", file, "-o", package])
        #expect(made.code == 0, "\(made.errors)")
        let inspected = try Executable.run(["inspect", package])
        #expect(inspected.output.contains("24 frames × 48 features (16 × 3)"), "\(inspected.output)")
        var found: [[String: [UInt8]]] = []
        for model in [file, package] {
            let output = folder.url.appendingPathComponent("result").path
            let run = try Executable.run(["run", model, "--random", "-o", output])
            #expect(run.code == 0, "\(run.errors)")
            var arrays: [String: [UInt8]] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: output) where name.hasSuffix(".npy") {
                arrays[name] = try array("\(output)/\(name)").bytes
            }
            found.append(arrays)
        }
        #expect(found[0].count == 2 && found[0] == found[1])
        #expect(found[0].values.allSatisfy { Set($0).count > 10 })
    }

    @Test("Inspect, verify, benchmark and predict take a model of any inputs")
    func otherCommands() throws {
        let inspected = try Executable.run(["inspect", model, "--shape", "n=1,4"])
        #expect(inspected.code == 0 && inspected.output.contains("a/b: float32 [1, 2], tensor"), "\(inspected.errors)")
        let measured = try Executable.run([
            "benchmark", "--model", model, "--shape", "n=1,4", "--seconds", "0.01", "--json",
        ])
        #expect(measured.code == 0 && measured.output.contains("medianMilliseconds"), "\(measured.errors)")
        let verified = try Executable.run(["verify", "--nodes", model, "--shape", "n=1,4"])
        #expect(verified.code == 2 && verified.output.contains("all agree"), "\(verified.errors)")
        let clip = try floats([1, 2], "(1, 2)", "clip.npy")
        let predicted = try Executable.run(["predict", "--model", model, "--json", clip])
        #expect(predicted.code == 1 && predicted.isOneLineFailure, "\(predicted.errors)")
        #expect(predicted.errors.contains("the model has several inputs"), "\(predicted.errors)")
        let evaluated = try Executable.run(["stream", "--model", model, clip])
        #expect(
            evaluated.code == 1 && evaluated.errors.contains("the model does not take one clip"), "\(evaluated.errors)")
    }
}
