import EmotionFormerCore
import EmotionFormerTFLiteImport
import Testing

/// What is not supported is refused by operation, version and tensor name.
@Suite struct RefusalTests {
    private func fault(_ file: TestFile) -> Fault? {
        do throws(Fault) {
            _ = try TFLiteImporter.read(file.bytes, name: "m")
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "an operation that is not supported is named with its version and its result; TensorFlow's own with a way out")
    func operations() {
        #expect(
            fault(.unary(136, version: 3))?.description
                == "m: subgraph 0: operator 0 (HASHTABLE): version 3, which makes tensor 1 'y', is not supported: if there is "
                + "a Keras file of the model, export that with Tools/export (found HASHTABLE)")
        #expect(
            fault(.unary(32, custom: "edgetpu-custom-op"))?.description
                == "m: subgraph 0: operator 0 (CUSTOM edgetpu-custom-op): version 1, which makes tensor 1 'y', holds code for "
                + "the Edge TPU, which no other processor runs: take the .tflite that edgetpu_compiler was given, the one "
                + "without _edgetpu (found CUSTOM edgetpu-custom-op)")
        #expect(
            fault(.unary(32, custom: "FlexErf"))?.description
                == "m: subgraph 0: operator 0 (CUSTOM FlexErf): version 1, which makes tensor 1 'y', is one of TensorFlow's "
                + "own operators (SELECT_TF_OPS), which is not supported: convert the model with a batch of 1 and without "
                + "SELECT_TF_OPS, or export its Keras file with Tools/export (found CUSTOM FlexErf)")
        for code: Int32 in [137, 138, 139, 32, 206, 209, 500, 5, 24, 16] {
            #expect(fault(.unary(code))?.code == .unsupportedOperation)
        }
    }

    @Test("types without tensors here, and functions of quantized numbers that LiteRT lacks, are refused by name")
    func types() {
        for (type, name) in [(10, "FLOAT64"), (13, "RESOURCE"), (14, "VARIANT"), (5, "STRING"), (40, "type 40")]
            as [(Int8, String)]
        {
            var file = TestFile.unary(101)
            file.subgraphs[0].fields[0] = .tables([
                TestFile.tensor("x", [1, 2]), TestFile.tensor("odd", [1, 2], type: type),
            ])
            let found = fault(file)
            #expect(found?.code == .unsupportedOperation)
            #expect(found?.problem.contains("tensor 1 'odd'") == true)
            #expect(found?.found == name)
        }
        // FLOOR
        var file = TestFile.unary(8)
        file.codes.append(TestFile.code(114))
        file.subgraphs = [
            TestFile.subgraph(
                tensors: [
                    TestFile.tensor("x", [1, 2]),
                    TestFile.tensor("q", [1, 2], type: 9, scales: [0.5], zeroPoints: [0]),
                    TestFile.tensor("y", [1, 2], type: 9, scales: [0.5], zeroPoints: [0]),
                ], inputs: [0], outputs: [2],
                operators: [TestFile.operation(1, [0], [1]), TestFile.operation(0, [1], [2])])
        ]
        let found = fault(file)
        #expect(found?.place == "m: subgraph 0: operator 1 (FLOOR)")
        #expect(found?.problem.contains("full-integer") == true)
        #expect(found?.found == "INT8 tensor 1 'q'")
    }

    /// FLOAT64 x, cast to float32, doubled, and cast to y of FLOAT64.
    private func file64(cast: Int8 = 0, takenTwice: Bool = false, isOutput: Bool = false) -> TestFile {
        let operators = [
            TestFile.operation(0, [0], [1]), TestFile.operation(1, [1, 1], [2]), TestFile.operation(0, [2], [3]),
            // A comparison: what it gives is of another type, whatever its operands are.
            TestFile.operation(2, [0, 0], [4]),
        ]
        return TestFile(
            codes: [TestFile.code(53), TestFile.code(0), TestFile.code(58)],
            subgraphs: [
                TestFile.subgraph(
                    tensors: [
                        TestFile.tensor("x", [1, 2], type: 10), TestFile.tensor("a", [1, 2], type: cast),
                        TestFile.tensor("b", [1, 2], type: cast), TestFile.tensor("y", [1, 2], type: 10),
                        TestFile.tensor("z", [1, 2], type: 6),
                    ], inputs: [0], outputs: isOutput ? [3, 0] : [3],
                    operators: takenTwice ? operators : Array(operators.dropLast()))
            ])
    }

    @Test("numbers of 64 bits are float32 where the model casts them at its ends, and are refused anywhere else")
    func doubles() throws {
        let graph = try TFLiteImporter.read(file64().bytes, name: "m").program.graphs[0]
        #expect(graph.inputs[0].elementType == .float32)
        for file in [file64(cast: 2), file64(takenTwice: true), file64(isOutput: true)] {
            let found = try #require(fault(file))
            #expect(found.found == "FLOAT64" && found.problem.contains("convert it with float32"))
        }
    }

    @Test("an axis that is computed at run time is refused by the tensor's name")
    func computedAxis() {
        var file = TestFile.unary(40)
        file.subgraphs = [
            TestFile.subgraph(
                tensors: [
                    TestFile.tensor("x", [1, 2]), TestFile.tensor("axes", [1], type: 2), TestFile.tensor("y", [1]),
                ], inputs: [0, 1], outputs: [2], operators: [TestFile.operation(0, [0, 1], [2])])
        ]
        #expect(fault(file)?.code == .unsupportedOperation)
        #expect(fault(file)?.found == "tensor 1 'axes'")
    }

    @Test("the axes of a tensor are counted where the file states them, and refused where it states none")
    func rank() throws {
        func file(_ shape: [Int32]) -> TestFile {
            TestFile(
                codes: [TestFile.code(110)],
                subgraphs: [
                    TestFile.subgraph(
                        tensors: [TestFile.tensor("x", shape), TestFile.tensor("n", [], type: 2)], inputs: [0],
                        outputs: [1], operators: [TestFile.operation(0, [0], [1])])
                ])
        }
        for count in 1...4 {
            let bytes = file([Int32](repeating: 1, count: count)).bytes
            let tensors = try TFLiteImporter.read(bytes, name: "m").program.tensors
            #expect(tensors.values.map(\.tensor.doubles) == [[Double(count)]])
        }
        // A file without a shape may mean a single number or any tensor.
        #expect(
            fault(file([]))?.description
                == "m: subgraph 0: operator 0 (RANK): version 1, which makes tensor 1 'n', counts the axes of a tensor whose "
                + "shape the file does not state: convert the model with shapes (found [])")
    }

    @Test("options of another operation, unknown activations and impossible strides are refused")
    func options() {
        typealias Table = FlatBufferWriter.Table
        func file(_ code: Int32, inputs: [Int32], _ options: (UInt8, Table)) -> TestFile {
            var file = TestFile.unary(code)
            file.subgraphs[0].fields[3] = .tables([TestFile.operation(0, inputs, [1], options: options)])
            return file
        }
        #expect(fault(file(0, inputs: [0, 0], (11, Table([0: .int8(1)])))) == nil)
        #expect(fault(file(0, inputs: [0, 0], (21, Table())))?.code == .malformedTFLite)
        #expect(fault(file(0, inputs: [0, 0], (11, Table([0: .int8(5)]))))?.code == .unsupportedAttribute)
        #expect(fault(file(0, inputs: [0, 0], (11, Table([0: .int8(-1)]))))?.code == .unsupportedAttribute)
        #expect(fault(file(25, inputs: [0], (9, Table([0: .float(.nan)]))))?.code == .notFinite)
        #expect(fault(file(17, inputs: [0], (5, Table([1: .int32(0), 2: .int32(1)]))))?.code == .invalidValue)
        #expect(fault(file(0, inputs: [0], (11, Table())))?.code == .invalidValue)
        #expect(fault(file(0, inputs: [0, -1], (11, Table())))?.code == .missingField)
    }

    @Test("a list of integers is refused if it is longer than any shape: operators could share it")
    func longLists() {
        var file = TestFile.unary(105)
        file.buffers.append(TestFile.buffer([Int32](repeating: 0, count: 100)))
        file.subgraphs = [
            TestFile.subgraph(
                tensors: [
                    TestFile.tensor("x", [1, 2]), TestFile.tensor("y", [1, 2]),
                    TestFile.tensor("axes", [100], type: 2, buffer: 1),
                ], inputs: [0], outputs: [1], operators: [TestFile.operation(0, [0, 2], [1])])
        ]
        #expect(fault(file)?.code == .limitExceeded)
    }

    @Test("a path without a file, and a folder, are refused by the path")
    func paths() {
        for (path, code) in [("/nowhere/x.tflite", Fault.Code.missingFile), ("/", .unreadableFile)] {
            do throws(Fault) {
                _ = try TFLiteImporter.read(contentsOf: path)
                Issue.record("\(path) was read")
            } catch {
                #expect(error.code == code)
                #expect(error.place == path)
            }
        }
    }
}
