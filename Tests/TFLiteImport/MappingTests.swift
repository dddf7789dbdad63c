import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerTFLiteImport
import Testing

/// Operators become the operations that the table describes, with the attributes that it asks for.
@Suite struct MappingTests {
    /// The nodes that one operator of the main subgraph became.
    private func nodes(_ model: ImportedModel, _ operation: String, at index: Int) -> [Node] {
        let prefix = "\(operation)_\(index)"
        return model.program.graphs[0].nodes.filter { $0.name == prefix || $0.name.hasPrefix(prefix + "_") }
    }

    private func indices(_ model: ImportedModel, _ operation: String) -> [Int] {
        model.subgraphs[0].operators.filter { $0.name == operation }.map(\.index)
    }

    @Test("a fused activation becomes a node of its own, behind the operation, under the operator's result")
    func fusedActivation() throws {
        let model = try Fixture.model("binary")
        let additions = indices(model, "ADD").map { nodes(model, "ADD", at: $0) }
        #expect(additions[0].map(\.operation) == [.add])
        for (index, function) in [(1, "relu"), (2, "reluN1To1"), (3, "relu6")] {
            #expect(additions[index].map(\.operation) == [.add, .activation])
            #expect(additions[index].last?.attributes["function"] == .text(function))
            #expect(additions[index].last?.inputs == additions[index].first?.outputs)
        }
    }

    @Test("int8 weights stay int8, with one scale in all or one a channel, and no zero point")
    func dynamicRange() throws {
        let model = try Fixture.model("matrix_int8")
        var axes: [Int?] = []
        for node in model.program.graphs[0].nodes where node.operation == .fullyConnected {
            let constant = model.program.graphs[0].nodes.first { $0.outputs == [node.inputs[1]] }
            let weights = try #require(constant?.weights["value"].flatMap { model.program.tensors[$0] })
            #expect(weights.tensor.elementType == .int8)
            let quantization = try #require(weights.quantization)
            #expect(quantization.scales.count == (quantization.axis == nil ? 1 : 10))
            #expect(quantization.zeroPoints == [Int](repeating: 0, count: quantization.scales.count))
            axes.append(quantization.axis)
        }
        // The last three are products with a constant matrix, which a fully connected layer computes too.
        #expect(axes == [nil, nil, nil, nil, 0, 0, 0, 0, nil, nil, nil, nil])
        let asymmetric = model.program.graphs[0].nodes.compactMap { $0.attributes["asymmetricQuantizeInputs"] }
        #expect(asymmetric == [AttributeValue](repeating: .boolean(true), count: 12))
    }

    @Test("float16 weights stay float16; a node makes float32 of them")
    func float16() throws {
        let model = try Fixture.model("k2_transformer_float16")
        let count = model.program.graphs[0].nodes.filter { $0.operation == .dequantize }.count
        #expect(count > 0)
        #expect(model.program.tensors.values.filter { $0.tensor.elementType == .float16 }.count == count)
    }

    @Test("what a constant operand says becomes an attribute; what is computed stays an operand")
    func constantOperands() throws {
        let model = try Fixture.model("shape")
        let reshapes = indices(model, "RESHAPE").map { nodes(model, "RESHAPE", at: $0)[0] }
        #expect(reshapes[0].attributes["shape"] == .integers([1, 2, -1, 3]))
        #expect(reshapes[1].attributes["shape"] == .integers([-1, 8]))
        #expect(reshapes[2].attributes["shape"] == nil && reshapes[2].inputs.count == 2)
        let pads = indices(model, "PADV2").map { nodes(model, "PADV2", at: $0)[0] }
        #expect(pads[0].attributes["value"] == .number(-7))
        #expect(pads[0].attributes["paddings"] == .integers([0, 0, 1, 0, 2, 1]))
        let sizes = nodes(model, "SPLIT_V", at: indices(model, "SPLIT_V")[0])[0]
        #expect(sizes.attributes["sizes"] == .integers([1, 2, -1]) && sizes.outputs.count == 3)
        let fills = indices(model, "FILL").map { nodes(model, "FILL", at: $0)[0] }
        #expect(fills[0].inputs[0] == nil && fills[0].attributes["shape"] == .integers([2, 3]))
        #expect(fills[1].inputs[0] != nil && fills[1].attributes["shape"] == nil)
    }

    @Test("a loop's condition and body, and a branch's sides, are graphs of their own")
    func control() throws {
        let model = try Fixture.model("control")
        #expect(model.program.graphs.map(\.name) == ["main", "condition", "body", "then", "else"])
        let loop = try #require(model.program.graphs[0].nodes.first { $0.operation == .while })
        #expect(loop.attributes["condition"] == .text("condition") && loop.attributes["body"] == .text("body"))
        #expect(loop.inputs.count == 3 && loop.outputs.count == 3)
        let branch = try #require(model.program.graphs[0].nodes.first { $0.operation == .if })
        #expect(branch.attributes["then"] == .text("then") && branch.attributes["else"] == .text("else"))
        #expect(branch.inputs.count == 2)
    }

    @Test("a fused LSTM in two directions becomes two, of which one goes backwards; the state is not carried over")
    func fusedLSTM() throws {
        for name in ["lstm", "lstm_int8"] {
            let model = try Fixture.model(name)
            let states = ["h_", "c_", "fh_", "fc_", "bh_", "bc_"]
            for node in model.program.graphs[0].nodes where node.operation == .sequenceLSTM {
                #expect(node.inputs.count == 16)
                #expect(node.inputs.compactMap(\.self).allSatisfy { input in !states.contains { input.hasPrefix($0) } })
            }
            let merged = nodes(
                model, "BIDIRECTIONAL_SEQUENCE_LSTM", at: indices(model, "BIDIRECTIONAL_SEQUENCE_LSTM")[0])
            #expect(merged.map(\.operation) == [.sequenceLSTM, .sequenceLSTM, .concatenate])
            #expect(merged.map { $0.attributes["goBackwards"] } == [.boolean(false), .boolean(true), nil])
            #expect(merged[0].inputs[0] == merged[1].inputs[0] && merged[0].inputs[1] != merged[1].inputs[1])
            let split = nodes(
                model, "BIDIRECTIONAL_SEQUENCE_LSTM", at: indices(model, "BIDIRECTIONAL_SEQUENCE_LSTM")[1])
            #expect(split.map(\.operation) == [.sequenceLSTM, .sequenceLSTM])
        }
    }

    @Test("the older SELECT's vector of conditions chooses along the first axis")
    func select() throws {
        var file = TestFile.unary(64)
        file.subgraphs = [
            TestFile.subgraph(
                tensors: [
                    TestFile.tensor("c", [3], type: 6), TestFile.tensor("x", [3, 2]), TestFile.tensor("y", [3, 2]),
                ], inputs: [0, 1], outputs: [2], operators: [TestFile.operation(0, [0, 1, 1], [2])])
        ]
        let nodes = try TFLiteImporter.read(file.bytes, name: "").program.graphs[0].nodes
        #expect(nodes.map(\.operation) == [.reshape, .select])
        #expect(nodes[0].attributes["shape"] == .integers([3, 1]))
    }
}
