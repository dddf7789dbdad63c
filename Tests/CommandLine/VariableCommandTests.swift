import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat
import Foundation
import Testing

@Suite("Commands on models with variables")
final class VariableCommandTests {
    private let folder: TemporaryFolder
    private let model: String

    /// `total` (1, 2) grows by the sum of a clip's two frames of two features.
    init() throws {
        folder = try TemporaryFolder()
        model = folder.url.appendingPathComponent("tally").path
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, 2, 2])],
            outputs: ["after"],
            nodes: [
                Node(
                    .reduceSum, name: "frames", inputs: ["clip"], outputs: ["frames"],
                    attributes: ["axes": .integers([1]), "keepDimensions": .boolean(false)]),
                Node(.add, name: "after", inputs: ["before", "frames"], outputs: ["after"]),
            ], variables: [GraphVariable(name: "total", input: "before", output: "after", initial: "initial")])
        try ModelPackage(
            name: "tally", producer: .init(tool: "tests", version: "1"),
            inputs: [
                InputSpecification(
                    name: "clip", value: "clip", role: .clip(InputDescription(frames: 2, features: 2, layout: .raw)))
            ],
            labels: ["low", "high"],
            program: Program(
                graphs: [graph],
                tensors: ["initial": StoredTensor(Tensor([0, 100] as [Float], shape: Shape([1, 2])))]),
            outputs: [OutputSpecification(name: "total", value: "after", kind: .values)],
            selfTest: SelfTest(
                oracle: "by hand",
                inputs: [
                    .init(name: "clip", tensor: Tensor([Float](repeating: 1, count: 12), shape: Shape([3, 2, 2])))
                ],
                outputs: [
                    .init(
                        name: "total", tensor: Tensor([2, 102, 4, 104, 6, 106] as [Float], shape: Shape([3, 2])),
                        tolerance: 1e-6)
                ])
        ).write(to: model)
    }

    /// Clips (count, 2, 2) whose features are `first` and 1.
    private func clips(_ count: Int, _ name: String = "clips.npy", first: Float = 1) throws -> String {
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(count), 2, 2), }"
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        let start: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(text.utf8.count), 0]
        let features: [[Float]] = (0..<2 * count).map { _ in [first, 1] }
        let values = Array(features.joined()).withUnsafeBytes { Array($0) }
        let file = folder.url.appendingPathComponent(name)
        try Data(start + Array(text.utf8) + values).write(to: file)
        return file.path
    }

    private func totals(_ arguments: String...) throws -> (run: Executable.Outcome, first: [Float]) {
        let target = folder.url.appendingPathComponent("result").path
        let run = try Executable.run(["run", model, "-o", target] + arguments)
        guard run.code == 0 else { return (run, []) }
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: target + "/total.npy")))
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let values = bytes[start...].withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        return (run, stride(from: 0, to: values.count, by: 2).map { values[$0] })
    }

    @Test("run: rows follow each other, or begin anew each, and a note says so")
    func run() throws {
        let file = try clips(5)
        for threads in ["1", "2"] {
            let (run, first) = try totals("--input", file, "--threads", threads)
            #expect(first == [2, 4, 6, 8, 10])
            #expect(
                run.errors.contains("note: the model has variables: the rows of one array follow each other in time"))
        }
        let (run, first) = try totals("--input", file, "--reset-each-row")
        #expect(first == [2, 2, 2, 2, 2])
        #expect(run.errors.contains("note: the model has variables, and every row begins as a new session does"))
        let (single, one) = try totals("--input", clips(1, "one.npy"))
        #expect(one == [2] && single.errors.isEmpty)
        let plain = try Executable.run(
            "run", try SmallPackage.write(to: folder), "--random", "--reset-each-row", "-o",
            folder.url.appendingPathComponent("other").path)
        #expect(plain.isOneLineFailure)
        #expect(plain.errors.contains("--reset-each-row is for models with variables"))
    }

    private func predicted(_ arguments: String...) throws -> (run: Executable.Outcome, first: [Double]) {
        let run = try Executable.run(["predict", "--json", "--model", model] + arguments)
        let first = try run.lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return ((object?["values"] as? [String: Any])?["low"] as? Double) ?? .nan
        }
        return (run, first)
    }

    @Test("predict: the clips of a file follow each other, whatever the threads, and a file begins anew")
    func predict() throws {
        // More than a part of a long file.
        let file = try clips(130)
        let expected = (1...130).map { 2 * Double($0) }
        for threads in ["1", "2", "4"] {
            let (run, first) = try predicted("--threads", threads, file)
            #expect(run.code == 0 && first == expected, "\(run.errors)")
            #expect(run.errors.contains("the rows of one file follow each other in time"))
        }
        #expect(try predicted(clips(2, "a.npy"), clips(3, "b.npy")).first == [2, 4, 2, 4, 6])
        // Windows share no frames.
        #expect(try predicted("--window", "1", clips(2, "w.npy")).first == [1, 2, 3, 4])
        let (shared, _) = try predicted("--window", "2", "--hop", "1", clips(1, "h.npy"))
        #expect(shared.isOneLineFailure)
        #expect(shared.errors.contains("windows must not share frames: give --hop 2 or more"))
        let page = folder.url.appendingPathComponent("page.html").path
        let report = try Executable.run("predict", "--model", model, "--report", page, try clips(1, "r.npy"))
        #expect(report.isOneLineFailure && report.errors.contains("--report shows windows that share frames"))
    }

    @Test("verify, inspect, benchmark and stream go on from run to run, too")
    func others() throws {
        let verify = try Executable.run("verify", "--nodes", model)
        #expect(verify.code == 0, "\(verify.output)\(verify.errors)")
        let inspect = try Executable.run("inspect", model)
        #expect(inspect.output.contains("variable        total: float32 [1, 2]"))
        #expect(inspect.output.contains("rows of a file  follow each other"))
        let json = try Executable.run("inspect", "--json", model)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let variable = try #require((object["variables"] as? [[String: Any]])?.first)
        #expect(variable["name"] as? String == "total" && variable["shape"] as? [Int] == [1, 2])
        let stream = try Executable.run("stream", "--json", "--model", model, try clips(1, "s.npy"))
        #expect(stream.code == 0 && stream.lines.count == 1, "\(stream.errors)")
        let overlapping = try Executable.run("stream", "--hop", "1", "--model", model, try clips(1, "s.npy"))
        #expect(overlapping.isOneLineFailure && overlapping.errors.contains("windows must not share frames"))
        let benchmark = try Executable.run(
            "benchmark", "--model", model, "--seconds", "0.1", "--batch", "4", "--threads", "2")
        #expect(benchmark.code == 0, "\(benchmark.errors)")
    }

    @Test("evaluate: the clips of a file follow each other")
    func evaluate() throws {
        // The larger number is high, 100, until the second clip.
        let dataset = folder.url.appendingPathComponent("dataset")
        try FileManager.default.createDirectory(at: dataset, withIntermediateDirectories: true)
        for name in ["a", "b"] { _ = try clips(2, "dataset/\(name).npy", first: 30) }
        try Data("clip,label\na.npy,low\nb.npy,low\n".utf8).write(to: dataset.appendingPathComponent("labels.csv"))
        for threads in ["1", "2"] {
            let run = try Executable.run(
                "evaluate", dataset.path, "--json", "--model", model, "--threads", threads)
            #expect(run.code == 0, "\(run.errors)")
            let measures = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            #expect(measures?["accuracy"] as? Double == 0.5, "\(run.output)")
        }
    }
}
