import EmotionFormer
import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerModelFormat
import EmotionFormerTestSupport
import Foundation
import Testing

/// A model whose `total` grows by a clip's frames. It gives the total.
enum TallyModel {
    /// - Parameters:
    ///   - hasOpenTime: whether it takes clips of up to `frames` frames.
    ///   - expects: the outputs of a self-test with clips of ones; none if empty.
    static func package(frames: Int = 2, hasOpenTime: Bool = false, expects: [Float] = []) throws -> ModelPackage {
        let graph = Graph(
            name: "main",
            inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, hasOpenTime ? nil : frames, 2])],
            outputs: ["after"],
            nodes: [
                Node(
                    .reduceSum, name: "frames", inputs: ["clip"], outputs: ["frames"],
                    attributes: ["axes": .integers([1]), "keepDimensions": .boolean(false)]),
                Node(.add, name: "after", inputs: ["before", "frames"], outputs: ["after"]),
            ], variables: [GraphVariable(name: "total", input: "before", output: "after", initial: "initial")])
        let runs = expects.count / 2
        let test = try SelfTest(
            oracle: "by hand",
            inputs: [
                .init(
                    name: "clip",
                    tensor: Tensor(
                        [Float](repeating: 1, count: runs * frames * 2), shape: Shape([runs, frames, 2])))
            ],
            outputs: [.init(name: "total", tensor: Tensor(expects, shape: Shape([runs, 2])), tolerance: 1e-6)])
        return try ModelPackage(
            name: "tally", producer: .init(tool: "tests", version: "1"),
            inputs: [
                InputSpecification(
                    name: "clip", value: "clip",
                    role: .clip(
                        InputDescription(
                            frames: frames, features: 2, layout: .raw, padding: .init(side: hasOpenTime ? .none : .end))
                    ))
            ],
            program: Program(
                graphs: [graph],
                tensors: ["initial": StoredTensor(Tensor([100, 200] as [Float], shape: Shape([1, 2])))]),
            outputs: [OutputSpecification(name: "total", value: "after", kind: .values)],
            selfTest: runs == 0 ? nil : test)
    }

    static func clip(_ first: Float, _ second: Float, frames: Int = 2) throws -> LandmarkClip {
        let values = [first, second] + [Float](repeating: 0, count: 2 * (frames - 1))
        return try LandmarkClip(features: values, frameCount: frames, featureCount: 2)
    }
}

@Suite("Models with variables")
struct VariableModelTests {
    private func tensor(_ values: [Float]) throws -> ModelTensor { try ModelTensor(values, shape: [1, 2, 2]) }

    @Test("A session goes on from run to run, and each has its own variables; run(_:) starts anew")
    func sessions() throws {
        let model = try Model(TallyModel.package())
        #expect(model.hasVariables)
        #expect(model.variables.map(\.name) == ["total"] && model.variables[0].shape == [1, 2])
        #expect(model.variables[0].elementType == .float32)
        let (one, other) = (try model.session(), try model.session())
        try one.setInput("clip", to: tensor([1, 2, 3, 4]))
        try other.setInput("clip", to: tensor([1, 1, 1, 1]))
        for turn in [1, 2, 3] as [Float] {
            try one.run()
            try other.run()
            #expect(try one.output("total").floats == [100 + 4 * turn, 200 + 6 * turn])
            #expect(try other.output("total").floats == [100 + 2 * turn, 200 + 2 * turn])
            #expect(try model.run(["clip": tensor([1, 1, 1, 1])])["total"]?.floats == [102, 202])
        }
        #expect(try one.variable("total").floats == [112, 218])
        one.resetVariables()
        #expect(try one.variable("total").floats == [100, 200])
        try one.run()
        #expect(try one.output("total").floats == [104, 206])
        #expect(
            refusal { try one.variable("other") }
                == "variables: the model has no such variable (found 'other', expected 'total')")
        #expect(try Model(SmallModel.package()).hasVariables == false)
    }

    @Test("A package that is written and read again keeps its variables", arguments: [true, false])
    func package(isInterpreter: Bool) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/tally"
        try TallyModel.package().write(to: path)
        if isInterpreter {
            let interpreter = try Interpreter(modelPath: path)
            try interpreter.allocateTensors()
            #expect(interpreter.inputTensorCount == 1 && interpreter.outputTensorCount == 1)
            let data = ([1, 2, 3, 4] as [Float]).withUnsafeBytes { Data($0) }
            func invoked() throws -> [Float]? {
                try interpreter.copy(data, toInputAt: 0)
                try interpreter.invoke()
                return try interpreter.output(at: 0).floats
            }
            #expect(try invoked() == [104, 206])
            #expect(try invoked() == [108, 212])
            // As in TensorFlow Lite, this resets the states of fused LSTMs alone.
            try interpreter.resetVariableTensors()
            #expect(try invoked() == [112, 218])
            try interpreter.allocateTensors()
            #expect(try invoked() == [104, 206])
            let other = try Interpreter(modelPath: path)
            #expect(
                refusal { try other.resetVariableTensors() }.hasPrefix("interpreter: the tensors are not allocated"))
        } else {
            let session = try Model(path: path).session()
            try session.setInput("clip", to: tensor([1, 2, 3, 4]))
            for _ in 0..<3 { try session.run() }
            #expect(try session.output("total").floats == [112, 218])
        }
    }

    @Test("One clip starts anew; clips of a list and of a sequence follow each other", arguments: [1, 2])
    func clips(threads: Int) async throws {
        let model = try EmotionModel(TallyModel.package(), options: .init(threads: threads))
        #expect(model.hasVariables)
        let clips = try (1...40).map { try TallyModel.clip(Float($0), 1) }
        #expect(try model.predict(clips[0]).outputs == [101, 201])
        #expect(try model.predict(clips[1]).outputs == [102, 201])
        var expected: [[Float]] = []
        for clip in 1...40 { expected.append([Float(100 + clip * (clip + 1) / 2), Float(200 + clip)]) }
        for width in [1, 4, nil] {
            #expect(try await model.predict(clips, concurrency: width).map(\.outputs) == expected)
        }
        var sequence = ClipSequence(model)
        #expect(try clips.prefix(3).map { try sequence.predict($0).outputs } == Array(expected.prefix(3)))
        var copy = sequence
        #expect(try copy.predict(clips[3]).outputs == expected[3])
        #expect(try sequence.predict(clips[3]).outputs == expected[3])
        // A prediction that fails, here by a sum that is not finite, leaves the sequence as it was.
        let large = try LandmarkClip(features: [3e38, 0, 3e38, 0], frameCount: 2, featureCount: 2)
        #expect(refusal { try sequence.predict(large) }.contains("not a finite number"))
        #expect(try sequence.predict(clips[4]).outputs == expected[4])
        sequence.resetVariables()
        #expect(try sequence.predict(clips[0]).outputs == expected[0])
    }

    @Test("Clips of several lengths share the variables")
    func lengths() async throws {
        let model = try EmotionModel(TallyModel.package(frames: 4, hasOpenTime: true))
        let clips = try [2, 4, 1, 3].map { try TallyModel.clip(1, 2, frames: $0) }
        #expect(
            try await model.predict(clips).map(\.outputs) == [[101, 202], [102, 204], [103, 206], [104, 208]])
    }

    @Test("Many threads predict with one model")
    func threads() async throws {
        let model = try EmotionModel(TallyModel.package())
        let sums = try await withThrowingTaskGroup(of: [Float].self) { group in
            for task in 1...8 {
                group.addTask {
                    var sequence = ClipSequence(model)
                    for _ in 0..<200 { _ = try sequence.predict(TallyModel.clip(Float(task), 1)) }
                    return try sequence.predict(TallyModel.clip(0, 0)).outputs
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let expected: [[Float]] = (1...8).map { (task: Int) -> [Float] in [Float(100 + 200 * task), 400] }
        #expect(Set(sums) == Set(expected))
    }

    @Test("The runs of a self-test follow each other")
    func selfTest() throws {
        let package = try TallyModel.package(expects: [102, 202, 104, 204, 106, 206])
        let test = try #require(package.selfTest)
        #expect(try Model(package).run(test).isPassed)
        let other = try TallyModel.package(expects: [102, 202, 102, 202])
        #expect(try Model(other).run(#require(other.selfTest)).isPassed == false)
    }

    @Test("A stream's windows follow each other and share no frames")
    func stream() throws {
        let model = try EmotionModel(TallyModel.package())
        var stream = try EmotionStream(model, options: .init(hop: 2))
        var copy: EmotionStream?
        var totals: [[Float]] = []
        let frames = try LandmarkClip(
            features: (1...7).flatMap { [Float($0), 1] }, frameCount: 7, featureCount: 2
        ).frames()
        for (index, frame) in frames.enumerated() {
            if let prediction = try stream.append(frame) { totals.append(prediction.outputs) }
            if index == 3 { copy = stream }
        }
        #expect(totals == [[103, 202], [110, 204], [121, 206]])
        // One frame is left, which is no window.
        #expect(try stream.finish() == nil)
        #expect(try copy?.append(frames[4]) == nil)
        #expect(try copy?.append(frames[5])?.outputs == [121, 206])
        for options in [EmotionStream.Options(hop: 1), .init(hop: 3), .init(hop: 2, minimumFrames: 1)] {
            #expect(
                refusal { try EmotionStream(model, options: options) }.hasPrefix(
                    "hop: the model has variables, which it hands on from window to window"))
        }
    }
}
