import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerTestSupport
import Foundation
import Testing

@testable import EmotionFormerModelFormat

/// What format 2 can state and format 1 cannot.
@Suite struct GeneralManifestTests {
    /// Two inputs, three outputs of three kinds, and a self-test of two runs.
    static func package() throws -> ModelPackage {
        let graph = Graph(
            name: "main",
            inputs: [
                GraphInput(name: "frames", elementType: .float32, extents: [1, nil, 2, 2]),
                GraphInput(name: "flags", elementType: .int32, extents: [1, 3]),
            ], outputs: ["rows", "mean", "counts"],
            nodes: [
                Node(.softmax, name: "rows", inputs: ["frames"], outputs: ["rows"]),
                Node(
                    .reduceMean, name: "mean", inputs: ["frames"], outputs: ["mean"],
                    attributes: ["axes": .integers([1, 2])]),
                Node(.add, name: "counts", inputs: ["flags", "flags"], outputs: ["counts"]),
            ])
        var clip = InputDescription(frames: 5, features: 4, frameShape: [2, 2], layout: .raw, missingValue: .keep)
        clip.padding.side = .none
        clip.normalization = .init(
            mean: try SmallPackage.floats([1, 2, 3, 4], 4), standardDeviation: try SmallPackage.floats([2], 1))
        return try ModelPackage(
            name: "general", producer: .init(tool: "test", version: "1"),
            inputs: [
                InputSpecification(name: "face", value: "frames", role: .clip(clip)),
                InputSpecification(name: "flags", value: "flags", role: .tensor),
            ], labels: ["a", "b"], program: Program(graphs: [graph], tensors: [:]),
            outputs: [
                OutputSpecification(
                    name: "emotion", value: "rows", elementType: .float32, extents: [1, nil, 2, 2],
                    kind: .probabilities,
                    per: .frame),
                OutputSpecification(name: "mean", value: "mean", kind: .values),
                OutputSpecification(
                    name: "counts", value: "counts", elementType: .int32, extents: [1, 3], kind: .values, per: .clip),
            ],
            selfTest: SelfTest(
                oracle: "by hand",
                inputs: [
                    .init(
                        name: "face", tensor: try SmallPackage.floats([Float](repeating: 1, count: 40), 2, 5, 4)),
                    .init(name: "flags", tensor: try Tensor([Int32](repeating: 1, count: 6), shape: Shape([2, 3]))),
                ],
                outputs: [
                    .init(
                        name: "counts", tensor: try Tensor([Int32](repeating: 2, count: 6), shape: Shape([2, 3])),
                        tolerance: 0)
                ]))
    }

    @Test("inputs, outputs, roles, kinds and the self-test are read as they were written")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let package = try Self.package()
        try package.write(to: folder.path + "/model")
        let read = try ModelPackage.read(folder: folder.path + "/model", verifyHash: true)
        #expect(read.outputs == package.outputs && read.labels == package.labels)
        #expect(read.inputs.map(\.name) == ["face", "flags"] && read.inputs.map(\.value) == ["frames", "flags"])
        #expect(read.inputs.map(\.role.name) == [.clip, .tensor])
        let clip = try #require(read.inputs[0].description)
        #expect(clip.frameShape == [2, 2] && clip.missingValue == .keep && clip.padding.side == .none)
        #expect(clip.normalization?.mean.elements(as: Float.self) == [1, 2, 3, 4])
        let test = try #require(read.selfTest)
        #expect(test.inputs.map(\.name) == ["face", "flags"] && test.runCount == 2)
        #expect(test.outputs.map(\.name) == ["counts"] && test.outputs[0].tolerance == 0)
        #expect(test.outputs[0].tensor.elements(as: Int32.self) == [Int32](repeating: 2, count: 6))
        // A model of several inputs is none of one clip.
        #expect(read.clip == nil)
    }

    @Test(
        "each departure from format 2 is refused, with the place",
        arguments: [
            Spoiling("\"role\": \"tensor\"", "\"role\": \"text\"", .invalidValue, "inputs[1].role", "found 'text'"),
            Spoiling(
                "\"name\": \"flags\", \"value\"", "\"name\": \"face\", \"value\"", .duplicateName, "inputs[1].name",
                "two inputs have one name"),
            Spoiling("\"value\": \"flags\"", "\"value\": \"frames\"", .unknownName, "inputs[1].value"),
            Spoiling(
                "\"shape\": [1, 3], \"role\"", "\"shape\": [1, 4], \"role\"", .shapeMismatch,
                "the input's type is not that of the graph's input 'flags'", "found int32 [1, 4], expected int32 [1, 3]"
            ),
            Spoiling(
                "\"dtype\": \"int32\", \"shape\": [1, 3], \"role\"",
                "\"dtype\": \"int64\", \"shape\": [1, 3], \"role\"",
                .shapeMismatch, "found int64 [1, 3]"),
            Spoiling("\"frameShape\": [2, 2]", "\"frameShape\": [2, 3]", .shapeMismatch, "inputs[0].frameShape"),
            Spoiling("\"frameShape\": [2, 2]", "\"frameShape\": []", .shapeMismatch, "inputs[0].frameShape"),
            Spoiling(
                "\"frameShape\": [2, 2]", "\"frameShape\": [9223372036854775807, 2]", .shapeMismatch,
                "inputs[0].frameShape"),
            Spoiling("\"frameShape\": [2, 2]", "\"frameShape\": [1, 4]", .shapeMismatch, "expected [2, 2]"),
            Spoiling(
                "\"shape\": [1, null, 2, 2]}", "\"shape\": [1, null, 2, 4611686018427387904]}", .shapeMismatch,
                "graph 'main': inputs"),
            Spoiling("\"frames\": 5", "\"frames\": 0", .invalidValue, "inputs[0].frames", "found 0"),
            Spoiling("\"missingValue\": \"keep\"", "\"missingValue\": \"guess\"", .invalidValue, "found 'guess'"),
            Spoiling("\"kind\": \"values\"", "\"kind\": \"classes\"", .invalidValue, "outputs[1].kind"),
            Spoiling("\"per\": \"frame\"", "\"per\": \"window\"", .invalidValue, "outputs[0].per"),
            Spoiling(
                "\"name\": \"mean\", \"value\"", "\"name\": \"emotion\", \"value\"", .duplicateName, "outputs.emotion"),
            Spoiling("\"value\": \"mean\"", "\"value\": \"absent\"", .unknownName, "outputs.mean", "found 'absent'"),
            Spoiling("\"tolerance\": 0", "\"tolerance\": -1", .invalidValue, "selfTest: tolerance", "found -1"),
            Spoiling(
                "\"inputs\": {\"face\": \"face\"", "\"inputs\": {\"other\": \"face\"", .unknownName, "selfTest: inputs",
                "found 'other', 'flags'"),
            Spoiling("\"formatVersion\": 2", "\"formatVersion\": 1", .unknownField, "inputs"),
        ])
    func departures(spoiling: Spoiling) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try Self.package().write(to: path)
        let file = URL(fileURLWithPath: path + "/manifest.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let range = try #require(text.range(of: spoiling.old), "\(spoiling.old) in \(text)")
        try Data(text.replacingCharacters(in: range, with: spoiling.new).utf8).write(to: file)
        let fault = #expect(throws: Fault.self) { try ModelPackage.read(folder: path) }
        let line = fault?.description ?? ""
        #expect(fault?.code == spoiling.code, "\(line)")
        #expect(line.hasPrefix(path) && !line.contains("\n"))
        for part in spoiling.parts { #expect(line.contains(part), "\(line)") }
    }
}
