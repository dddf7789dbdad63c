import EmotionFormer
import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerModelFormat
import Testing

/// `Tools/make-fixtures general` exports the packages; their self-tests hold what Keras computed.
@Suite("Packages of any inputs and outputs")
struct GeneralPackageTests {
    struct Expected: Sendable {
        let name: String
        /// Each input's name, role and element type.
        let inputs: [String]
        /// Each output's name, kind and what it has rows for.
        let outputs: [String]
    }

    static let packages = [
        Expected(
            name: "landmarks", inputs: ["clip clip float32 [1, 6, 5, 2]"],
            outputs: ["probabilities probabilities clip", "logits logits clip"]),
        Expected(
            name: "one_score", inputs: ["clip clip float32 [1, 6, 4]"], outputs: ["is_fall scores clip"]),
        Expected(
            name: "rows", inputs: ["clip clip float32 [1, 7, 3]"],
            outputs: ["probabilities probabilities frame", "logits logits frame"]),
        Expected(
            name: "softmax_and_values", inputs: ["clip clip float32 [1, 6, 4]"],
            outputs: [
                "probabilities probabilities clip", "logits logits clip", "hidden values clip", "hidden_1 values clip",
            ]),
        Expected(
            name: "together",
            inputs: [
                "clip tensor float32 [1, 6, 4]", "age tensor float32 [1, 3]", "words tensor int32 [1, 5]",
            ],
            outputs: ["emotion probabilities clip", "emotion/logits logits clip", "arousal values clip"]),
        Expected(
            name: "tokens", inputs: ["ids tensor int64 [1, 7]"], outputs: ["logits values clip", "argmax values clip"]),
    ]

    @Test("Inputs and outputs are what the manifest says", arguments: packages)
    func specifications(_ expected: Expected) throws {
        let package = try ModelPackage.read(folder: Fixture.package(expected.name))
        let inputs = zip(package.inputs, package.program.graphs[0].inputs).map { input, taken in
            let extents = taken.extents.map { $0.map(String.init) ?? "null" }.joined(separator: ", ")
            return "\(input.name) \(input.role.name.rawValue) \(taken.elementType.rawValue) [\(extents)]"
        }
        #expect(inputs == expected.inputs)
        #expect(
            package.outputs.map { "\($0.name) \($0.kind.rawValue) \($0.per?.rawValue ?? "")" } == expected.outputs)
    }

    @Test("The self-test gives what Keras gave", arguments: packages)
    func selfTest(_ expected: Expected) throws {
        let package = try ModelPackage.read(folder: Fixture.package(expected.name))
        let test = try #require(package.selfTest)
        #expect(test.oracle.hasPrefix("keras 3"))
        let result = try Model(package).run(test)
        #expect(result.outputs.map(\.name) == package.outputs.map(\.name))
        for output in result.outputs {
            #expect(output.comparison.largestDifference <= output.comparison.tolerance, "\(output.name)")
        }
    }

    @Test("Another run's outputs are not what the model gives", arguments: packages)
    func negativeControl(_ expected: Expected) throws {
        let package = try ModelPackage.read(folder: Fixture.package(expected.name))
        var test = try #require(package.selfTest)
        for index in test.inputs.indices {
            let tensor = test.inputs[index].tensor
            let runs = try (0..<2).map { try tensor.run($0) }
            test.inputs[index].tensor = try GeneralPackageTests.stacked(runs.reversed(), like: tensor)
        }
        let result = try Model(package).run(test)
        #expect(result.outputs.contains { $0.comparison.largestDifference > $0.comparison.tolerance })
    }

    private static func stacked(_ runs: [Tensor], like tensor: Tensor) throws -> Tensor {
        Tensor(tensor.elementType, tensor.shape) { bytes in
            for (index, run) in runs.enumerated() {
                let size = run.byteCount
                run.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]).copyMemory(
                        from: $0)
                }
            }
        }
    }
}
