import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFixtures
import EmotionFormerGraph
import Testing

/// A list that one operator reserves and two loops fill, in the engine.
@Suite struct TensorListParityTests {
    /// Whose list the second loop begins with.
    enum Start: CaseIterable {
        /// The same as the first loop's; the converter merges equal operators.
        case shared
        /// One of its own.
        case own
        /// The one that the first loop has filled, as if it had been changed in place.
        case filled
    }

    /// A bidirectional layer whose second direction stops after five of twelve steps: its other rows were never set.
    private func program(_ name: String, _ start: Start) throws -> Program {
        var program = try Fixture.model(name).program
        let loops = program.graphs[0].nodes.indices.filter { program.graphs[0].nodes[$0].operation == .while }
        try #require(loops.count == 3)
        let (first, second) = (program.graphs[0].nodes[loops[0]], program.graphs[0].nodes[loops[1]])
        let list = try #require(first.inputs[2])
        guard case .text(let condition)? = second.attributes["condition"] else {
            Issue.record("the loop has no condition")
            return program
        }
        let graph = try #require(program.graphs.firstIndex { $0.name == condition })
        program.tensors["five"] = StoredTensor(Tensor(scalar: Int32(5)))
        for index in program.graphs[graph].nodes.indices
        where program.graphs[graph].nodes[index].operation == .constant {
            program.graphs[graph].nodes[index].weights["value"] = "five"
        }
        switch start {
        case .shared: program.graphs[0].nodes[loops[1]].inputs[2] = list
        case .own:
            let index = try #require(program.graphs[0].nodes.firstIndex { $0.outputs == [list] })
            var own = program.graphs[0].nodes[index]
            own.name = "own"
            own.outputs = ["own"]
            program.graphs[0].nodes[loops[1]].inputs[2] = "own"
            program.graphs[0].nodes.insert(own, at: index)
        case .filled: program.graphs[0].nodes[loops[1]].inputs[2] = first.outputs[2]
        }
        return try program.validated()
    }

    private func output(_ program: Program, _ input: Tensor, _ way: Way) throws -> [Double] {
        let plan = try Plan(
            program, inputShapes: [input.shape],
            options: PlanOptions(instructionSet: way.instructionSet, stage: way.stage))
        let session = Session(plan)
        input.withUnsafeBytes { session.input(0).copyMemory(from: $0) }
        try session.run()
        let type = plan.outputTypes[0]
        return Tensor(type.elementType, type.shape) { $0.copyMemory(from: session.output(0)) }.doubles
    }

    @Test(
        "what a loop writes into its list, another loop with the same list does not see",
        arguments: ["lists_k3_lstm_int8", "lists_k2_gru_float32"], Way.all)
    func value(_ name: String, _ way: Way) throws {
        let input = try #require(try Fixture.runs(name).first).inputs[0]
        let (shared, own, filled) = (
            try output(program(name, .shared), input, way), try output(program(name, .own), input, way),
            try output(program(name, .filled), input, way)
        )
        #expect(shared == own)
        #expect((zip(shared, filled).map { abs($0 - $1) }.max() ?? 0) > 1e-4)
    }
}
