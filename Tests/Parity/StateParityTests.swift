import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerReference
import EmotionFormerTFLiteImport
import Testing

/// Fused LSTMs that go on where the run before ended, against LiteRT's numbers.
@Suite struct StateParityTests {
    private func program(_ name: String) throws -> Program {
        try TFLiteImporter.read(try Fixture.bytes(name), name: name, keepsStates: true).program
    }

    private func difference(_ found: [Tensor], _ expected: [Tensor]) -> Double {
        zip(expected.indices, expected).map { index, expected in
            guard found.indices.contains(index), found[index].elementType == expected.elementType,
                found[index].shape == expected.shape
            else { return .infinity }
            return zip(found[index].doubles, expected.doubles).map { abs($0 - $1) }.max() ?? 0
        }.max() ?? .infinity
    }

    @Test(
        "run after run of one session agrees, at every level, imported and fused", arguments: Fixture.stateNames,
        Way.all)
    func engine(_ name: String, _ way: Way) throws {
        let given = try Fixture.stateRuns(name)
        let plan = try Plan(
            program(name), inputShapes: given.runs[0].inputs.map(\.shape),
            options: PlanOptions(instructionSet: way.instructionSet, stage: way.stage))
        #expect(!plan.variables.isEmpty)
        let session = Session(plan)
        for (number, run) in given.runs.enumerated() {
            if number == given.reset { session.resetStates() }
            for (index, input) in run.inputs.enumerated() {
                input.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
            }
            try session.run()
            let found = plan.outputTypes.enumerated().map { index, type in
                Tensor(type.elementType, type.shape) { $0.copyMemory(from: session.output(index)) }
            }
            let difference = difference(found, run.outputs)
            #expect(difference <= Fixture.stateTolerance(name), "run \(number): \(difference)")
        }
    }

    @Test("the reference executor goes on, too, before and after simplification", arguments: Fixture.stateNames)
    func reference(_ name: String) throws {
        let given = try Fixture.stateRuns(name)
        let executor = ReferenceExecutor()
        let typed = try program(name).typed(inputShapes: given.runs[0].inputs.map(\.shape), evaluator: executor)
        for graph in [typed, try typed.simplified()] {
            var variables: [ReferenceValue]?
            for (number, run) in given.runs.enumerated() {
                let inputs = try run.inputs.map { try ReferenceValue(StoredTensor($0)) }
                let result = try executor.run(
                    graph, inputs: inputs, variables: number == given.reset ? nil : variables)
                variables = result.variables
                let difference = difference(result.outputs.map(\.tensor), run.outputs)
                #expect(difference <= Fixture.stateTolerance(name), "run \(number): \(difference)")
            }
        }
    }

    @Test("the states are variables only for who asks for them, one for each state of the file")
    func asked() throws {
        #expect(try Fixture.model("k2_bilstm_float32").program.graphs[0].variables.isEmpty)
        let kept = try program("k2_bilstm_float32").graphs[0].variables
        #expect(kept.count == 8 && kept.allSatisfy(\.isState))
        // What a file reads and assigns itself is no state.
        let stream = try program("variables_stream").graphs[0].variables
        #expect(stream.count == 2 && !stream.contains(where: \.isState))
    }
}
