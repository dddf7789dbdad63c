import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerReference
import EmotionFormerTFLiteImport
import Testing

/// Files with variables that TensorFlow wrote, against LiteRT's numbers of runs that follow each other.
@Suite struct VariableParityTests {
    /// A file, and the largest difference that is allowed.
    struct File: Sendable, CustomTestStringConvertible {
        let name: String
        let tolerance: Double
        var testDescription: String { name }
    }

    /// A ring that is read before and after it is set beside an accumulator, in float and in integers; and variables that
    /// change places or are set in a loop or in a branch.
    static let files = [
        File(name: "variables_stream", tolerance: 2e-6), File(name: "variables_stream_int8", tolerance: 0),
        File(name: "variables_control", tolerance: 2e-6), File(name: "integer_variables", tolerance: 0),
    ]

    private func session(_ program: Program, _ inputs: [Tensor], _ way: Way, threads: Int = 1) throws -> Session {
        Session(
            try Plan(
                program, inputShapes: inputs.map(\.shape),
                options: PlanOptions(instructionSet: way.instructionSet, threads: threads, stage: way.stage)))
    }

    private func run(_ session: Session, _ inputs: [Tensor]) throws -> [Tensor] {
        for (index, input) in inputs.enumerated() {
            input.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
        try session.run()
        return session.plan.outputTypes.enumerated().map { index, type in
            Tensor(type.elementType, type.shape) { $0.copyMemory(from: session.output(index)) }
        }
    }

    /// The largest difference of all outputs; infinite if one is of another type.
    private func difference(_ found: [Tensor], _ expected: [Tensor]) -> Double {
        guard found.count == expected.count else { return .infinity }
        return zip(found, expected).map { found, expected in
            guard found.elementType == expected.elementType, found.shape == expected.shape else { return .infinity }
            return zip(found.doubles, expected.doubles).map { abs($0 - $1) }.max() ?? 0
        }.max() ?? .infinity
    }

    @Test("run after run of one session agrees, at every level, imported and fused", arguments: files, Way.all)
    func engine(_ file: File, _ way: Way) throws {
        let runs = try Fixture.runs(file.name)
        let session = try session(Fixture.model(file.name).program, runs[0].inputs, way)
        for _ in 0..<2 {
            for (index, run) in runs.enumerated() {
                let difference = difference(try self.run(session, run.inputs), run.xnnpack)
                #expect(difference <= file.tolerance, "run \(index): \(difference)")
            }
            session.resetVariables()
        }
    }

    @Test("the comparison can fail: numbers differ if every run begins anew", arguments: files.dropLast())
    func negativeControl(_ file: File) throws {
        let runs = try Fixture.runs(file.name)
        #expect(runs.count >= 5)
        let session = try session(Fixture.model(file.name).program, runs[0].inputs, try #require(Way.all.last))
        for (index, run) in runs.enumerated() {
            session.resetVariables()
            let difference = difference(try self.run(session, run.inputs), run.xnnpack)
            #expect(index == 0 ? difference <= file.tolerance : difference > 1e-3, "run \(index): \(difference)")
        }
    }

    @Test("the reference executor goes on, too", arguments: files)
    func reference(_ file: File) throws {
        let runs = try Fixture.runs(file.name)
        let executor = ReferenceExecutor()
        let typed = try Fixture.model(file.name).program.typed(
            inputShapes: runs[0].inputs.map(\.shape), evaluator: executor)
        for graph in [typed, try typed.simplified()] {
            var variables: [ReferenceValue]?
            for (index, run) in runs.enumerated() {
                let result = try executor.run(
                    graph, inputs: try run.inputs.map { try ReferenceValue(StoredTensor($0)) }, variables: variables)
                variables = result.variables
                let difference = difference(result.outputs.map(\.tensor), run.reference)
                #expect(difference <= file.tolerance, "run \(index): \(difference)")
            }
        }
    }

    @Test("threads and sessions in between change no bit", arguments: files, InstructionSet.available)
    func threads(_ file: File, _ instructionSet: InstructionSet) throws {
        let runs = try Fixture.runs(file.name)
        let program = try Fixture.model(file.name).program
        let way = Way(stage: .fused, instructionSet: instructionSet)
        let sessions = try [1, 2, 3, 1].map { try session(program, runs[0].inputs, way, threads: $0) }
        // The last is a run behind.
        var late: [Tensor] = []
        for run in runs {
            let results = try sessions.dropLast().map { try self.run($0, run.inputs) }
            for result in results { #expect(difference(result, results[0]) == 0) }
            if !late.isEmpty { _ = try self.run(sessions[3], late) }
            late = run.inputs
        }
        #expect(difference(try self.run(sessions[3], late), try self.last(sessions[0])) == 0)
    }

    private func last(_ session: Session) throws -> [Tensor] {
        session.plan.outputTypes.enumerated().map { index, type in
            Tensor(type.elementType, type.shape) { $0.copyMemory(from: session.output(index)) }
        }
    }

    @Test("what the files keep")
    func variables() throws {
        let stream = try Fixture.model("variables_stream").program.graphs[0]
        #expect(stream.variables.count == 2 && stream.inputs.count == 1)
        #expect(try Fixture.model("variables_control").program.graphs[0].variables.count == 4)
    }
}
