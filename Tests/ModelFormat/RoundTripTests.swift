import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerTestSupport
import Foundation
import Testing

@testable import EmotionFormerFiles
@testable import EmotionFormerModelFormat

@Suite struct RoundTripTests {
    @Test("what is written reads back equal, with SHA-256 checked")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let package = try SmallPackage.make()
        try package.write(to: folder.path + "/model")
        #expect(try folder.names() == ["model"])
        let read = try ModelPackage.read(folder: folder.path + "/model", verifyHash: true)
        try expectEqual(read, package)
    }

    @Test("a package that is read and written again has the same bytes")
    func stableBytes() throws {
        let folder = try TemporaryFolder()
        try SmallPackage.make().write(to: folder.path + "/first")
        try ModelPackage.read(folder: folder.path + "/first").write(to: folder.path + "/second")
        for name in ["manifest.json", "weights.bin", "selftest.bin"] {
            let contents = ["first", "second"].map {
                FileManager.default.contents(atPath: "\(folder.path)/\($0)/\(name)")
            }
            #expect(contents[0] != nil && contents[0] == contents[1], "\(name)")
        }
    }

    @Test("without the self-test's tensors a package is read without opening their file")
    func withoutSelfTest() throws {
        let folder = try TemporaryFolder()
        try SmallPackage.make().write(to: folder.path + "/model")
        try FileManager.default.removeItem(atPath: folder.path + "/model/selftest.bin")
        #expect(try ModelPackage.read(folder: folder.path + "/model", includingSelfTest: false).selfTest == nil)
        #expect(
            refusal { try ModelPackage.read(folder: folder.path + "/model") }
                == "\(folder.path)/model/selftest.bin: there is no file that the manifest names")
    }

    @Test("the manifest's fields stand in the order of the specification, a tensor on one line")
    func fieldOrder() throws {
        let folder = try TemporaryFolder()
        try SmallPackage.make().write(to: folder.path + "/model")
        let text = try String(contentsOfFile: folder.path + "/model/manifest.json", encoding: .utf8)
        let root = try JSONCursor(parsing: Array(text.utf8))
        #expect(
            try root.members().map(\.name) == [
                "format", "formatVersion", "name", "license", "citation", "metadata", "producer", "weights",
                "selfTestData", "inputs", "labels", "tensors", "graphs", "outputs", "selfTest",
            ])
        #expect(text.contains("\"scores/kernel\": {\"dtype\": \"float32\", \"shape\": [3, 2], \"offset\": "))
    }

    @Test("a package of format 1 is read as what it was written from, and written again in format 2")
    func firstFormat() throws {
        let path = Fixture.package("format1")
        let package = try ModelPackage.read(folder: path, verifyHash: true)
        // Format 1 has no rule for missing values.
        var made = try SmallPackage.make()
        var inputs = made.inputs
        inputs[0].description?.missingValue = .refuse
        made = try ModelPackage(
            name: made.name, license: made.license, citation: made.citation, metadata: made.metadata,
            producer: made.producer, inputs: inputs, labels: made.labels, program: made.program, outputs: made.outputs,
            selfTest: made.selfTest)
        try expectEqual(package, made)
        let folder = try TemporaryFolder()
        try package.write(to: folder.path + "/model")
        let text = try String(contentsOfFile: folder.path + "/model/manifest.json", encoding: .utf8)
        #expect(text.contains("\"formatVersion\": 2"))
        try expectEqual(ModelPackage.read(folder: folder.path + "/model"), package)
    }

    private func expectEqual(_ a: ModelPackage, _ b: ModelPackage) throws {
        #expect(a.name == b.name && a.license == b.license && a.citation == b.citation && a.metadata == b.metadata)
        #expect(a.producer == b.producer && a.labels == b.labels && a.outputs == b.outputs)
        #expect(a.program.graphs == b.program.graphs)
        #expect(a.program.tensors.keys.sorted() == b.program.tensors.keys.sorted())
        for (name, stored) in b.program.tensors {
            let other = try #require(a.program.tensors[name])
            #expect(other.quantization == stored.quantization)
            expectEqual(other.tensor, stored.tensor)
        }
        let (first, second) = (try #require(a.clip), try #require(b.clip))
        #expect(a.inputs.map(\.name) == b.inputs.map(\.name) && a.inputs.map(\.value) == b.inputs.map(\.value))
        #expect(first.frames == second.frames && first.features == second.features && first.layout == second.layout)
        #expect(first.padding == second.padding && first.truncation == second.truncation)
        #expect(first.missingFrame == second.missingFrame && first.missingValue == second.missingValue)
        #expect(first.normalization?.epsilon == second.normalization?.epsilon)
        expectEqual(first.normalization?.mean, second.normalization?.mean)
        expectEqual(first.normalization?.standardDeviation, second.normalization?.standardDeviation)
        #expect(a.selfTest?.oracle == b.selfTest?.oracle)
        #expect(a.selfTest?.inputs.map(\.name) == b.selfTest?.inputs.map(\.name))
        #expect(a.selfTest?.outputs.map(\.name) == b.selfTest?.outputs.map(\.name))
        #expect(a.selfTest?.outputs.map(\.tolerance) == b.selfTest?.outputs.map(\.tolerance))
        for (one, other) in zip(a.selfTest?.inputs ?? [], b.selfTest?.inputs ?? []) {
            expectEqual(one.tensor, other.tensor)
        }
        for (one, other) in zip(a.selfTest?.outputs ?? [], b.selfTest?.outputs ?? []) {
            expectEqual(one.tensor, other.tensor)
        }
    }

    private func expectEqual(_ a: Tensor?, _ b: Tensor?) {
        #expect(a?.elementType == b?.elementType && a?.shape == b?.shape)
        #expect(a.map(SmallPackage.bytes) == b.map(SmallPackage.bytes))
    }
}
