import EmotionFormer
import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat
import EmotionFormerTestSupport
import Foundation
import Testing

@Suite("Models of any inputs and outputs")
struct ModelTests {
    private func inputs(_ rows: [Float], count: Int) throws -> [String: ModelTensor] {
        [
            "face": try ModelTensor(rows, shape: [1, count, 2]),
            "weights": try ModelTensor([10, 100] as [Float], shape: [2]),
            "flags": try ModelTensor([1, -2, 3] as [Int32], shape: [1, 3]),
        ]
    }

    @Test("Inputs and outputs go by names, and an open axis takes any extent", arguments: [true, false])
    func run(hasOpenAxis: Bool) throws {
        let model = try Model(GeneralModel.package(hasOpenAxis: hasOpenAxis))
        #expect(model.inputs.map(\.name) == ["face", "weights", "flags"])
        #expect(model.inputs.map(\.elementType) == [.float32, .float32, .int32])
        #expect(model.outputs.map(\.name) == ["scaled", "sum", "counts"])
        let three = try model.run(inputs([1, 2, 3, 4, 5, 6], count: 3))
        #expect(three["sum"]?.floats == [9, 12] && three["scaled"]?.floats == [90, 1200])
        #expect(three["counts"]?.elements(as: Int32.self) == [2, -4, 6] && three["counts"]?.shape == [1, 3])
        #expect(three["counts"]?.floats == nil)
        guard hasOpenAxis else {
            #expect(
                refusal { try model.run(inputs([1, 2], count: 1)) }
                    == "input 'face': the shape does not fit (found [1, 1, 2], expected [1, 3, 2])")
            return
        }
        #expect(try model.run(inputs([1, 2], count: 1))["sum"]?.floats == [1, 2])
    }

    @Test("A session computes again and again in the same memory")
    func session() throws {
        let model = try Model(GeneralModel.package())
        let session = try model.session(shapes: ["face": [1, 2, 2]])
        try session.setInput("weights", to: ModelTensor([1, 1] as [Float], shape: [1, 2]))
        try session.setInput("flags", to: ModelTensor([0, 0, 7] as [Int32], shape: [3]))
        for value in [1, 2] as [Float] {
            try session.withInput("face") { bytes in
                for index in 0..<4 { bytes.storeBytes(of: value, toByteOffset: index * 4, as: Float.self) }
            }
            try session.run()
            #expect(try session.output("scaled").floats == [2 * value, 2 * value])
            #expect(try session.withOutput("counts") { $0.load(fromByteOffset: 8, as: Int32.self) } == 14)
        }
    }

    @Test("What does not fit is refused with the input's name")
    func refusals() throws {
        let model = try Model(GeneralModel.package())
        var given = try inputs([1, 2], count: 1)
        given["flags"] = try ModelTensor([1, 2, 3] as [Int64], shape: [1, 3])
        #expect(
            refusal { try model.run(given) }
                == "input 'flags': the elements are of another type (found int64, expected int32)")
        given["flags"] = nil
        #expect(refusal { try model.run(given) } == "inputs: an input is missing (expected 'flags')")
        given["other"] = try ModelTensor([1] as [Float], shape: [1])
        #expect(
            refusal { try model.run(given) }
                == "inputs: the model has no such input (found 'other', expected 'face', 'weights', 'flags')")
        #expect(
            refusal { try model.session() }
                == "input 'face': the model leaves axis 1 open: give a shape (found [1, any, 2])")
        #expect(refusal { try ModelTensor([1, 2] as [Float], shape: [3]) }.hasPrefix("tensor: the number of elements"))
        #expect(throws: EmotionFormerError.self) { try ModelTensor([] as [Float], shape: [-1]) }
        #expect(
            refusal { try ModelTensor([Long(), Long()], shape: [2]) }
                == "tensor: the Swift type is not as long as the elements (found 8 bytes, expected 4 for float32)")
        #expect(
            refusal { try EmotionModel(GeneralModel.package()) }.hasPrefix(
                "inputs: the model takes neither one clip nor the features of one frame (found 'x' float32 [1, null, 2], "
            ))
    }

    @Test("The logits of a softmax are those of its name, and another head's logits are another output")
    func logits() throws {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: [1, 4, 2])],
            outputs: ["emotion", "gaze", "raw"],
            nodes: [
                Node(.reduceMean, name: "raw", inputs: ["x"], outputs: ["raw"], attributes: ["axes": .integers([1])]),
                Node(.softmax, name: "emotion", inputs: ["raw"], outputs: ["emotion"]),
                Node(.negate, name: "gaze", inputs: ["raw"], outputs: ["gaze"]),
            ])
        let model = try EmotionModel(
            ModelPackage(
                name: "heads", producer: .init(tool: "tests", version: "1"),
                inputs: [
                    InputSpecification(
                        name: "clip", value: "x", role: .clip(InputDescription(frames: 4, features: 2, layout: .raw)))
                ], program: Program(graphs: [graph], tensors: [:]),
                outputs: [
                    OutputSpecification(name: "emotion", value: "emotion", kind: .probabilities),
                    OutputSpecification(name: "gaze", value: "gaze", kind: .logits),
                    OutputSpecification(name: "emotion/logits", value: "raw", kind: .logits),
                ]))
        let clip = try LandmarkClip(features: [1, 3, 1, 3, 1, 3, 1, 3], frameCount: 4, featureCount: 2)
        let prediction = try model.predict(clip)
        #expect(prediction.logits == [1, 3] && prediction.otherOutputs.map(\.name) == ["gaze"])
        #expect(prediction.otherOutputs[0].elements == [-1, -3])
    }

    @Test("A self-test compares every output that it expects, integers exactly")
    func selfTest() throws {
        let package = try GeneralModel.package()
        let good = try Model(package).run(try #require(package.selfTest))
        #expect(good.isPassed && good.clipCount == 2 && good.outputs.map(\.name) == ["scaled", "counts"])
        #expect(good.outputs.allSatisfy { $0.comparison.largestDifference == 0 })
        let wrong = try Model(package).run(try #require(GeneralModel.package(error: 1e-3).selfTest))
        #expect(!wrong.isPassed && wrong.outputs[1].comparison.isPassed)
    }

    @Test("An interpreter gives an open input its shape")
    func interpreter() throws {
        let folder = try Folder()
        let path = folder.path + "/model"
        try GeneralModel.package().write(to: path)
        let interpreter = try Interpreter(modelPath: path)
        #expect(refusal { try interpreter.allocateTensors() }.contains("the model leaves axis 1 open"))
        try interpreter.resizeInput(at: 0, to: [1, 4, 2])
        try interpreter.allocateTensors()
        #expect(try interpreter.input(at: 0).shape == [1, 4, 2] && interpreter.outputTensorCount == 3)
        let ones = [Float](repeating: 1, count: 8).withUnsafeBytes { Data($0) }
        try interpreter.copy(ones, toInputAt: 0)
        try interpreter.invoke()
        #expect(try interpreter.output(at: 1).floats == [4, 4])
        #expect(refusal { try interpreter.resizeInput(at: 3, to: [1]) }.contains("there is no such tensor"))
    }

    /// A type that says that it is another one.
    private struct Long: ModelElement {
        var value = 0.0
        static var modelElementType: ModelTensor.ElementType { .float32 }
    }

    private struct Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("emotionformer-\(UUID())").path
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    }
}
