import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerReference
import EmotionFormerTFLiteImport
import Testing

/// Imported programs, run by the plain float64 executor, give what LiteRT gives: the mapping means the same.
@Suite struct LiteRTAgreementTests {
    private func outputs(_ model: ImportedModel, _ inputs: [Tensor]) throws -> [ReferenceValue] {
        let executor = ReferenceExecutor()
        let graph = try model.program.typed(inputShapes: inputs.map(\.shape), evaluator: executor)
        return try executor.run(graph, inputs: try inputs.map { try ReferenceValue(StoredTensor($0)) }).outputs
    }

    /// The largest difference, relative to the larger of 1 and the largest magnitude; infinity where types differ.
    private func difference(_ found: ReferenceValue, _ expected: Tensor) -> Double {
        guard found.type == ValueType(expected.elementType, expected.shape) else { return .infinity }
        let numbers = expected.doubles
        let magnitude = max(1, numbers.map(\.magnitude).max() ?? 0)
        return zip(found.elements, numbers).map { ($0 == $1 ? 0 : ($0 - $1).magnitude) / magnitude }.max() ?? 0
    }

    private static let operators = [
        "unary", "elu", "binary", "reduction", "shape", "gather", "matrix", "convolution", "quantization", "control",
        "loop_constants", "pictures", "bias_rows", "lstm", "lstm_int8",
    ]

    @Test(
        "every operator alone: each output of LiteRT's reference kernels, to float32's rounding", arguments: operators)
    func singleOperators(_ name: String) throws {
        let model = try Fixture.model(name)
        for run in try Fixture.runs(name) {
            let found = try outputs(model, run.inputs)
            #expect(found.count == run.reference.count)
            for (index, (value, expected)) in zip(found, run.reference).enumerated() {
                let difference = difference(value, expected)
                #expect(difference <= 2e-6, "\(name): output \(index) '\(model.outputNames[index])' \(value.type)")
            }
        }
    }

    @Test(
        "dynamic-range products: each output of LiteRT's default kernels",
        arguments: ["matrix_int8", "convolution_int8"])
    func dynamicRange(_ name: String) throws {
        let model = try Fixture.model(name)
        for run in try Fixture.runs(name) {
            for (index, (value, expected)) in zip(try outputs(model, run.inputs), run.xnnpack).enumerated() {
                #expect(difference(value, expected) <= 1e-6, "\(name): output \(index) '\(model.outputNames[index])'")
            }
        }
    }

    private static let models = Fixture.names.filter { $0.contains("k2_") || $0.contains("k3_") }

    @Test("whole models by Keras 2 and 3: the probabilities, and a clip never sees the one before")
    func models() throws {
        for name in LiteRTAgreementTests.models {
            let model = try Fixture.model(name)
            // One flipped quantized value moves a probability so far; float32 rounds less.
            let tolerance = name.hasSuffix("int8") ? 5e-3 : 2e-6
            // Only where clips could differ by more than their numbers are all of them run: state, and masks.
            let runs = try Fixture.runs(name)
            for run in name.contains("lstm") || name.contains("masked") ? runs : Array(runs.prefix(1)) {
                let value = try #require(try outputs(model, run.inputs).first)
                #expect(difference(value, run.xnnpack[0]) <= tolerance, "\(name)")
            }
        }
    }

    @Test("the comparison can fail: a dropped bias and a swapped operand are far outside the tolerance")
    func negativeControl() throws {
        let run = try #require(try Fixture.runs("k2_transformer_float32").first)
        for damage in ["bias", "order"] {
            var model = try Fixture.model("k2_transformer_float32")
            let index = try #require(
                model.program.graphs[0].nodes.lastIndex {
                    damage == "bias"
                        ? $0.operation == .fullyConnected && $0.inputs.count == 3 : $0.operation == .subtract
                })
            if damage == "bias" {
                model.program.graphs[0].nodes[index].inputs.removeLast()
            } else {
                model.program.graphs[0].nodes[index].inputs.reverse()
            }
            #expect(difference(try outputs(model, run.inputs)[0], run.xnnpack[0]) > 1e-4, "\(damage)")
        }
    }
}
