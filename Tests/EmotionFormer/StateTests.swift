import EmotionFormer
import EmotionFormerCore
import EmotionFormerFixtures
import Foundation
import Testing

/// Files of which LiteRT keeps the states of fused LSTMs from one run to the next; `Tools/make-fixtures states` makes the
/// runs.
@Suite("States of fused LSTMs") struct StateTests {
    private static func path(_ name: String) -> String { Fixture.folder.appendingPathComponent("\(name).tflite").path }

    private static func difference(_ found: [Double], _ expected: Tensor) -> Double {
        guard found.count == expected.shape.elementCount else { return .infinity }
        return zip(found, expected.doubles).map { abs($0 - $1) }.max() ?? .infinity
    }

    private static func numbers(_ tensor: Interpreter.Tensor) throws -> [Double] {
        if let floats = tensor.floats { return floats.map { Double($0) } }
        try #require(tensor.dataType == "int8")
        return tensor.data.map { Double(Int8(bitPattern: $0)) }
    }

    private static func data(_ tensor: Tensor) -> Data { tensor.withUnsafeBytes { Data($0) } }

    @Test(
        "the interpreter keeps them as LiteRT does, and resetVariableTensors sets them to zero",
        arguments: Fixture.stateNames)
    func interpreter(_ name: String) throws {
        let given = try Fixture.stateRuns(name)
        let (runs, reset) = (given.runs, given.reset)
        for level in EmotionModel.InstructionSet.available {
            let interpreter = try Interpreter(
                modelPath: Self.path(name), options: .init(instructionSet: level))
            try interpreter.allocateTensors()
            for (number, run) in runs.enumerated() {
                if number == reset { try interpreter.resetVariableTensors() }
                for (index, input) in run.inputs.enumerated() {
                    try interpreter.copy(Self.data(input), toInputAt: index)
                }
                try interpreter.invoke()
                for (index, expected) in run.outputs.enumerated() {
                    let found = try Self.numbers(try interpreter.output(at: index))
                    let difference = Self.difference(found, expected)
                    #expect(difference <= Fixture.stateTolerance(name), "\(level): run \(number), output \(index)")
                }
            }
        }
        // The negative control: LiteRT's second run of the same clip is not the first, and the one after a reset is.
        let first = runs[0].outputs.map(\.doubles)
        #expect(zip(first, runs[1].outputs).contains { Self.difference($0, $1) > 2 * Fixture.stateTolerance(name) })
        #expect(zip(first, runs[reset].outputs).allSatisfy { Self.difference($0, $1) == 0 })
    }

    @Test(
        "a session keeps them, any other run starts from zero", arguments: ["lstm", "lstm_int8", "k2_bilstm_float32"])
    func session(_ name: String) throws {
        let given = try Fixture.stateRuns(name)
        let (runs, reset) = (given.runs, given.reset)
        let model = try Model(path: Self.path(name))
        #expect(model.hasVariables)
        let session = try model.session()
        for (number, run) in runs.enumerated() {
            if number == reset { session.resetVariables() }
            var tensors: [String: ModelTensor] = [:]
            for (input, tensor) in zip(model.inputs, run.inputs) {
                tensors[input.name] = ModelTensor(tensor)
            }
            for (name, tensor) in tensors { try session.setInput(name, to: tensor) }
            try session.run()
            let alone = try model.run(tensors)
            for (output, expected) in zip(model.outputs, run.outputs) {
                let kept = try session.output(output.name).floats ?? []
                #expect(
                    Self.difference(kept.map { Double($0) }, expected) <= Fixture.stateTolerance(name), "run \(number)")
                let anew = (alone[output.name]?.floats ?? []).map { Double($0) }
                // Runs 0 and 1 have the same inputs; 2 has others, with which no run of LiteRT's begins.
                if number != 2 {
                    let index = try #require(model.outputs.firstIndex(of: output))
                    #expect(
                        Self.difference(anew, runs[0].outputs[index]) <= Fixture.stateTolerance(name), "run \(number)")
                }
            }
        }
    }

    @Test("clips, and rows of files, know nothing of those before")
    func clips() async throws {
        let name = "k2_bilstm_float32"
        let runs = try Fixture.stateRuns(name).runs
        let model = try EmotionModel(path: Self.path(name))
        #expect(!model.hasVariables)
        let clip = try LandmarkClip(
            features: runs[0].inputs[0].doubles.map { Float($0) }, frameCount: model.input.frames,
            featureCount: model.input.features)
        for prediction in try await model.predict([clip, clip, clip]) {
            let found = prediction.probabilities.map { Double($0) }
            #expect(Self.difference(found, runs[0].outputs[0]) <= 2e-6)
        }
    }

    @Test("variables that a file reads and assigns stay when resetVariableTensors is called, as in LiteRT")
    func otherVariables() throws {
        let given = try Fixture.stateRuns("variables_stream")
        let (runs, reset) = (given.runs, given.reset)
        let interpreter = try Interpreter(modelPath: Self.path("variables_stream"))
        try interpreter.allocateTensors()
        func invoked(_ run: Fixture.StateRuns.Run) throws -> [Double] {
            try interpreter.copy(Self.data(run.inputs[0]), toInputAt: 0)
            try interpreter.invoke()
            return try Self.numbers(try interpreter.output(at: 0))
        }
        for (number, run) in runs.enumerated() {
            if number == reset { try interpreter.resetVariableTensors() }
            #expect(Self.difference(try invoked(run), run.outputs[0]) <= 2e-6, "run \(number)")
        }
        // The negative control, and what starts anew.
        #expect(Self.difference(runs[0].outputs[0].doubles, runs[reset].outputs[0]) > 1e-3)
        try interpreter.allocateTensors()
        #expect(Self.difference(try invoked(runs[0]), runs[0].outputs[0]) <= 2e-6)
    }
}
