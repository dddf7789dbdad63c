import EmotionFormerEngine
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerReference
import EmotionFormerTFLiteImport
import EmotionFormerTensors
import Testing

/// Operators on quantized integers: LiteRT's numbers, to the bit.
@Suite struct IntegerParityTests {
    /// Operators alone, and whole models.
    static let files = Fixture.names.filter { $0.hasPrefix("integer_") || $0.hasPrefix("integers_") }

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

    /// The number of elements that differ; nil for another type or shape.
    private func differing(_ found: Tensor, _ expected: Tensor) -> Int? {
        guard found.elementType == expected.elementType, found.shape == expected.shape else { return nil }
        return zip(found.doubles, expected.doubles).count { $0 != $1 }
    }

    @Test("the engine, at every level, imported and fused", arguments: files, Way.all)
    func engine(_ name: String, _ way: Way) throws {
        let model = try Fixture.model(name)
        for run in try Fixture.runs(name) {
            let results = try self.run(model.program, run.inputs, way)
            #expect(results.count == run.xnnpack.count)
            for (index, (found, expected)) in zip(results, run.xnnpack).enumerated() {
                #expect(differing(found, expected) == 0, "\(model.outputNames[index]) \(expected.shape)")
            }
        }
    }

    @Test("the reference executor", arguments: files)
    func reference(_ name: String) throws {
        let model = try Fixture.model(name)
        let executor = ReferenceExecutor()
        for run in try Fixture.runs(name) {
            let graph = try model.program.typed(inputShapes: run.inputs.map(\.shape), evaluator: executor)
            let results = try executor.run(
                graph, inputs: try run.inputs.map { try ReferenceValue(StoredTensor($0)) }
            ).outputs
            for (index, (found, expected)) in zip(results, run.xnnpack).enumerated() {
                #expect(
                    differing(found.tensor, expected) == 0, "\(model.outputNames[index]) \(expected.shape)")
            }
        }
    }

    @Test("4-bit weights: dynamic range and weights alone, within 1e-6 of LiteRT's default kernels", arguments: Way.all)
    func fourBits(_ way: Way) throws {
        let model = try Fixture.model("int4")
        for run in try Fixture.runs("int4") {
            for (found, expected) in zip(try self.run(model.program, run.inputs, way), run.xnnpack) {
                let magnitude = max(1, expected.doubles.map(abs).max() ?? 0)
                let difference = zip(found.doubles, expected.doubles).map { abs($0 - $1) }.max() ?? .infinity
                #expect(found.shape == expected.shape && difference <= 1e-6 * magnitude, "\(expected.shape)")
            }
        }
    }

    @Test("every operation on quantized integers, and every kind of it, is in a file")
    func coverage() throws {
        var found = Set<String>()
        for name in Self.files {
            for node in try Fixture.model(name).program.graphs.flatMap(\.nodes) where node.operation.isInteger {
                found.insert(node.operation.rawValue)
                for attribute in ["kind", "function"] {
                    if case .text(let kind)? = node.attributes[attribute] { found.insert(kind) }
                }
                if case .text(let rule)? = node.attributes["rule"] {
                    found.insert("\(node.operation.rawValue) \(rule)")
                }
            }
        }
        for kind in OperationFamily.Integer.allCases { #expect(found.contains(kind.rawValue)) }
        for kind in IntegerPair.Kind.allCases { #expect(found.contains(kind.rawValue)) }
        for kind in IntegerReduction.Kind.allCases { #expect(found.contains(kind.rawValue)) }
        for function in IntegerFunction.allCases where function != .relu0To1 {
            #expect(found.contains(function.rawValue), "\(function)")
        }
        for operation in [
            "integerFullyConnected", "integerMatmul", "integerConv2D", "integerArithmetic", "integerFunction",
            "integerReduction",
        ] {
            for rule in IntegerRule.allCases { #expect(found.contains("\(operation) \(rule.rawValue)")) }
        }
    }

    @Test("the comparison can fail: by the other rule, and with a zero point moved by one, numbers differ")
    func negativeControl() throws {
        for (name, operations) in [
            ("integer_pairs", ["integerArithmetic"]), ("integer_functions", ["integerFunction"]),
            ("integer_products", ["integerFullyConnected", "integerMatmul"]), ("integer_rows", ["integerReduction"]),
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
                let results = try self.run(model.program, run.inputs, way)
                let count = zip(results, run.xnnpack).reduce(0) { $0 + (differing($1.0, $1.1) ?? 0) }
                #expect(count > 0, "\(operation) by the builtin rule")
            }
            var moved = try Fixture.model(name)
            let output = moved.outputNames[0]
            moved.program.graphs[0].quantizations[output]?.zeroPoint += 1
            let results = try self.run(moved.program, run.inputs, way)
            #expect(differing(results[0], run.xnnpack[0]) != 0, "\(name)")
        }
    }
}
