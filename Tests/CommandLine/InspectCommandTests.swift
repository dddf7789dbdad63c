import Foundation
import Testing

@Suite("emotionformer inspect and verify")
struct InspectCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("inspect shows what is assumed of the input, and each node with shape and parameters")
    func inspect() throws {
        let run = try Executable.run("inspect", try SmallPackage.write(to: folder))
        #expect(run.code == 0)
        #expect(run.output.contains("4 frames × 2 features, layout raw"))
        #expect(run.output.contains("0.0 after the clip, before normalization"))
        #expect(
            run.output.contains(
                "shorter clips   take all 4 frames: node 'mean' (globalPooling1D) pools all frames, padding included"))
        #expect(run.output.contains("parameters      6"))
        let head = try #require(run.lines.first { $0.hasPrefix("head ") })
        #expect(head.split(separator: " ").joined(separator: " ") == "head dense [1, 3] 6")
    }

    @Test(
        "inspect --json is one JSON document for every stage", arguments: ["imported", "simplified", "fused", "plan"])
    func json(stage: String) throws {
        let run = try Executable.run("inspect", "--json", "--stage", stage, try SmallPackage.write(to: folder))
        #expect(run.code == 0)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(object["stage"] as? String == stage)
        #expect(object["labels"] as? [String] == ["Angry", "Happy, too", "Sad"])
        let list = object[stage == "fused" || stage == "plan" ? "steps" : "graph"] as? [Any]
        #expect(list?.isEmpty == false)
    }

    @Test("verify prints the oracle and succeeds")
    func verify() throws {
        let run = try Executable.run("verify", try SmallPackage.write(to: folder, selfTest: 0))
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("by hand"))
    }

    @Test("verify ends with code 2 without a self-test and 3 with one that fails")
    func verifyCodes() throws {
        let none = try Executable.run("verify", try SmallPackage.write(to: folder, name: "none"))
        #expect(none.code == 2)
        #expect(none.isOneLineFailure)
        let wrong = try Executable.run("verify", try SmallPackage.write(to: folder, name: "wrong", selfTest: 1e-3))
        #expect(wrong.code == 3)
        #expect(wrong.isOneLineFailure)
        #expect(wrong.output.contains("DIFFER"))
    }

    @Test("verify --nodes names every node")
    func nodes() throws {
        let run = try Executable.run("verify", "--nodes", try SmallPackage.write(to: folder, selfTest: 0))
        #expect(run.code == 0, "\(run.errors)")
        for node in ["mean", "head", "softmax"] {
            #expect(run.lines.contains { $0.hasPrefix("  \(node) ") })
        }
    }

    @Test("verify finds a changed byte in the weights")
    func changedWeights() throws {
        let path = try SmallPackage.write(to: folder, selfTest: 0)
        let weights = URL(fileURLWithPath: path).appendingPathComponent("weights.bin")
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.startIndex] ^= 1
        try bytes.write(to: weights)
        let run = try Executable.run("verify", path)
        #expect(run.code == 1)
        #expect(run.isOneLineFailure)
    }

    @Test("An empty path is not a model, and not the root folder", arguments: ["inspect", "verify"])
    func emptyPath(command: String) throws {
        let run = try Executable.run(command, "")
        #expect(run.code == 1 && run.isOneLineFailure)
        #expect(run.errors.contains("model: the path is empty"), "\(run.errors)")
    }
}
