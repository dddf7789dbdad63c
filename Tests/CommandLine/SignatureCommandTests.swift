import Foundation
import Testing

@Suite("Commands on a .tflite file with several entry points")
final class SignatureCommandTests {
    private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/signatures/coder.tflite").standardizedFileURL.path
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func place(_ name: String) -> String { folder.url.appendingPathComponent(name).path }

    /// Each command on the file, without what chooses the entry point.
    private func commands() -> [[String]] {
        [
            ["inspect", Self.path], ["verify", Self.path], ["run", Self.path, "--random", "-o", place("made")],
            ["convert", Self.path, "-o", place("package")], ["benchmark", "--seconds", "0.01", "--model", Self.path],
            ["predict", "--model", Self.path, place("clip.npy")],
            ["evaluate", "--model", Self.path, place("set")],
            ["stream", "--model", Self.path, place("clip.npy")],
            ["trace", Self.path, "--input", place("clips.npy"), "--output", place("trace")],
        ]
    }

    /// An array of 30 zeros in NumPy's format.
    private static func zeros(_ shape: String) -> [UInt8] {
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        let start: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(text.utf8.count), 0]
        return start + Array(text.utf8) + [UInt8](repeating: 0, count: 120)
    }

    /// A clip (5, 6) of zeros, and a data set of it.
    private func writeClip() throws {
        let bytes = Self.zeros("(5, 6)")
        try Data(Self.zeros("(1, 5, 6)")).write(to: folder.url.appendingPathComponent("clips.npy"))
        try Data(bytes).write(to: folder.url.appendingPathComponent("clip.npy"))
        let set = folder.url.appendingPathComponent("set")
        try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
        try Data(bytes).write(to: set.appendingPathComponent("clip.npy"))
        try Data("clip,label\nclip.npy,class0\n".utf8).write(to: set.appendingPathComponent("labels.csv"))
    }

    @Test("without --signature each command lists the names in one line")
    func asked() throws {
        try writeClip()
        for command in commands() {
            let outcome = try Executable.run(command)
            #expect(outcome.isOneLineFailure, "\(command)")
            for name in ["--signature", "'decode'", "'encode'", "'serving_default'", "'step'"] {
                #expect(outcome.errors.contains(name), "\(command)")
            }
        }
    }

    @Test("with --signature each command takes that entry point, and none that is not there")
    func chosen() throws {
        try writeClip()
        for command in commands() {
            let outcome = try Executable.run(command + ["--signature", "serving_default"])
            // A file has no self-test.
            #expect(outcome.code == (command[0] == "verify" ? 2 : 0), "\(command): \(outcome.errors)")
            let other = try Executable.run(command + ["--signature", "training"])
            #expect(other.isOneLineFailure && other.errors.contains("(found 'training', expected 'decode', "))
        }
        let package = try Executable.run("run", place("package"), "--random", "-o", place("again"))
        #expect(package.code == 0 && package.output.contains("probabilities"))
        for command in [["run", place("package"), "--random", "-o", place("again")], ["verify", place("package")]] {
            let outcome = try Executable.run(command + ["--signature", "encode"])
            #expect(outcome.isOneLineFailure && outcome.errors.contains("only a TensorFlow Lite file has signatures"))
        }
        let upgraded = try Executable.run(
            "convert", place("package"), "-o", place("newer"), "--signature", "encode")
        #expect(upgraded.isOneLineFailure && upgraded.errors.contains("--signature is about a TensorFlow Lite file"))
        for command in [["predict", place("clip.npy")], ["benchmark"]] {
            #expect(try Executable.run(command + ["--signature", "encode"]).errors.contains("needs --model"))
        }
    }

    @Test("inspect lists the entry points with their inputs and outputs")
    func inspect() throws {
        let text = try Executable.run("inspect", Self.path, "--signature", "encode").lines
        #expect(
            text.filter { $0.hasPrefix("signature") } == [
                "signature       decode: code, gain → features, reconstruction",
                "signature       encode, which is read: features → code, energy",
                "signature       serving_default: clip → emotion", "signature       step: frame → mean",
            ])
        let outcome = try Executable.run("inspect", Self.path, "--signature", "encode", "--json")
        let object = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let entries = try #require(object["signatures"] as? [[String: Any]])
        #expect(entries.compactMap { $0["name"] as? String } == ["decode", "encode", "serving_default", "step"])
        #expect(entries.compactMap { $0["read"] as? Bool } == [false, true, false, false])
        #expect(entries[0]["outputs"] as? [String] == ["features", "reconstruction"])
    }
}
