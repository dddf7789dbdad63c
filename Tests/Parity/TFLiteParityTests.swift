import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerTFLiteImport
import Testing

/// A stage of the plan at a level of instructions.
struct Way: Sendable, CustomTestStringConvertible {
    let stage: PlanOptions.Stage
    let instructionSet: InstructionSet

    var testDescription: String { "\(stage.rawValue), \(instructionSet.rawValue)" }

    /// Apple's mixture of levels runs everywhere.
    static let all =
        levels.flatMap { set in [PlanOptions.Stage.imported, .fused].map { Way(stage: $0, instructionSet: set) } }
        + [Way(stage: .fused, instructionSet: .mixed)]
    static let levels = InstructionSet.available.filter { $0 != .mixed }
}

/// TensorFlow Lite files through importer and engine, against what LiteRT gave for the same inputs.
@Suite struct TFLiteParityTests {
    private func run(_ program: Program, _ inputs: [Tensor], _ way: Way) throws -> [Tensor] {
        let plan = try Plan(
            program, inputShapes: inputs.map(\.shape),
            options: PlanOptions(instructionSet: way.instructionSet, stage: way.stage))
        let session = Session(plan)
        for (index, input) in inputs.enumerated() {
            input.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        try session.run()
        return plan.outputTypes.enumerated().map { index, type in
            Tensor(type.elementType, type.shape) { $0.copyMemory(from: session.output(index)) }
        }
    }

    /// The largest difference of two tensors of one type; infinity if the types differ or a NaN stands alone.
    private func difference(_ found: Tensor, _ expected: Tensor) -> Double {
        guard found.elementType == expected.elementType, found.shape == expected.shape else { return .infinity }
        return zip(found.doubles, expected.doubles).map { a, b in
            a == b || a.isNaN && b.isNaN ? 0 : (a - b).isNaN ? .infinity : abs(a - b)
        }.max() ?? 0
    }

    private func magnitude(_ tensor: Tensor) -> Double {
        tensor.doubles.filter(\.isFinite).map(abs).max() ?? 0
    }

    private static let operatorFiles = [
        "unary", "elu", "binary", "reduction", "shape", "gather", "matrix", "convolution", "quantization", "control",
        "loop_constants", "pictures", "picture_network", "bias_rows", "lstm", "lstm_int8",
    ]

    @Test(
        "every operator alone, within 1e-5 of its largest magnitude of LiteRT's reference kernels",
        arguments: operatorFiles, Way.all)
    func operators(_ name: String, _ way: Way) throws {
        let model = try Fixture.model(name)
        for run in try Fixture.runs(name) {
            let results = try self.run(model.program, run.inputs, way)
            #expect(results.count == run.reference.count)
            for (index, (found, expected)) in zip(results, run.reference).enumerated() {
                #expect(
                    difference(found, expected) <= 1e-5 * max(1, magnitude(expected)),
                    "\(model.outputNames[index]) \(expected.shape)")
            }
        }
    }

    @Test(
        "int8 products alone, within 1e-6 of LiteRT's default kernels", arguments: ["matrix_int8", "convolution_int8"],
        Way.all)
    func quantizedOperators(_ name: String, _ way: Way) throws {
        let model = try Fixture.model(name)
        for run in try Fixture.runs(name) {
            let results = try self.run(model.program, run.inputs, way)
            #expect(results.count == run.xnnpack.count)
            for (index, (found, expected)) in zip(results, run.xnnpack).enumerated() {
                #expect(
                    difference(found, expected) <= 1e-6 * max(1, magnitude(expected)),
                    "\(model.outputNames[index]) \(expected.shape)")
            }
        }
    }

    private static func models(_ suffix: String) -> [String] {
        Fixture.names.filter {
            ($0.hasPrefix("k") || $0.hasPrefix("lists_")) && ($0.hasSuffix(suffix) || $0.hasSuffix(suffix + "_dynamic"))
        }
    }

    @Test(
        "models in float32 and float16: probabilities within 2e-6 of LiteRT's default kernels",
        arguments: models("float32") + models("float16"), Way.all)
    func floatModels(_ name: String, _ way: Way) throws {
        let model = try Fixture.model(name)
        for run in try Fixture.runs(name) {
            let found = try self.run(model.program, run.inputs, way)
            #expect(difference(found[0], run.xnnpack[0]) <= 2e-6)
        }
    }

    @Test(
        "models in dynamic-range int8: the median difference is rounding, the largest one a flip or two",
        arguments: models("int8"), Way.all)
    func quantizedModels(_ name: String, _ way: Way) throws {
        let model = try Fixture.model(name)
        let differences = try Fixture.runs(name).map { run in
            difference(try self.run(model.program, run.inputs, way)[0], run.xnnpack[0])
        }.sorted()
        #expect(differences[differences.count / 2] <= 1e-4)
        #expect(try #require(differences.last) <= 5e-3)
    }

    @Test("the control: a constant that is off by a thousandth fails the float bound")
    func control() throws {
        let name = "k3_transformer_float32"
        var program = try Fixture.model(name).program
        let largest = try #require(
            program.tensors.filter { $0.value.tensor.elementType == .float32 && $0.value.tensor.shape.rank == 2 }
                .max { $0.value.tensor.shape.elementCount < $1.value.tensor.shape.elementCount })
        let numbers = try #require(largest.value.tensor.elements(as: Float.self)).map { $0 * 1.001 }
        program.tensors[largest.key] = StoredTensor(try Tensor(numbers, shape: largest.value.tensor.shape))
        let run = try #require(try Fixture.runs(name).first)
        let way = try #require(Way.all.last)
        #expect(difference(try self.run(program, run.inputs, way)[0], run.xnnpack[0]) > 2e-6)
    }

    @Test("threads change no bit", arguments: models("float32") + models("int8"), Way.levels + [.mixed])
    func threads(_ name: String, _ instructionSet: InstructionSet) throws {
        let model = try Fixture.model(name)
        let inputs = try #require(try Fixture.runs(name).first).inputs
        var outputs: [[Double]] = []
        for threads in [1, 2, 3] {
            let plan = try Plan(
                model.program, inputShapes: inputs.map(\.shape),
                options: PlanOptions(instructionSet: instructionSet, threads: threads))
            let session = Session(plan)
            inputs[0].withUnsafeBytes { session.input(0).copyMemory(from: $0) }
            try session.run()
            outputs.append(
                Tensor(.float32, plan.outputTypes[0].shape) { $0.copyMemory(from: session.output(0)) }.doubles)
        }
        #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
    }
}
