import EmotionFormerCore
import EmotionFormerGraph
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
        let clip = try #require(package.clip)
        #expect(clip.frames == 4 && clip.features == 3 && clip.layout == .raw)
        #expect(package.outputs.map(\.value) == ["probabilities", "logits"])
        #expect(package.outputs.map(\.kind) == [.probabilities, .logits])
        #expect(package.program.graphs[0].outputs == ["probabilities", "logits"])
        #expect(clip.padding == .init(value: 0, side: .end, order: .beforeNormalization))
    }

    @Test("without a softmax there are no logits")
    func withoutSoftmax() throws {
        var program = try SmallPackage.program()
        program.graphs[0].outputs = ["hidden"]
        #expect(try ModelPackage(importing: program, options: options).outputs.map(\.kind) == [.values])
    }

    @Test("a softmax is added to logits, and to nothing that is a softmax or a sigmoid already")
    func fromLogits() throws {
        var (program, options) = (try SmallPackage.program(), options)
        options.outputs = .logits
        program.graphs[0].outputs = ["logits"]
        let package = try ModelPackage(importing: program, options: options)
        #expect(package.outputs.map(\.value) == ["probabilities_", "logits"])
        #expect(package.outputs.map(\.kind) == [.probabilities, .logits])
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
        #expect(two.outputs.map(\.value) == ["probabilities_"] && two.outputs[0].kind == .probabilities)
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
        #expect(try ModelPackage(importing: program, options: options).clip?.frames == 5)
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
        #expect(package.clip?.normalization?.mean.shape.extents == [1, 3])
        options.normalization?.mean = try SmallPackage.floats([1, 1, 1], 3, 1, 1)
        #expect(
            refusal { try ModelPackage(importing: SmallPackage.program(), options: options) }
                == "input.normalization: mean: the shape does not broadcast to frames × features (found [3, 1, 1], expected [4, 3] or less)"
        )
    }

    @Test(
        "an input's role is found where its shape makes it certain",
        arguments: [
            ([1, 4, 3], .clip), ([1, 42], .vector), ([1, 30, 21, 2], .clip), ([1, 30, 21, 9], .tensor),
            ([1, 64, 64, 3], .tensor), ([4, 3], .tensor), ([1], .tensor), ([1, 2, 3, 4, 5], .tensor),
            ([1, 4, nil], .tensor),
        ] as [([Int?], InputSpecification.Role.Name)])
    func roles(extents: [Int?], role: InputSpecification.Role.Name) throws {
        var program = Program(
            graphs: [
                Graph(
                    name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: extents)],
                    outputs: ["y"], nodes: [Node(.negate, name: "n", inputs: ["x"], outputs: ["y"])])
            ], tensors: [:])
        let package = try ModelPackage(importing: program, options: options)
        #expect(package.inputs.map(\.role.name) == [role])
        program.graphs[0].inputs[0].elementType = .int32
        #expect(try ModelPackage(importing: program, options: options).inputs.map(\.role.name) == [.tensor])
    }

    @Test("options about clips are refused for a model of other inputs")
    func noClip() throws {
        var (program, options) = (try SmallPackage.program(), options)
        program.graphs[0].inputs[0].extents = [4, 3]
        options.frames = 4
        let fault = #expect(throws: Fault.self) { try ModelPackage(importing: program, options: options) }
        #expect(
            fault?.description
                == "frames: the model takes neither a clip nor a vector of features (found float32 [4, 3], expected an input of shape [1, frames, features])"
        )
    }
}
