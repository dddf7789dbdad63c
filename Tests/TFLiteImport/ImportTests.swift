import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import EmotionFormerTFLiteImport
import Testing

@Suite struct ImportTests {
    @Test("every result of every operator has a value in its graph, under the name that the import tells")
    func valueNames() throws {
        for name in Fixture.names {
            let model = try Fixture.model(name)
            for (subgraph, graph) in zip(model.subgraphs, model.program.graphs) {
                #expect(subgraph.graph == graph.name)
                // The first read of a variable is what it is before a run.
                let values = Set(graph.nodes.flatMap(\.outputs) + graph.variables.map(\.input))
                for operation in subgraph.operators {
                    // Variables have no values of their own.
                    let isVariable = ["CALL_ONCE", "VAR_HANDLE", "ASSIGN_VARIABLE"].contains(operation.name)
                    #expect(operation.outputs.isEmpty == isVariable, "\(name): \(operation.name)")
                    for (tensor, value) in operation.outputs {
                        #expect(values.contains(value), "\(name): \(operation.index) \(operation.name)")
                        #expect(subgraph.valueNames[tensor] == value)
                    }
                }
            }
        }
    }

    @Test("the fixtures hold every builtin that models of this family lower to")
    func builtins() throws {
        var found = Set<String>()
        for name in Fixture.names {
            for subgraph in try Fixture.model(name).subgraphs { found.formUnion(subgraph.operators.map(\.name)) }
        }
        let wanted = """
            FULLY_CONNECTED BATCH_MATMUL ADD SUB MUL DIV NEG ABS SQUARE SQRT RSQRT POW EXP LOG SQUARED_DIFFERENCE MEAN \
            SUM REDUCE_MAX REDUCE_MIN REDUCE_PROD REDUCE_ANY REDUCE_ALL SOFTMAX LOG_SOFTMAX LOGISTIC TANH RELU RELU6 \
            RELU_N1_TO_1 RELU_0_TO_1 ELU HARD_SWISH LEAKY_RELU PRELU GELU RESHAPE TRANSPOSE EXPAND_DIMS SQUEEZE \
            CONCATENATION SPLIT SPLIT_V SLICE STRIDED_SLICE GATHER GATHER_ND EMBEDDING_LOOKUP PACK UNPACK TILE PAD \
            PADV2 MIRROR_PAD SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND FILL RANGE SHAPE CAST BROADCAST_TO CUMSUM \
            EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL LOGICAL_AND LOGICAL_OR LOGICAL_NOT SELECT \
            SELECT_V2 MAXIMUM MINIMUM REVERSE_V2 CONV_2D DEPTHWISE_CONV_2D AVERAGE_POOL_2D MAX_POOL_2D \
            DEQUANTIZE QUANTIZE UNIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_LSTM WHILE IF DYNAMIC_UPDATE_SLICE
            """.split(separator: " ").map(String.init)
        #expect(Set(wanted).subtracting(found).sorted() == [])
    }

    @Test("names that tensors share, or lack, become unique, and the same at every import")
    func uniqueNames() throws {
        var file = TestFile.unary(101)
        file.subgraphs = [
            TestFile.subgraph(
                tensors: ["a", "a", "", "a_tensor1"].map { TestFile.tensor($0, [1, 2]) }, inputs: [0], outputs: [3],
                operators: [
                    TestFile.operation(0, [0], [1]), TestFile.operation(0, [1], [2]), TestFile.operation(0, [2], [3]),
                ])
        ]
        let model = try TFLiteImporter.read(file.bytes, name: "")
        let names = (0..<4).compactMap { model.subgraphs[0].valueNames[$0] }
        #expect(names == ["a", "a_tensor1", "tensor2", "a_tensor1_tensor3"])
        #expect(model.inputNames == ["a"])
        #expect(model.outputNames == ["a_tensor1_tensor3"])
        #expect(try TFLiteImporter.read(file.bytes, name: "").program.graphs == model.program.graphs)
    }

    @Test("an open batch is one clip; any other open extent stays open")
    func openExtents() throws {
        var file = TestFile.unary(101)
        file.subgraphs[0] = TestFile.subgraph(
            tensors: [
                TestFile.tensor("x", [1, 1, 2], signature: [-1, -1, 2]),
                TestFile.tensor("y", [1, 1, 2], signature: [-1, -1, 2]),
            ], inputs: [0], outputs: [1], operators: [TestFile.operation(0, [0], [1])])
        let model = try TFLiteImporter.read(file.bytes, name: "")
        #expect(model.program.graphs[0].inputs[0].extents == [1, nil, 2] && model.hasOpenBatch)
        #expect(try !TFLiteImporter.read(TestFile.unary(101).bytes, name: "").hasOpenBatch)
        let dynamic = try Fixture.model("k2_transformer_float32_dynamic")
        #expect(dynamic.program.graphs[0].inputs[0].extents == [1, 12, 40])
    }

    @Test("a constant that several operators and tensors use is stored once, and read as the type it has")
    func sharedConstants() throws {
        var file = TestFile.unary(0)
        file.buffers.append(TestFile.buffer([1.5, -2] as [Float]))
        file.subgraphs = [
            TestFile.subgraph(
                tensors: [
                    TestFile.tensor("x", [1, 2]), TestFile.tensor("first", [2], buffer: 1),
                    TestFile.tensor("second", [2], buffer: 1), TestFile.tensor("third", [1, 2], buffer: 1),
                    TestFile.tensor("a", [1, 2]), TestFile.tensor("b", [1, 2]), TestFile.tensor("y", [1, 2]),
                ], inputs: [0], outputs: [6],
                operators: [
                    TestFile.operation(0, [0, 1], [4]), TestFile.operation(0, [4, 2], [5]),
                    TestFile.operation(0, [5, 3], [6]),
                ])
        ]
        let program = try TFLiteImporter.read(file.bytes, name: "").program
        #expect(program.tensors.keys.sorted() == ["first", "third"])
        #expect(program.tensors["third"]?.tensor.shape.extents == [1, 2])
        #expect(program.tensors["first"]?.tensor.doubles == [1.5, -2])
        let constants = program.graphs[0].nodes.filter { $0.operation == .constant }
        #expect(constants.map(\.outputs) == [["first"], ["second"], ["third"]])
    }

    @Test("the signature's names lead to the graph's inputs and outputs")
    func signature() throws {
        let model = try Fixture.model("k2_transformer_float32")
        #expect(model.signatureInputs.map(\.value) == model.inputNames)
        #expect(model.signatureOutputs.map(\.value) == model.outputNames)
        var file = TestFile.unary(101)
        file.signatures = [
            FlatBufferWriter.Table([
                0: .tables([FlatBufferWriter.Table([0: .string("clip"), 1: .uint32(0)])]),
                1: .tables([FlatBufferWriter.Table([0: .string("scores"), 1: .uint32(1)])]), 2: .string("serve"),
            ])
        ]
        let small = try TFLiteImporter.read(file.bytes, name: "")
        #expect(small.signatureInputs.map(\.name) == ["clip"])
        #expect(small.signatureOutputs.map(\.value) == ["y"])
    }

    @Test("the old one-byte operation number and the new field agree by the larger of the two")
    func operationNumbers() throws {
        var file = TestFile.unary(101)
        file.codes[0].fields = [0: .int8(101)]
        #expect(try TFLiteImporter.read(file.bytes, name: "").subgraphs[0].operators[0].name == "ABS")
        file.codes[0].fields = [0: .int8(127), 3: .int32(150)]
        #expect(try TFLiteImporter.read(file.bytes, name: "").subgraphs[0].operators[0].name == "GELU")
    }
}
