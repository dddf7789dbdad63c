import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph
import Testing

@testable import EmotionFormerModelFormat

/// The rules that the initializer holds for packages made in memory.
@Suite struct ModelPackageTests {
    private static func make(
        input: InputDescription? = nil, labels: [String]? = nil, program: Program? = nil,
        outputs: ModelPackage.Classes? = nil, selfTest: SelfTest? = nil
    ) throws -> ModelPackage {
        let package = try SmallPackage.make()
        return try ModelPackage(
            name: "made", producer: package.producer, input: input ?? #require(package.clip), labels: labels,
            program: program ?? package.program,
            outputs: outputs ?? .init(probabilities: "probabilities", logits: "logits"), selfTest: selfTest)
    }

    private static func expectFault(_ code: Fault.Code, _ part: String, _ body: () throws -> ModelPackage) {
        let fault = #expect(throws: Fault.self) { _ = try body() }
        #expect(fault?.code == code, "\(String(describing: fault))")
        #expect(fault?.description.contains(part) == true, "\(String(describing: fault))")
    }

    @Test("the labels are counted against a dense layer, a transposed one, and TensorFlow Lite's")
    func classCount() throws {
        for layout in ["inputOutput", "outputInput"] {
            var program = try SmallPackage.program()
            if layout == "outputInput" {
                let kernel = try #require(program.tensors["scores/kernel"]).tensor
                program.tensors["scores/kernel"] = StoredTensor(try kernel.reshaped(to: Shape([2, 3])))
            }
            program.graphs[0].nodes[2].attributes["kernelLayout"] = .text(layout)
            _ = try Self.make(labels: ["a", "b"], program: program)
            Self.expectFault(.shapeMismatch, "labels: there are more or fewer labels") {
                try Self.make(labels: ["a", "b", "c"], program: program)
            }
        }
        var program = try SmallPackage.program()
        let kernel = try #require(program.tensors["scores/kernel"]).tensor
        program.tensors["scores/kernel"] = StoredTensor(try kernel.reshaped(to: Shape([2, 3])))
        program.graphs[0].nodes[2] = Node(
            .fullyConnected, name: "scores", inputs: ["hidden", "weights"], outputs: ["logits"])
        program.graphs[0].nodes.insert(
            Node(.constant, name: "weights", outputs: ["weights"], weights: ["value": "scores/kernel"]), at: 0)
        _ = try Self.make(labels: ["a", "b"], program: program)
        Self.expectFault(.shapeMismatch, "found 1, expected 2") { try Self.make(labels: ["a"], program: program) }
    }

    @Test("clips of any length need an open time axis, and a graph with one takes both kinds of padding")
    func openTime() throws {
        var program = try SmallPackage.program()
        var input = try #require(try SmallPackage.make().clip)
        input.padding.side = .none
        Self.expectFault(.invalidValue, "open time axis") { try Self.make(input: input) }
        program.graphs[0].inputs[0].extents = [nil, nil, 3]
        _ = try Self.make(input: input, program: program)
        input.padding.side = .end
        _ = try Self.make(input: input, program: program)
    }

    @Test("a layout of three coordinates needs a multiple of three features")
    func layout() throws {
        var program = try SmallPackage.program()
        program.graphs[0].inputs[0].extents = [1, 4, 4]
        let input = InputDescription(frames: 4, features: 4, layout: .xyzPlanar)
        Self.expectFault(.layoutMismatch, "input.features: the layout 'xyz-planar' needs a multiple of 3 (found 4)") {
            try Self.make(input: input, program: program)
        }
    }

    @Test(
        "mean and standard deviation broadcast to frames × features as NumPy would",
        arguments: [
            ([], true), ([3], true), ([1, 3], true), ([4, 1], true), ([4, 3], true), ([1], true), ([4], false),
            ([3, 4], false), ([1, 1, 3], false), ([0], false),
        ] as [([Int], Bool)])
    func broadcasting(extents: [Int], isAllowed: Bool) throws {
        let shape = try Shape(extents)
        let ones = try Tensor([Float](repeating: 1, count: shape.elementCount), shape: shape)
        var input = try #require(try SmallPackage.make().clip)
        input.normalization = .init(mean: ones, standardDeviation: ones)
        if isAllowed {
            _ = try Self.make(input: input)
        } else {
            Self.expectFault(.shapeMismatch, "input.normalization: mean") { try Self.make(input: input) }
        }
    }

    @Test("statistics of another type are refused")
    func statisticsType() throws {
        var input = try #require(try SmallPackage.make().clip)
        input.normalization = .init(mean: Tensor([Int32(1), 2, 3]), standardDeviation: Tensor([Float(1), 1, 1]))
        Self.expectFault(.elementTypeMismatch, "mean: the tensor is of another type (found int32, expected float32)") {
            try Self.make(input: input)
        }
    }

    @Test("a self-test has the shapes of the model, and logits only where the model gives some")
    func selfTest() throws {
        let package = try SmallPackage.make()
        let test = try #require(package.selfTest)
        var wrong = test
        wrong.inputs[0].tensor = try test.inputs[0].tensor.reshaped(to: Shape([2, 3, 4]))
        Self.expectFault(.shapeMismatch, "selfTest: clip: the shape is not runs × frames × features") {
            try Self.make(selfTest: wrong)
        }
        wrong = test
        wrong.outputs[0].tensor = try test.outputs[0].tensor.reshaped(to: Shape([4, 1]))
        Self.expectFault(.shapeMismatch, "selfTest: probabilities") { try Self.make(selfTest: wrong) }
        Self.expectFault(.unknownName, "selfTest: logits") {
            try Self.make(outputs: ModelPackage.Classes(probabilities: "probabilities"), selfTest: test)
        }
        Self.expectFault(.shapeMismatch, "found [2, 2], expected [2, 3]") {
            var program = package.program
            program.graphs[0].outputs = ["pooled", "logits"]
            return try Self.make(
                labels: ["a", "b", "c"], program: program,
                outputs: ModelPackage.Classes(probabilities: "pooled"), selfTest: test)
        }
    }

    @Test("the main graph takes one clip of float32 and nothing else")
    func inputs() throws {
        var program = try SmallPackage.program()
        program.graphs[0].inputs.append(GraphInput(name: "other", elementType: .float32, extents: [1]))
        Self.expectFault(
            .invalidValue,
            "graph 'main': inputs: the main graph has another number of inputs than the model (found 2, expected 1)"
        ) {
            try Self.make(program: program)
        }
        Self.expectFault(.missingField, "there is no graph") {
            try Self.make(program: Program(graphs: [], tensors: [:]))
        }
    }

    @Test("metadata is an object, a source's SHA-256 one, a name not empty")
    func forPeople() throws {
        let package = try SmallPackage.make()
        func make(_ name: String, _ metadata: JSONValue?, _ sha256: String) throws -> ModelPackage {
            try ModelPackage(
                name: name, metadata: metadata,
                producer: .init(tool: "t", version: "1", sources: [.init(name: "s", sha256: sha256)]),
                inputs: package.inputs, program: package.program, outputs: package.outputs)
        }
        let hash = String(repeating: "f", count: 64)
        _ = try make("name", [:], hash)
        Self.expectFault(.invalidValue, "name") { try make("", nil, hash) }
        Self.expectFault(.invalidValue, "metadata") { try make("name", [1], hash) }
        Self.expectFault(.invalidValue, "producer.sources[0].sha256") { try make("name", nil, "F" + hash.dropFirst()) }
    }
}
