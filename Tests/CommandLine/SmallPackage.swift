import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat
import Foundation

/// A model package on disk whose outputs can be computed in the head: the softmax of (m₀, m₁, m₀ + m₁), where m are the
/// means of two features over at most four frames; with an open number of frames, over as many as there are. Without
/// the softmax the three sums themselves are what it calls probabilities.
enum SmallPackage {
    static func write(
        to folder: TemporaryFolder, name: String = "model", labels: [String]? = ["Angry", "Happy, too", "Sad"],
        selfTest: Double? = nil, isOpen: Bool = false, hasSoftmax: Bool = true
    ) throws -> String {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, isOpen ? nil : 4, 2])],
            outputs: hasSoftmax ? ["probabilities", "logits"] : ["logits"],
            nodes: [
                Node(
                    .reduceMean, name: "mean", inputs: ["clip"], outputs: ["means"],
                    attributes: ["axes": .integers([1])]),
                Node(
                    .dense, name: "head", inputs: ["means"], outputs: ["logits"], weights: ["kernel": "head/kernel"]),
            ] + (hasSoftmax ? [Node(.softmax, name: "softmax", inputs: ["logits"], outputs: ["probabilities"])] : []))
        let test = try selfTest.map { error in
            SelfTest(
                oracle: "by hand", input: try Tensor([Float](repeating: 1, count: 8), shape: Shape([1, 4, 2])),
                probabilities: try Tensor([0.2119416, 0.2119416, 0.5761169] as [Float], shape: Shape([1, 3])),
                logits: try Tensor([1, 1, 2 + Float(error)], shape: Shape([1, 3])),
                tolerance: (probabilities: 2e-6, logits: 1e-5))
        }
        let kernel = StoredTensor(try Tensor([1, 0, 1, 0, 1, 1] as [Float], shape: Shape([2, 3])))
        let package = try ModelPackage(
            name: "small", producer: .init(tool: "tests", version: "1"),
            input: InputDescription(
                frames: 4, features: 2, layout: .raw, padding: .init(side: isOpen ? .none : .end)), labels: labels,
            program: Program(graphs: [graph], tensors: ["head/kernel": kernel]),
            outputs: hasSoftmax
                ? .init(probabilities: "probabilities", logits: "logits") : .init(probabilities: "logits"),
            selfTest: test)
        let path = folder.url.appendingPathComponent(name).path
        try package.write(to: path)
        return path
    }
}
