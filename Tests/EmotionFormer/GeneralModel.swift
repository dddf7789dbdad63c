import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat

/// A model of two inputs and three outputs that can be computed in the head: `sum` is the sums of `face` (1, any, 2) over
/// its rows, `scaled` is `weights` (1, 2) times `sum`, `counts` doubles the integers of `flags` (1, 3).
enum GeneralModel {
    static func package(error: Float = 0, hasOpenAxis: Bool = true) throws(Fault) -> ModelPackage {
        let graph = Graph(
            name: "main",
            inputs: [
                GraphInput(name: "x", elementType: .float32, extents: [1, hasOpenAxis ? nil : 3, 2]),
                GraphInput(name: "w", elementType: .float32, extents: [1, 2]),
                GraphInput(name: "f", elementType: .int32, extents: [1, 3]),
            ], outputs: ["sum", "scaled", "counts"],
            nodes: [
                Node(
                    .reduceSum, name: "sum", inputs: ["x"], outputs: ["sum"], attributes: ["axes": .integers([1])]),
                Node(.multiply, name: "scaled", inputs: ["sum", "w"], outputs: ["scaled"]),
                Node(.add, name: "counts", inputs: ["f", "f"], outputs: ["counts"]),
            ])
        return try ModelPackage(
            name: "general", producer: .init(tool: "tests", version: "1"),
            inputs: [
                InputSpecification(name: "face", value: "x", role: .tensor),
                InputSpecification(name: "weights", value: "w", role: .tensor),
                InputSpecification(name: "flags", value: "f", role: .tensor),
            ], program: Program(graphs: [graph], tensors: [:]),
            outputs: [
                OutputSpecification(name: "scaled", value: "scaled", kind: .values),
                OutputSpecification(name: "sum", value: "sum", kind: .values),
                OutputSpecification(name: "counts", value: "counts", kind: .values),
            ],
            selfTest: SelfTest(
                oracle: "by hand",
                inputs: [
                    .init(
                        name: "face",
                        tensor: try Tensor([1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 1] as [Float], shape: Shape([2, 3, 2]))),
                    .init(name: "weights", tensor: try Tensor([1, 2, 3, 4] as [Float], shape: Shape([2, 2]))),
                    .init(name: "flags", tensor: try Tensor([1, 2, 3, 4, 5, 6] as [Int32], shape: Shape([2, 3]))),
                ],
                outputs: [
                    .init(
                        name: "scaled", tensor: try Tensor([9, 24, 0, 4 + error], shape: Shape([2, 2])),
                        tolerance: 1e-6),
                    .init(
                        name: "counts", tensor: try Tensor([2, 4, 6, 8, 10, 12] as [Int32], shape: Shape([2, 3])),
                        tolerance: 0),
                ]))
    }
}
