import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat
import Foundation

/// The smallest model that has every part of a package: 4 frames of 3 features, mean over time, two dense layers (the
/// first of int8), softmax over two classes.
enum SmallPackage {
    static func floats(_ values: [Float], _ extents: Int...) throws -> Tensor {
        try Tensor(values, shape: Shape(extents))
    }

    static func program() throws -> Program {
        let kernel = try Tensor([Int8](stride(from: -100, to: 98, by: 22)), shape: Shape([3, 3]))
        return Program(
            graphs: [
                Graph(
                    name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, 4, 3])],
                    outputs: ["probabilities", "logits"],
                    nodes: [
                        Node(.globalPooling1D, name: "mean", inputs: ["clip"], outputs: ["pooled"]),
                        Node(
                            .dense, name: "hidden", inputs: ["pooled"], outputs: ["hidden"],
                            attributes: ["activation": .text("relu")],
                            weights: ["kernel": "hidden/kernel", "bias": "hidden/bias"]),
                        Node(
                            .dense, name: "scores", inputs: ["hidden"], outputs: ["logits"],
                            weights: ["kernel": "scores/kernel"]),
                        Node(.softmax, name: "softmax", inputs: ["logits"], outputs: ["probabilities"]),
                    ])
            ],
            tensors: [
                "hidden/kernel": StoredTensor(
                    kernel, quantization: Quantization(scales: [0.5, 0.25, 2], zeroPoints: [0, 0, 0], axis: 1)),
                "hidden/bias": StoredTensor(try floats([1, -2, 0.1], 3)),
                "scores/kernel": StoredTensor(try floats([1, 2, 3, 4, 5, -6.5], 3, 2)),
            ])
    }

    /// - Parameter other: instead of `program()`.
    static func make(selfTest: Bool = true, program other: Program? = nil) throws -> ModelPackage {
        let clips = try floats((0..<24).map { Float($0) / 7 }, 2, 4, 3)
        return try ModelPackage(
            name: "small", license: "Apache-2.0", citation: "A “citation”\nof two lines",
            metadata: ["a": [1, 2.5, .null], "z": ["nested": true, "one": 1.0, "text": "\u{1}\\\"é😀"]],
            producer: .init(
                tool: "test", version: "1",
                sources: [.init(name: "model.h5", sha256: String(repeating: "0a", count: 32))]),
            input: InputDescription(
                frames: 4, features: 3, layout: .raw,
                normalization: .init(
                    mean: floats([0.5, 0, 1], 3), standardDeviation: floats([1, 2, 4], 1, 3), epsilon: 1e-7),
                padding: .init(value: -1.5, side: .start, order: .afterNormalization), truncation: .uniform,
                missingFrame: .repeatPrevious, missingValue: .zeros),
            labels: ["Happy", "Sad"], program: other ?? program(),
            outputs: ModelPackage.Classes(probabilities: "probabilities", logits: "logits"),
            selfTest: selfTest
                ? SelfTest(
                    oracle: "numpy-float64", input: clips, probabilities: floats([0.5, 0.5, 0.25, 0.75], 2, 2),
                    logits: floats([0, 0, 1, 2], 2, 2), tolerance: (probabilities: 2e-6, logits: 1e-5)) : nil)
    }

    static func bytes(_ tensor: Tensor) -> [UInt8] { tensor.withUnsafeBytes { Array($0) } }
}
