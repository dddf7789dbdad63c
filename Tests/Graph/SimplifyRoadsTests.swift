import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerReference
import EmotionFormerTFLiteImport
import Foundation
import Testing

/// Files of TensorFlow Lite's converter must come out as the layers from which they were converted.
@Suite struct SimplifyRoadsTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/tflite").standardizedFileURL

    private func graph(_ name: String) throws -> TypedGraph {
        let path = Self.folder.appendingPathComponent("\(name).tflite").path
        let program = try TFLiteImporter.read(contentsOf: path).program
        let shapes = try program.graphs[0].inputs.map { try Shape($0.extents.map { $0 ?? 1 }) }
        return try program.typed(inputShapes: shapes, evaluator: ReferenceExecutor())
    }

    private func counts(_ graph: TypedGraph) -> [String: Int] {
        Dictionary(graph.operations.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test(
        "a transformer of one block, whatever converter, batch and weights it has, is its Keras layers",
        arguments: ["k2", "k3"], ["float32", "float16", "int8", "float32_dynamic"])
    func transformer(keras: String, kind: String) throws {
        let graph = try graph("\(keras)_transformer_\(kind)").simplified()
        #expect(
            counts(graph) == [
                "dense": 9, "add": 2, "attention": 1, "layerNormalization": 2, "globalPooling1D": 1, "softmax": 1,
            ])
    }

    @Test(
        "a pre-norm transformer with gelu and positions is its Keras layers", arguments: ["k2", "k3"],
        ["float32", "float16", "int8"])
    func gelu(keras: String, kind: String) throws {
        let graph = try graph("\(keras)_prenorm_gelu_\(kind)").simplified()
        #expect(
            counts(graph) == [
                "dense": 9, "add": 2, "attention": 1, "layerNormalization": 3, "globalPooling1D": 1, "softmax": 1,
            ])
        #expect(graph.nodes.contains { $0.attributes["activation"] == .text("gelu") })
    }

    @Test(
        "two bidirectional LSTMs, fused by one converter and loops by the other, are lstm, the second its last steps",
        arguments: ["k2", "k3"], ["float32", "float16"])
    func recurrent(keras: String, kind: String) throws {
        let graph = try graph("\(keras)_bilstm_\(kind)").simplified()
        #expect(
            counts(graph) == [
                "lstm": 4, "reverse": 1, "concatenate": 2, "dense": 7, "add": 2, "attention": 1,
                "layerNormalization": 2, "softmax": 1,
            ])
        let layers = graph.nodes.filter { $0.operation == .lstm }
        #expect(layers.filter { $0.attributes["goBackwards"] == .boolean(true) }.count == 2)
        #expect(layers.filter { $0.attributes["returnSequences"] == .boolean(true) }.count == 2)
    }

    @Test("loops with int8 products stay loops")
    func quantizedLoops() throws {
        let graph = try graph("k3_bilstm_int8").simplified()
        #expect(counts(graph)["while"] == 4 && counts(graph)["lstm"] == nil)
    }

    @Test(
        "the layers compute what the file's operations do",
        arguments: [
            "k2_transformer_float32", "k3_transformer_float32_dynamic", "k2_prenorm_gelu_float32", "k2_masked_float32",
            "k3_masked_float32", "k2_bilstm_float32", "k3_bilstm_float32", "k2_convolution_float32",
            "k3_convolution_float32", "lstm", "matrix", "convolution",
        ])
    func results(name: String) throws {
        let graph = try graph(name)
        let result = try graph.simplifiedAndCompared(tolerance: 2e-6)
        #expect(result.nodes.count != graph.nodes.count)
    }
}
