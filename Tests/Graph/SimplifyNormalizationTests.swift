import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct SimplifyNormalizationTests {
    /// mean · s, or its negative, and x · s, as the two versions of Keras lower layer normalization.
    private func lowered(isKeras3: Bool, varianceAxis: Int = 2, swapsGamma: Bool = false) throws -> TypedGraph {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 5, 5])
        let gamma = try builder.constant(isKeras3 ? [1, 1, 5] : [5])
        let otherGamma = swapsGamma ? try builder.constant([5]) : gamma
        let beta = try builder.constant(isKeras3 ? [1, 1, 5] : [5])
        let mean = try builder.mean(input, [2])
        let variance = try builder.mean(builder.binary(.squaredDifference, input, mean), [varianceAxis])
        let epsilon = builder.scalar(0.001)
        let sum = try builder.binary(.add, variance, epsilon)
        let root = try builder.node(.reciprocalSquareRoot, [sum], builder.graph.shape(of: sum).extents)
        let scale = try builder.binary(.multiply, root, gamma)
        let other = try builder.binary(.multiply, root, otherGamma)
        let output: Int
        if isKeras3 {
            let negative = try builder.node(.negate, [mean], [1, 5, 1])
            let offset = try builder.binary(.add, builder.binary(.multiply, negative, other), beta)
            output = try builder.binary(.add, builder.binary(.multiply, input, scale), offset)
        } else {
            let offset = try builder.binary(.subtract, beta, builder.binary(.multiply, mean, other))
            output = try builder.binary(.add, builder.binary(.multiply, input, scale), offset)
        }
        return builder.finished(output)
    }

    @Test("both lowered forms of layer normalization become one node with gamma and beta", arguments: [true, false])
    func layerNormalization(isKeras3: Bool) throws {
        let graph = try lowered(isKeras3: isKeras3).simplifiedAndCompared()
        try #require(graph.operations == ["layerNormalization"])
        #expect(graph.nodes[0].attributes["axes"] == .integers([-1]))
        #expect(graph.nodes[0].weights.keys.sorted() == ["beta", "gamma"])
    }

    @Test("a variance over another axis, or another gamma for the mean, is not a layer normalization and stays")
    func controls() throws {
        let axis = try lowered(isKeras3: true, varianceAxis: 1).simplifiedAndCompared()
        #expect(!axis.operations.contains("layerNormalization"))
        let gamma = try lowered(isKeras3: false, swapsGamma: true).simplifiedAndCompared()
        #expect(!gamma.operations.contains("layerNormalization"))
    }

    @Test("Keras 2's fused form, over the channels of a transposed image, becomes one node without the transposes")
    func fused() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 5, 6])
        let image = try builder.transpose(builder.reshape(input, [1, 5, 6, 1]), [0, 2, 3, 1])
        let mean = try builder.mean(image, [0, 1, 2], keep: false)
        let variance = try builder.mean(builder.binary(.squaredDifference, image, mean), [0, 1, 2], keep: false)
        let sum = try builder.binary(.add, variance, builder.scalar(0.001))
        let root = try builder.node(.reciprocalSquareRoot, [sum], [5])
        let zeros = builder.constant(Tensor([Float](repeating: 0, count: 5)))
        let offset = try builder.binary(.subtract, zeros, builder.binary(.multiply, mean, root))
        let normalized = try builder.binary(.add, builder.binary(.multiply, image, root), offset)
        let back = try builder.reshape(builder.transpose(normalized, [0, 3, 1, 2]), [1, 5, 6])
        let scaled = try builder.binary(.multiply, back, builder.constant([6]))
        let output = try builder.binary(.add, scaled, builder.constant([6]))
        let graph = try builder.finished(output).simplifiedAndCompared()
        try #require(graph.operations == ["layerNormalization"])
    }

    @Test("batch normalization joins the dense layer before it, unless an activation stands between")
    func batchNormalization() throws {
        for function in [ActivationFunction.linear, .relu] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 3, 4])
            let dense = try builder.node(
                .dense, [input], [1, 3, 2], attributes: ["activation": .text(function.rawValue)],
                weights: ["kernel": builder.weight([4, 2]), "bias": builder.weight([2])])
            let output = try builder.node(
                .batchNormalization, [dense], [1, 3, 2], attributes: ["epsilon": .number(0.001)],
                weights: [
                    "gamma": builder.weight([2]), "beta": builder.weight([2]), "mean": builder.weight([2]),
                    "variance": StoredTensor(Tensor([Float(0.5), 2])),
                ])
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations == (function == .linear ? ["dense"] : ["dense", "multiply", "add"]))
        }
    }

    @Test("gamma and beta that a converter put into the next layer's weights come back, unless those are int8")
    func unfolding() throws {
        for isQuantized in [false, true] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 3, 4])
            let normalized = try builder.node(
                .layerNormalization, [input], [1, 3, 4], attributes: ["epsilon": .number(0.001)])
            let scaled = try builder.binary(.multiply, normalized, builder.constant([4]))
            let residual = try builder.binary(.add, scaled, builder.constant([4]))
            let quantized = StoredTensor(
                Tensor(.int8, try Shape([4, 4])) { $0[3] = 5 },
                quantization: Quantization(scales: [0.1], zeroPoints: [0], axis: nil))
            let dense = try builder.node(
                .dense, [normalized], [1, 3, 4], attributes: ["kernelLayout": .text("outputInput")],
                weights: ["kernel": isQuantized ? quantized : builder.weight([4, 4])])
            let graph = try builder.finished(builder.binary(.add, residual, dense)).simplifiedAndCompared()
            #expect(
                graph.operations.sorted()
                    == (isQuantized
                        ? ["add", "add", "dense", "layerNormalization", "multiply"]
                        : ["add", "dense", "layerNormalization"]))
        }
    }
}
