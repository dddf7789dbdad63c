import EmotionFormer
import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerModelFormat
import EmotionFormerTestSupport
import Foundation
import Testing

/// Files with several entry points, against LiteRT's `get_signature_runner`; `Tools/make-fixtures signatures` makes them.
@Suite struct SignatureModelTests {
    struct Entry: Decodable, Sendable {
        let inputs: [String]
        let outputs: [String]
        let runs: Int
    }

    private static let folder = Fixture.folder.deletingLastPathComponent().appendingPathComponent("signatures")

    private static func path(_ name: String) -> String { folder.appendingPathComponent("\(name).tflite").path }

    private static func entry(_ name: String, _ signature: String) throws -> Entry {
        let index = try JSONDecoder().decode(
            [String: [String: Entry]].self, from: Data(contentsOf: folder.appendingPathComponent("index.json")))
        return try #require(index[name]?[signature])
    }

    /// The runs of a signature: its inputs and outputs by name.
    private static func runs(
        _ name: String, _ signature: String
    ) throws -> [(inputs: [String: Tensor], outputs: [String: Tensor])] {
        let entry = try entry(name, signature)
        let file = folder.appendingPathComponent("\(name).\(signature).npys")
        var arrays = ArrayReader(bytes: [UInt8](try Data(contentsOf: file)))
        return try (0..<entry.runs).map { _ in
            var run: (inputs: [String: Tensor], outputs: [String: Tensor]) = ([:], [:])
            for name in entry.inputs { run.inputs[name] = try arrays.next() }
            for name in entry.outputs { run.outputs[name] = try arrays.next() }
            return run
        }
    }

    /// The only output of a clip that is probabilities has a name of its own.
    private static func name(_ output: String) -> String { output == "emotion" ? "probabilities" : output }

    private static func difference(_ found: Tensor?, _ expected: Tensor) -> Float {
        guard let found, found.shape == expected.shape else { return .infinity }
        return zip(found.doubles, expected.doubles).map { Float(abs($0 - $1)) }.max() ?? .infinity
    }

    static let entries = [
        ("coder", "encode"), ("coder", "decode"), ("coder", "serving_default"), ("coder", "step"),
        ("served", "serving_default"), ("served", "tune"),
    ]

    @Test("every entry point gives what LiteRT gives, under its own names", arguments: entries)
    func outputs(_ file: String, _ signature: String) throws {
        let model = try Model(path: Self.path(file), signature: signature)
        let entry = try Self.entry(file, signature)
        #expect(model.inputs.map(\.name).sorted() == entry.inputs)
        #expect(model.outputs.filter { $0.kind != .logits }.map(\.name).sorted() == entry.outputs.map(Self.name))
        var state: [UInt8] = []
        var all: [Tensor] = []
        for run in try Self.runs(file, signature) {
            let found = try model.results(of: run.inputs, state: &state)
            for (name, expected) in run.outputs {
                #expect(Self.difference(found[Self.name(name)], expected) <= 2e-6, "\(signature): \(name)")
                all.append(expected)
            }
        }
        // The negative control: the numbers of another run are no match.
        let last = try #require(Self.runs(file, signature).last).outputs[try #require(entry.outputs.first)]
        #expect(Self.difference(all.first, try #require(last)) > 1e-3)
    }

    @Test("without a name: what invoke() runs and TensorFlow calls serving_default; otherwise the names are listed")
    func certain() throws {
        #expect(try Model(path: Self.path("served")).outputs.map(\.name) == ["scores"])
        let refused =
            "signature: the file has several entry points, and which is meant is not certain: choose one by "
            + "the parameter 'signature' (found 'decode', 'encode', 'serving_default', 'step')"
        let path = Self.path("coder")
        #expect(refusal { try Model(path: path) } == "\(path): \(refused)")
        #expect(refusal { try Interpreter(modelPath: path) } == "\(path): \(refused)")
        #expect(refusal { try EmotionModel(path: path) } == "\(path): \(refused)")
        #expect(refusal { try Model(contentsOf: URL(fileURLWithPath: path)) } == "\(path): \(refused)")
    }

    @Test("a model of clips, an interpreter and a package are made of the entry point that is named")
    func others() throws {
        let path = Self.path("coder")
        let run = try #require(Self.runs("coder", "serving_default").first)
        let clip = try #require(run.inputs["clip"])
        let expected = try #require(run.outputs["emotion"]).doubles
        let model = try EmotionModel(path: path, signature: "serving_default")
        #expect(model.input.frames == 5 && model.input.features == 6)
        let found = try model.predict(
            LandmarkClip(features: clip.doubles.map { Float($0) }, frameCount: 5, featureCount: 6))
        #expect(zip(found.probabilities, expected).allSatisfy { abs(Double($0) - $1) <= 2e-6 })
        let interpreter = try Interpreter(modelPath: path, signature: "encode")
        try interpreter.allocateTensors()
        #expect(interpreter.outputTensorCount == 2)
        var conversion = TFLiteConversion()
        conversion.signature = "decode"
        let package = try conversion.package(of: path)
        #expect(package.inputs.map(\.name) == ["code", "gain"])
        #expect(package.outputs.map(\.name) == ["features", "reconstruction"])
        #expect(package.signatures.map(\.name) == ["decode", "encode", "serving_default", "step"])
        #expect(package.signatures.filter(\.isRead).map(\.name) == ["decode"])
    }

    @Test("a package has no signatures")
    func packages() throws {
        let path = Fixture.package("format1")
        #expect(
            refusal { try Model(path: path, signature: "encode") }
                == "\(path): only a TensorFlow Lite file has signatures (expected a .tflite file; a package is made of one "
                + "of them)")
    }
}
