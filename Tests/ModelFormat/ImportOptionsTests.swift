import EmotionFormerGraph
import EmotionFormerTensors
import EmotionFormerTestSupport
import Testing

@testable import EmotionFormerModelFormat

@Suite struct ImportOptionsTests {
    private let options = ImportOptions(name: "imported", producer: .init(tool: "test", version: "1"))

    @Test("the clip's size is the graph's, the operand of the softmax becomes an output as logits")
    func derived() throws {
        var program = try SmallPackage.program()
        program.graphs[0].outputs = ["probabilities"]
        let package = try ModelPackage(importing: program, options: options)
        #expect(package.input.frames == 4 && package.input.features == 3 && package.input.layout == .raw)
        #expect(package.outputs == .init(probabilities: "probabilities", logits: "logits"))
        #expect(package.program.graphs[0].outputs == ["probabilities", "logits"])
        #expect(package.input.padding == .init(value: 0, side: .end, order: .beforeNormalization))
    }

    @Test("without a softmax there are no logits")
    func withoutSoftmax() throws {
        var program = try SmallPackage.program()
        program.graphs[0].outputs = ["hidden"]
        #expect(try ModelPackage(importing: program, options: options).outputs.logits == nil)
    }

    @Test("a softmax is added to logits, and to nothing that is a softmax or a sigmoid already")
    func fromLogits() throws {
        var (program, options) = (try SmallPackage.program(), options)
        options.outputs = .logits
        program.graphs[0].outputs = ["logits"]
        let package = try ModelPackage(importing: program, options: options)
        #expect(package.outputs == .init(probabilities: "probabilities_", logits: "logits"))
        #expect(package.program.graphs[0].nodes.last?.operation == .softmax)
        program.graphs[0].outputs = ["probabilities"]
        #expect(
            refusal { try ModelPackage(importing: program, options: options) }
                == "outputs: the model's outputs are not logits (found a softmax)")
        program.graphs[0].nodes.append(
            Node(
                .activation, name: "score", inputs: ["logits"], outputs: ["score"],
                attributes: ["function": .text("sigmoid")]))
        program.graphs[0].outputs = ["score"]
        #expect(
            refusal { try ModelPackage(importing: program, options: options) }
                == "outputs: the model's outputs are not logits (found a sigmoid)")
        options.outputs = .sigmoid
        let two = try ModelPackage(importing: program, options: options)
        #expect(two.outputs == .init(probabilities: "probabilities_"))
        #expect(two.program.graphs[0].nodes.suffix(3).map(\.operation) == [.reshape, .rescaling, .concatenate])
        #expect(two.program.graphs[0].nodes.last?.inputs == ["otherClass", "sigmoid"])
        program.graphs[0].outputs = ["logits"]
        #expect(
            refusal { try ModelPackage(importing: program, options: options) }
                == "outputs: the model does not end in a sigmoid")
    }

    @Test("an open number of frames must be given, a fixed one cannot be changed")
    func frames() throws {
        var program = try SmallPackage.program()
        var options = options
        options.frames = 5
        #expect(
            throws: Fault(.invalidArgument, at: "frames", "the model has another number", found: "5", expected: "4")
        ) {
            try ModelPackage(importing: program, options: options)
        }
        program.graphs[0].inputs[0].extents[1] = nil
        #expect(try ModelPackage(importing: program, options: options).input.frames == 5)
        options.frames = nil
        let fault = #expect(throws: Fault.self) { try ModelPackage(importing: program, options: options) }
        #expect(fault?.description.contains("give the largest") == true)
    }

    @Test("published statistics of shape (1, 1, F) are taken, others of rank 3 are not")
    func statistics() throws {
        var options = options
        let ones = try SmallPackage.floats([1, 1, 1], 1, 1, 3)
        options.normalization = .init(mean: ones, standardDeviation: ones)
        let package = try ModelPackage(importing: SmallPackage.program(), options: options)
        #expect(package.input.normalization?.mean.shape.extents == [1, 3])
        options.normalization?.mean = try SmallPackage.floats([1, 1, 1], 3, 1, 1)
        #expect(
            refusal { try ModelPackage(importing: SmallPackage.program(), options: options) }
                == "input.normalization: mean: the shape does not broadcast to frames × features (found [3, 1, 1], expected [4, 3] or less)"
        )
    }

    @Test("a graph that takes no clip is refused with what it takes")
    func noClip() throws {
        var program = try SmallPackage.program()
        program.graphs[0].inputs[0].extents = [4, 3]
        let fault = #expect(throws: Fault.self) { try ModelPackage(importing: program, options: options) }
        #expect(fault?.description.contains("found [4, 3], expected [1, frames, features]") == true)
    }
}
