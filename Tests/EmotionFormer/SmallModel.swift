import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat

@testable import EmotionFormer

/// A model whose outputs can be computed in the head: the softmax of (m₀, m₁, m₀ + m₁), where m are the means of two
/// features over time.
enum SmallModel {
    static let kernel: [Float] = [1, 0, 1, 0, 1, 1]

    static func package(
        frames: Int = 4, padding: InputDescription.Padding = .init(), labels: [String]? = ["Angry", "Happy", "Sad"],
        hasOpenTime: Bool = false, scale: Float = 1, selfTest: SelfTest? = nil
    ) throws(Fault) -> ModelPackage {
        let graph = Graph(
            name: "main",
            inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, hasOpenTime ? nil : frames, 2])],
            outputs: ["probabilities", "logits"],
            nodes: [
                Node(
                    .reduceMean, name: "mean", inputs: ["clip"], outputs: ["means"],
                    attributes: ["axes": .integers([1])]),
                Node(
                    .dense, name: "head", inputs: ["means"], outputs: ["logits"], weights: ["kernel": "head/kernel"]),
                Node(.softmax, name: "softmax", inputs: ["logits"], outputs: ["probabilities"]),
            ])
        let tensor = try Tensor(kernel.map { $0 * scale }, shape: Shape([2, 3]))
        return try ModelPackage(
            name: "small", producer: .init(tool: "tests", version: "1"),
            input: InputDescription(frames: frames, features: 2, layout: .raw, padding: padding), labels: labels,
            program: Program(graphs: [graph], tensors: ["head/kernel": StoredTensor(tensor)]),
            outputs: ModelPackage.Classes(probabilities: "probabilities", logits: "logits"), selfTest: selfTest)
    }

    /// The softmax over time of a frame's mean: as many outputs as frames.
    static func outputPerFrame(frames: Int) throws(Fault) -> ModelPackage {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, nil, 2])],
            outputs: ["probabilities"],
            nodes: [
                Node(
                    .reduceMean, name: "mean", inputs: ["clip"], outputs: ["means"],
                    attributes: ["axes": .integers([2])]),
                Node(.softmax, name: "softmax", inputs: ["means"], outputs: ["probabilities"]),
            ])
        return try ModelPackage(
            name: "an output a frame", producer: .init(tool: "tests", version: "1"),
            input: InputDescription(frames: frames, features: 2, layout: .raw, padding: .init(side: .none)),
            labels: nil,
            program: Program(graphs: [graph], tensors: [:]),
            outputs: ModelPackage.Classes(probabilities: "probabilities"))
    }

    /// A dense layer over the mean in time, with an activation, as the outputs.
    static func ending(
        in activation: ActivationFunction, classes: Int, features: Int = 2, layout: LandmarkLayout = .raw
    ) throws(Fault) -> ModelPackage {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, 4, features])],
            outputs: ["scores"],
            nodes: [
                Node(
                    .reduceMean, name: "mean", inputs: ["clip"], outputs: ["means"],
                    attributes: ["axes": .integers([1])]),
                Node(
                    .dense, name: "head", inputs: ["means"], outputs: ["head"],
                    attributes: ["activation": .text(activation.rawValue)], weights: ["kernel": "head/kernel"]),
                Node(
                    .reshape, name: "shaped", inputs: ["head"], outputs: ["scores"],
                    attributes: ["shape": .integers([1, classes])]),
            ])
        let tensor = try Tensor([Float](repeating: 0.5, count: features * classes), shape: Shape([features, classes]))
        var options = ImportOptions(name: "ending", producer: .init(tool: "tests", version: "1"))
        options.layout = layout
        return try ModelPackage(
            importing: Program(graphs: [graph], tensors: ["head/kernel": StoredTensor(tensor)]), options: options)
    }

    /// The softmax of each frame's features: a row of three classes a frame. Or, not following the frames, four rows made
    /// of all frames together.
    static func rows(
        padding: InputDescription.Padding = .init(), followingFrames: Bool = true
    ) throws(Fault) -> ModelPackage {
        let (classes, flat) = (followingFrames ? "clip" : "rows", followingFrames ? 2 : 8)
        let shapes = [
            Node(
                .reshape, name: "flat", inputs: ["clip"], outputs: ["flat"], attributes: ["shape": .integers([1, 8])]),
            Node(
                .reshape, name: "rows", inputs: ["flat"], outputs: ["rows"],
                attributes: ["shape": .integers([1, 4, flat / 4])]),
        ]
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, 4, 2])],
            outputs: ["probabilities"],
            nodes: (followingFrames ? [] : shapes) + [
                Node(
                    .dense, name: "head", inputs: [classes], outputs: ["logits"], weights: ["kernel": "head/kernel"]),
                Node(.softmax, name: "softmax", inputs: ["logits"], outputs: ["probabilities"]),
            ])
        var options = ImportOptions(name: "rows", producer: .init(tool: "tests", version: "1"))
        options.padding = padding
        return try ModelPackage(
            importing: Program(
                graphs: [graph], tensors: ["head/kernel": StoredTensor(Tensor(kernel, shape: Shape([2, 3])))]),
            options: options
        ).provingRows([[1, 4, 3]], Limits())
    }

    /// Frames of landmarks without a batch, as competitions have them: (frames, 4, 2) to three classes, of a file that
    /// leaves its first axis open.
    static func withoutBatch() throws(Fault) -> ModelPackage {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, 4, 2])],
            outputs: ["probabilities"],
            nodes: [
                Node(
                    .reduceMean, name: "mean", inputs: ["clip"], outputs: ["means"],
                    attributes: ["axes": .integers([0, 1])]),
                Node(
                    .dense, name: "head", inputs: ["means"], outputs: ["logits"], weights: ["kernel": "head/kernel"]),
                Node(.softmax, name: "softmax", inputs: ["logits"], outputs: ["probabilities"]),
            ])
        var options = ImportOptions(name: "no batch", producer: .init(tool: "tests", version: "1"))
        options.hasOpenFirstAxis = true
        options.outputExtents = [[3]]
        options.frames = 7
        return try ModelPackage(
            importing: Program(
                graphs: [graph], tensors: ["head/kernel": StoredTensor(Tensor(kernel, shape: Shape([2, 3])))]),
            options: options)
    }

    /// A self-test of one clip of ones, whose logits are (1, 1, 2 + error).
    static func selfTest(error: Float = 0) throws(Fault) -> SelfTest {
        let logits: [Float] = [1, 1, 2 + error]
        return SelfTest(
            oracle: "by hand", input: try Tensor([Float](repeating: 1, count: 8), shape: Shape([1, 4, 2])),
            probabilities: try Tensor([0.2119416, 0.2119416, 0.5761169] as [Float], shape: Shape([1, 3])),
            logits: try Tensor(logits, shape: Shape([1, 3])), tolerance: (probabilities: 2e-6, logits: 1e-5))
    }
}
