import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct SimplifyExpansionTests {
    private func attentionLayer(mask: Bool = false, scores: Bool = false) throws -> TypedGraph {
        var builder = GraphBuilder()
        let query = try builder.input("query", [1, 5, 6])
        let memory = try builder.input("memory", [1, 7, 4])
        let keep = mask ? try builder.input("mask", [1, 7], .bool) : nil
        let output = try builder.node(
            .multiHeadAttention, [query, memory, memory, keep], [1, 5, 9],
            attributes: ["headCount": .integer(2), "keyDimension": .integer(3), "valueDimension": .integer(4)],
            weights: [
                "queryKernel": builder.weight([6, 2, 3]), "queryBias": builder.weight([2, 3]),
                "keyKernel": builder.weight([4, 2, 3]), "keyBias": builder.weight([2, 3]),
                "valueKernel": builder.weight([4, 2, 4]), "valueBias": builder.weight([2, 4]),
                "outputKernel": builder.weight([2, 4, 9]), "outputBias": builder.weight([9]),
            ], name: "layer", further: scores ? [([1, 2, 5, 7], .float32)] : [])
        return scores ? builder.finished(output, output + 1) : builder.finished(output)
    }

    @Test("multiHeadAttention becomes three projections, attention and the output's projection")
    func multiHeadAttention() throws {
        let before = try attentionLayer()
        let graph = try before.simplified()
        try #require(graph.operations == ["dense", "dense", "dense", "attention", "dense"])
        let query = try #require(graph.node(named: "layer/query"))
        #expect(query.weights["kernel"]?.tensor.shape.extents == [6, 6])
        #expect(query.weights["bias"]?.tensor.shape.extents == [6])
        #expect(
            query.weights["kernel"]?.tensor.elements(as: Float.self)
                == before.nodes[0].weights["queryKernel"]?.tensor.elements(as: Float.self))
        #expect(graph.node(named: "layer/value")?.weights["kernel"]?.tensor.shape.extents == [4, 8])
        #expect(graph.node(named: "layer/output")?.weights["kernel"]?.tensor.shape.extents == [8, 9])
        let attention = try #require(graph.node(named: "layer/attention"))
        #expect(attention.attributes["scale"] == .number(1 / Double(3).squareRoot()))
        #expect(attention.attributes["headCount"] == .integer(2))
        #expect(attention.inputs.count == 3 && attention.outputs.count == 1)
        #expect(graph.shape(of: attention.outputs[0]).extents == [1, 5, 8])
        #expect(graph.values[graph.outputs[0]].name == "layer")
    }

    @Test("attention keeps its mask, and the scores that the graph gives out")
    func maskAndScores() throws {
        let graph = try attentionLayer(mask: true, scores: true).simplified()
        let attention = try #require(graph.node(named: "layer/attention"))
        #expect(attention.input(3) == graph.inputs[2])
        #expect(attention.outputs.count == 2 && graph.outputs[1] == attention.outputs[1])
        #expect(graph.values[graph.outputs[1]].name == "layer:1")
    }

    @Test("a table of positions becomes one addition of its first rows, after a multiplication if there is a scale")
    func positionalTable() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 3, 4])
        let table = try builder.weight([5, 4])
        let plain = try builder.node(.positionalEncoding, [input], [1, 3, 4], weights: ["table": table])
        let scaled = try builder.node(
            .positionalEncoding, [plain], [1, 3, 4], attributes: ["scale": .number(2)], weights: ["table": table])
        let graph = try builder.finished(scaled).simplified()
        try #require(graph.operations == ["add", "multiply", "add"])
        let constant = try #require(graph.constant(graph.nodes[0].inputs[1])?.tensor)
        #expect(constant.shape.extents == [1, 3, 4])
        #expect(constant.elements(as: Float.self) == table.tensor.elements(as: Float.self).map { Array($0.prefix(12)) })
        #expect(graph.constant(graph.nodes[1].inputs[1])?.tensor.doubles == [2])
    }

    @Test("sinusoidal encodings have the paper's first rows, interleaved or concatenated")
    func sinusoidal() throws {
        for (arrangement, expected) in [
            ("interleaved", [0.8414709848, 0.5403023059, 0.0099998333, 0.9999500004]),
            ("concatenated", [0.8414709848, 0.0099998333, 0.5403023059, 0.9999500004]),
        ] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 2, 4])
            let output = try builder.node(
                .positionalEncoding, [input], [1, 2, 4],
                attributes: ["kind": .text("sinusoidal"), "arrangement": .text(arrangement)])
            let graph = try builder.finished(output).simplified()
            let numbers = graph.constant(graph.nodes[0].inputs[1])?.tensor.doubles ?? []
            #expect(numbers.count == 8)
            for (number, expected) in zip(numbers.suffix(4), expected) { #expect(abs(number - expected) < 1e-7) }
        }
    }

    @Test("batchNormalization becomes a factor and an offset a channel")
    func batchNormalization() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 3, 2])
        let weights = [
            "gamma": StoredTensor(Tensor([Float(2), 1])), "beta": StoredTensor(Tensor([Float(1), 0])),
            "mean": StoredTensor(Tensor([Float(3), -1])), "variance": StoredTensor(Tensor([Float(15), 3])),
        ]
        let output = try builder.node(
            .batchNormalization, [input], [1, 3, 2], attributes: ["epsilon": .number(1)], weights: weights)
        let graph = try builder.finished(output).simplified()
        try #require(graph.operations == ["multiply", "add"])
        #expect(graph.constant(graph.nodes[0].inputs[1])?.tensor.doubles == [0.5, 0.5])
        #expect(graph.constant(graph.nodes[1].inputs[1])?.tensor.doubles == [-0.5, 0.5])
    }
}
