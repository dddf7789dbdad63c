import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerReference
import EmotionFormerTFLiteImport
import Testing

/// Operators on quantized integers: LiteRT's numbers, to the bit.
@Suite struct IntegerParityTests {
    /// Operators alone, and whole models.
    static let files = Fixture.names.filter { $0.hasPrefix("integer_") || $0.hasPrefix("integers_") }

    static func run(_ program: Program, _ inputs: [Tensor], _ way: Way) throws -> [Tensor] {
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

    /// The number of elements that differ; nil for another type or shape.
    static func differing(_ found: Tensor, _ expected: Tensor) -> Int? {
        guard found.elementType == expected.elementType, found.shape == expected.shape else { return nil }
        return zip(found.doubles, expected.doubles).count { $0 != $1 }
    }

    /// Fails unless every result is there, has elements, and is LiteRT's.
    private func check(
        _ model: ImportedModel, _ results: (Fixture.Run) throws -> [Tensor], _ name: String,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let runs = try Fixture.runs(name)
        #expect(!runs.isEmpty, sourceLocation: location)
        for run in runs {
            let results = try results(run)
            #expect(!results.isEmpty && results.count == model.outputNames.count, sourceLocation: location)
            #expect(results.count == run.xnnpack.count, sourceLocation: location)
            for (index, (found, expected)) in zip(results, run.xnnpack).enumerated() {
                #expect(expected.shape.elementCount > 0, sourceLocation: location)
                #expect(
                    Self.differing(found, expected) == 0, "\(model.outputNames[index]) \(expected.shape)",
                    sourceLocation: location)
            }
        }
    }

    @Test("the engine, at every level, imported and fused", arguments: files, Way.all)
    func engine(_ name: String, _ way: Way) throws {
        let model = try Fixture.model(name)
        try check(model, { try Self.run(model.program, $0.inputs, way) }, name)
    }

    @Test("the reference executor", arguments: files)
    func reference(_ name: String) throws {
        let model = try Fixture.model(name)
        let executor = ReferenceExecutor()
        try check(
            model,
            { run in
                let graph = try model.program.typed(inputShapes: run.inputs.map(\.shape), evaluator: executor)
                return try executor.run(graph, inputs: run.inputs.map { try ReferenceValue(StoredTensor($0)) })
                    .outputs.map(\.tensor)
            }, name)
    }

    @Test("4-bit weights: dynamic range and weights alone, within 1e-6 of LiteRT's default kernels", arguments: Way.all)
    func fourBits(_ way: Way) throws {
        let model = try Fixture.model("int4")
        let runs = try Fixture.runs("int4")
        #expect(!runs.isEmpty)
        for run in runs {
            let results = try Self.run(model.program, run.inputs, way)
            #expect(!results.isEmpty && results.count == run.xnnpack.count)
            for (found, expected) in zip(results, run.xnnpack) {
                let magnitude = max(1, expected.doubles.map(abs).max() ?? 0)
                let difference = zip(found.doubles, expected.doubles).map { abs($0 - $1) }.max() ?? .infinity
                #expect(found.shape == expected.shape && difference <= 1e-6 * magnitude, "\(expected.shape)")
            }
        }
    }

    @Test("the comparison can fail: by the other rule, and with a zero point moved by one, numbers differ")
    func negativeControl() throws {
        for (name, operations) in [
            ("integer_pairs", ["integerArithmetic"]), ("integer_products", ["integerFullyConnected", "integerMatmul"]),
        ] {
            let run = try #require(try Fixture.runs(name).first)
            let way = try #require(Way.all.last)
            for operation in operations {
                var model = try Fixture.model(name)
                for index in model.program.graphs[0].nodes.indices
                where model.program.graphs[0].nodes[index].operation.rawValue == operation
                    && model.program.graphs[0].nodes[index].attributes["rule"] == .text("xnnpack")
                {
                    model.program.graphs[0].nodes[index].attributes["rule"] = .text("builtin")
                }
                let results = try Self.run(model.program, run.inputs, way)
                let count = zip(results, run.xnnpack).reduce(0) { $0 + (Self.differing($1.0, $1.1) ?? 0) }
                #expect(count > 0, "\(operation) by the builtin rule")
            }
            var moved = try Fixture.model(name)
            let output = moved.outputNames[0]
            moved.program.graphs[0].quantizations[output]?.zeroPoint += 1
            let results = try Self.run(moved.program, run.inputs, way)
            #expect((Self.differing(results[0], run.xnnpack[0]) ?? 0) > 0, "\(name)")
        }
    }
}
