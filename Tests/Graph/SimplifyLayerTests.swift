import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct SimplifyLayerTests {
    @Test("fullyConnected on flattened rows, its bias and activation become one dense without reshapes")
    func dense() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 3, 4])
        let flat = try builder.reshape(input, [3, 4])
        let product = try builder.node(.fullyConnected, [flat, builder.constant([6, 4])], [3, 6])
        let heads = try builder.reshape(builder.reshape(product, [1, 3, 6]), [1, 3, 2, 3])
        let sum = try builder.binary(.add, heads, builder.constant([2, 3]))
        let scaled = try builder.binary(.multiply, sum, builder.scalar(0.25))
        let output = try builder.reshape(builder.activation(.relu, scaled), [1, 3, 6])
        let graph = try builder.finished(output).simplifiedAndCompared()
        try #require(graph.operations == ["dense"])
        #expect(graph.nodes[0].attributes["activation"] == .text("relu"))
        #expect(graph.values[graph.outputs[0]].name == builder.graph.values[output].name)
    }

    @Test("int8 weights keep their scales; without asymmetric rows they stay fullyConnected")
    func quantized() throws {
        for isAsymmetric in [true, false] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 2, 2])
            let kernel = try Tensor([Int8(1), -2, 3, 4, -5, 6], shape: Shape([3, 2]))
            let weights = builder.constant(kernel)
            let scales = Quantization(scales: [0.5, 0.25, 0.125], zeroPoints: [0, 0, 0], axis: 0)
            builder.graph.values[weights].constant = StoredTensor(kernel, quantization: scales)
            let output = try builder.node(
                .fullyConnected, [input, weights], [1, 2, 3],
                attributes: ["keepDimensions": .boolean(true), "asymmetricQuantizeInputs": .boolean(isAsymmetric)])
            let graph = try builder.finished(output).simplifiedAndCompared()
            try #require(graph.operations == [isAsymmetric ? "dense" : "fullyConnected"])
            if isAsymmetric { #expect(graph.nodes[0].weights["kernel"]?.quantization == scales) }
        }
    }

    @Test("the formulas of gelu, silu and hardSilu become activations; a wrong factor does not")
    func activations() throws {
        for (factor, expected) in [(Float(0.5), ["activation"]), (0.4, nil)] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 8])
            let scaled = try builder.binary(.multiply, input, builder.scalar(0.707_106_78))
            let error = try builder.node(.errorFunction, [scaled], [1, 8])
            let half = try builder.binary(.multiply, input, builder.scalar(factor))
            let output = try builder.binary(.multiply, half, builder.binary(.add, error, builder.scalar(1)))
            let graph = try builder.finished(output).simplifiedAndCompared()
            if let expected {
                try #require(graph.operations == expected)
                #expect(graph.nodes[0].attributes["function"] == .text("gelu"))
            } else {
                #expect(graph.operations.contains("errorFunction"))
            }
        }
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 8])
        let cube = try builder.binary(.power, input, builder.scalar(3))
        let polynomial = try builder.binary(.add, input, builder.binary(.multiply, cube, builder.scalar(0.044_715)))
        let tanh = try builder.activation(.tanh, builder.binary(.multiply, builder.scalar(0.797_884_56), polynomial))
        let gelu = try builder.binary(
            .multiply, builder.binary(.multiply, input, builder.scalar(0.5)),
            builder.binary(.add, builder.scalar(1), tanh))
        let silu = try builder.binary(.multiply, gelu, builder.activation(.sigmoid, gelu))
        let clipped = try builder.activation(.relu6, builder.binary(.add, silu, builder.scalar(3)))
        let output = try builder.binary(
            .multiply, silu, builder.binary(.multiply, clipped, builder.scalar(1 / 6)))
        let graph = try builder.finished(output).simplifiedAndCompared()
        try #require(graph.operations == ["activation", "activation", "activation"])
        #expect(graph.nodes.map { $0.attributes["function"] } == [.text("geluTanh"), .text("silu"), .text("hardSilu")])
    }

    @Test("a convolution of an image of one row is one along time; zeros in front make it causal")
    func convolution() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 7, 3])
        let padded = try builder.node(
            .pad, [input], [1, 9, 3], attributes: ["paddings": .integers([0, 0, 2, 0, 0, 0])])
        let image = try builder.reshape(padded, [1, 1, 9, 3])
        let result = try builder.node(
            .conv2D, [image, builder.constant([5, 1, 3, 3]), builder.constant([5])], [1, 1, 7, 5])
        let output = try builder.reshape(builder.activation(.relu, result), [1, 7, 5])
        let graph = try builder.finished(output).simplifiedAndCompared()
        try #require(graph.operations == ["conv1D"])
        #expect(graph.nodes[0].attributes["padding"] == .text("causal"))
    }

    @Test("a convolution of single places is a dense layer, with the activation and the normalization behind it")
    func pointwiseConvolution() throws {
        var builder = GraphBuilder()
        let picture = try builder.input("picture", [2, 4, 5, 3])
        let result = try builder.node(
            .conv2D, [picture, builder.constant([6, 1, 1, 3]), builder.constant([6])], [2, 4, 5, 6])
        let scaled = try builder.binary(.multiply, result, builder.constant([6]))
        let shifted = try builder.binary(.add, scaled, builder.constant([1, 1, 1, 6]))
        let graph = try builder.finished(builder.activation(.relu6, shifted)).simplifiedAndCompared()
        try #require(graph.operations == ["dense"])
        #expect(graph.nodes[0].attributes["activation"] == .text("relu6"))
    }

    @Test("a normalization behind a convolution of pictures joins its weights", arguments: [true, false])
    func normalizedConvolution(hasBias: Bool) throws {
        var builder = GraphBuilder()
        let picture = try builder.input("picture", [1, 6, 7, 4])
        let bias = hasBias ? try builder.constant([8]) : nil
        let first = try builder.node(.conv2D, [picture, builder.constant([8, 3, 2, 2]), bias], [1, 4, 6, 8])
        let scaled = try builder.binary(.multiply, first, builder.constant([8]))
        let shifted = try builder.binary(.add, scaled, builder.constant([8]))
        let own = hasBias ? try builder.constant([16]) : nil
        let second = try builder.node(
            .depthwiseConv2D, [shifted, builder.constant([1, 3, 3, 16]), own], [1, 2, 4, 16],
            attributes: ["multiplier": .integer(2)])
        let last = try builder.binary(
            .multiply, builder.binary(.add, second, builder.constant([16])), builder.constant([1, 16]))
        let graph = try builder.finished(last).simplifiedAndCompared()
        #expect(graph.operations == ["conv2D", "depthwiseConv2D"])
    }

    @Test("masking and the masked mean are found in their lowered forms", arguments: [true, false])
    func masks(selects: Bool) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 6, 3])
        let differs = try builder.node(.notEqual, [input, builder.scalar(0)], [1, 6, 3], .bool)
        let kept = try builder.node(
            .reduceAny, [differs], [1, 6, 1], .bool,
            attributes: ["axes": .integers([-1]), "keepDimensions": .boolean(true)])
        let mask = try builder.node(.reduceAny, [differs], [1, 6], .bool, attributes: ["axes": .integers([2])])
        let steps = try builder.reshape(mask, [1, 6, 1])
        let cast = try builder.node(.cast, [steps], [1, 6, 1], attributes: ["to": .text("float32")])
        func drop(_ value: Int, _ condition: Int) throws -> Int {
            if selects { return try builder.node(.select, [condition, value, builder.scalar(0)], [1, 6, 3]) }
            let factor = try builder.node(.cast, [condition], [1, 6, 1], attributes: ["to": .text("float32")])
            return try builder.binary(.multiply, value, factor)
        }
        let masked = try drop(input, kept)
        let shifted = try builder.binary(.add, masked, builder.constant([3]))
        let sum = try builder.node(.reduceSum, [drop(shifted, steps)], [1, 3], attributes: ["axes": .integers([1])])
        let count = try builder.node(.reduceSum, [cast], [1, 1], attributes: ["axes": .integers([1])])
        let graph = try builder.finished(builder.binary(.divide, sum, count)).simplifiedAndCompared()
        try #require(graph.operations == ["masking", "add", "globalPooling1D"])
        #expect(graph.nodes[2].inputs[1] == graph.nodes[0].outputs[1])
    }

    @Test("what changes nothing goes, but an output keeps its name and what is not exact stays")
    func noOperations() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 2, 3])
        let same = try builder.binary(.multiply, input, builder.scalar(1))
        let turned = try builder.transpose(builder.transpose(same, [0, 2, 1]), [0, 2, 1])
        let reversed = try builder.node(.reverse, [turned], [1, 2, 3], attributes: ["axes": .integers([1])])
        let back = try builder.node(.reverse, [reversed], [1, 2, 3], attributes: ["axes": .integers([-2])])
        let squared = try builder.binary(.multiply, back, back)
        let identity = try builder.node(.identity, [squared], [1, 2, 3], name: "result")
        let graph = try builder.finished(identity).simplifiedAndCompared()
        #expect(graph.operations == ["square"] && graph.values[graph.outputs[0]].name == "result")
        var nearly = GraphBuilder()
        let value = try nearly.input("input", [1, 2])
        let scaled = try nearly.finished(nearly.binary(.multiply, value, nearly.scalar(1.000_000_1)))
        #expect(try scaled.simplifiedAndCompared().operations == ["multiply"])
    }

    @Test("an input that is given out stays what it is")
    func outputs() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 2])
        let same = try builder.node(.identity, [input], [1, 2], name: "same")
        let graph = try builder.finished(input, same).simplifiedAndCompared()
        #expect(graph.values[graph.outputs[0]].name == "input" && graph.values[graph.outputs[1]].name == "same")
    }
}
