import EmotionFormerCore
import Foundation
import Testing

@Suite("emotionformer --limit")
struct LimitOptionTests {
    private static let tflite = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/attention/blocks_float32.tflite").path

    @Test("Every command that reads a model takes limits, and says in one line which one a model exceeds")
    func commands() throws {
        let folder = try TemporaryFolder()
        let package = try SmallPackage.write(to: folder, selfTest: 0)
        let clip = folder.url.appendingPathComponent("clip.csv").path
        try Data("1,2\n3,4\n".utf8).write(to: URL(fileURLWithPath: clip))
        let output = folder.url.appendingPathComponent("out").path
        let commands = [
            ["predict", "--model", package, clip], ["stream", "--model", package, clip],
            ["evaluate", "--model", package, folder.url.path], ["inspect", package], ["verify", package],
            ["benchmark", "--seconds", "0.01", "--model", package], ["convert", Self.tflite, "-o", output],
            ["trace", Self.tflite, "--input", clip, "--output", output],
        ]
        let labeled = folder.url.appendingPathComponent("Angry")
        try FileManager.default.createDirectory(at: labeled, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: clip, toPath: labeled.appendingPathComponent("0.csv").path)
        for command in commands {
            let run = try Executable.run(command + ["--limit", "nodes=2"])
            #expect(run.code == 1 && run.isOneLineFailure, "\(command[0]): \(run.errors)")
            #expect(run.errors.contains("expected at most 2, the limit 'nodes'"), "\(command[0]): \(run.errors)")
            if command[0] != "trace" {
                let enough = try Executable.run(command + ["--limit", "nodes=500", "--limit", "rank=8"])
                #expect(enough.code == 0, "\(command[0]): \(enough.errors)")
            }
            #expect(try Executable.run(command[0], "--help").output.contains("operations 100000000000"))
        }
    }

    @Test(
        "A limit that there is not, and a value out of range, are one line with what there is",
        arguments: ["frobs=3", "nodes", "nodes=", "nodes=0", "nodes=-4", "nodes=1e3", "rank=9", "=3", ""])
    func wrong(setting: String) throws {
        let run = try Executable.run("inspect", "--limit", setting, "model")
        #expect(run.code == 64 && run.isOneLineFailure, "\(run.errors)")
        let isKnown = setting.hasPrefix("nodes=") || setting.hasPrefix("rank=")
        #expect(run.errors.contains(isKnown ? "out of range" : "fileBytes, manifestBytes, tensors"), "\(run.errors)")
    }
}
