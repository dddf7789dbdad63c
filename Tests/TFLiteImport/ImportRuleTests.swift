import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerTFLiteImport
import Testing

/// Files of one operator each, of which the last digit decides whether they may be read.
@Suite struct ImportRuleTests {
    private typealias Table = FlatBufferWriter.Table

    private func fault(_ file: TestFile) -> Fault? {
        do throws(Fault) {
            _ = try TFLiteImporter.read(file.bytes, name: "m")
            return nil
        } catch {
            return error
        }
    }

    private func nodes(_ file: TestFile) throws -> [Node] {
        try TFLiteImporter.read(file.bytes, name: "m").program.graphs[0].nodes
    }

    /// One operator of x (1, 2), y of some shape, and further tensors with a buffer each.
    private func file(
        _ code: Int32, inputs: [Int32], output: [Int32] = [1, 2], outputType: Int8 = 0,
        further: [Table] = [], buffers: [Table] = [], options: (UInt8, Table)? = nil, isInput: Bool = true
    ) -> TestFile {
        var file = TestFile.unary(code)
        file.buffers += buffers
        file.subgraphs = [
            TestFile.subgraph(
                tensors: [TestFile.tensor("x", [1, 2]), TestFile.tensor("y", output, type: outputType)] + further,
                inputs: isInput ? [0] : [], outputs: [1],
                operators: [TestFile.operation(0, inputs, [1], options: options)])
        ]
        return file
    }

    @Test("int8 weights of a layer have scales for all or for each output, and no zero point")
    func weights() {
        func layer(_ scales: [Float], _ zeroPoints: [Int64], axis: Int32) -> TestFile {
            let weights = TestFile.tensor(
                "w", [3, 2], type: 9, buffer: 1, scales: scales, zeroPoints: zeroPoints, axis: axis)
            return file(
                9, inputs: [0, 2, -1], output: [1, 3], further: [weights],
                buffers: [TestFile.buffer([1, 2, 3, 4, 5, 6] as [UInt8])], options: (8, Table()))
        }
        #expect(fault(layer([0.5], [0], axis: 0)) == nil)
        #expect(fault(layer([0.5, 0.5, 0.5], [0, 0, 0], axis: 0)) == nil)
        #expect(fault(layer([0.5, 0.5], [0, 0], axis: 1))?.code == .unsupportedOperation)
        #expect(fault(layer([0.5], [1], axis: 0))?.code == .unsupportedOperation)
        #expect(fault(layer([0.5, 0.5, 0.5], [0, 0, -1], axis: 0))?.code == .unsupportedOperation)
        #expect(fault(layer([], [], axis: 0))?.code == .unsupportedOperation)
    }

    @Test("a strided slice whose end counts from its begin is refused")
    func sliceOffset() {
        func slice(_ offset: UInt8) -> TestFile {
            let bounds = (0..<3).map { TestFile.tensor("b\($0)", [2], type: 2, buffer: UInt32($0 + 1)) }
            return file(
                45, inputs: [0, 2, 3, 4], further: bounds,
                buffers: [[0, 0], [1, 2], [1, 1]].map { TestFile.buffer($0 as [Int32]) },
                options: (32, Table([5: .uint8(offset)])))
        }
        #expect(fault(slice(0)) == nil)
        #expect(fault(slice(1))?.code == .unsupportedOperation)
    }

    @Test("an old file's reshape to [0] makes a scalar")
    func scalar() throws {
        func reshape(_ shape: [Int32]) throws -> AttributeValue? {
            try nodes(file(22, inputs: [0], output: [], options: (17, Table([0: .int32s(shape)])))).first?
                .attributes["shape"]
        }
        #expect(try reshape([0]) == .integers([]))
        #expect(try reshape([2, 1]) == .integers([2, 1]))
    }

    @Test("products of segments are those of neighbors, in order, with none left out")
    func segments() {
        func product(_ segments: [Int32], _ count: Int32) -> TestFile {
            var made = file(
                153, inputs: [0, 2, 3], output: [count],
                further: [
                    TestFile.tensor("s", [3], type: 2, buffer: 1), TestFile.tensor("n", [], type: 2, buffer: 2),
                ], buffers: [TestFile.buffer(segments), TestFile.buffer([count])])
            made.subgraphs[0].fields[0] = .tables([
                TestFile.tensor("x", [3]), TestFile.tensor("y", [count]),
                TestFile.tensor("s", [3], type: 2, buffer: 1), TestFile.tensor("n", [], type: 2, buffer: 2),
            ])
            return made
        }
        #expect(fault(product([0, 0, 1], 2)) == nil)
        for (segments, count) in [([0, 1, 0], 2), ([1, 0, 0], 2), ([0, 0, 2], 3), ([0, 0, 0], 2)] as [([Int32], Int32)]
        {
            #expect(fault(product(segments, count))?.code == .unsupportedOperation, "\(segments)")
        }
    }

    @Test("a Boolean constant is 0 or 1 whatever byte the file has, and float16 constants are numbers")
    func constants() throws {
        let booleans = file(
            64, inputs: [2, 0, 0], further: [TestFile.tensor("c", [1, 2], type: 6, buffer: 1)],
            buffers: [TestFile.buffer([0, 7] as [UInt8])])
        let program = try TFLiteImporter.read(booleans.bytes, name: "m").program
        let bytes = program.tensors.values.first { $0.tensor.elementType == .bool }?.tensor.withUnsafeBytes {
            Array($0)
        }
        #expect(bytes == [0, 1])
        // What is copied in pieces is looked at to its end.
        let count = 70_000
        let many = file(
            64, inputs: [2, 0, 0], further: [TestFile.tensor("c", [1, Int32(count)], type: 6, buffer: 1)],
            buffers: [TestFile.buffer([UInt8](repeating: 2, count: count))])
        let all = try TFLiteImporter.read(many.bytes, name: "m").program.tensors.values.first {
            $0.tensor.elementType == .bool
        }
        #expect(all?.tensor.withUnsafeBytes { $0.count == count && $0.allSatisfy { $0 == 1 } } == true)
        func half(_ high: UInt8) -> TestFile {
            file(
                6, inputs: [2], further: [TestFile.tensor("h", [1, 2], type: 1, buffer: 1)],
                buffers: [TestFile.buffer([0, 0x3C, 1, high] as [UInt8])])
        }
        #expect(fault(half(0x3C)) == nil)
        #expect(fault(half(0x7C))?.code == .notFinite)
        #expect(fault(half(0xFE))?.code == .notFinite)
    }

    @Test("a field lies inside its table to its last byte")
    func fields() {
        var bytes = TestFile.unary(101).bytes
        #expect((try? TFLiteImporter.read(bytes, name: "m")) != nil)
        // The root's description stands behind the identifier: its own size, the object's, then where each field lies.
        bytes[10] -= 2
        do throws(Fault) {
            _ = try TFLiteImporter.read(bytes, name: "m")
            Issue.record("the file was read")
        } catch {
            #expect(error.code == .outOfBounds)
            #expect(error.problem == "field 7 lies outside its table")
        }
    }

    @Test("vectors shorter than a millionth are divided by that, as LiteRT does")
    func normalization() throws {
        let clip = try nodes(file(11, inputs: [0])).first { $0.operation == .clip }
        #expect(clip?.attributes["minimum"] == .number(1e-6))
    }

    @Test("an input holds no data of its own")
    func inputs() {
        for buffer: UInt32 in [0, 1] {
            var made = file(101, inputs: [0], buffers: [TestFile.buffer([1, 2] as [Float])])
            made.subgraphs[0].fields[0] = .tables([
                TestFile.tensor("x", [1, 2], buffer: buffer), TestFile.tensor("y", [1, 2]),
            ])
            #expect(fault(made)?.code == (buffer == 0 ? nil : .malformedTFLite))
        }
    }

    @Test("a variable gets its first value once")
    func variables() {
        for isTwice in [false, true] {
            var made = TestFile.unary(101)
            let write = TestFile.operation(0, [0], [1])
            made.subgraphs = [
                TestFile.subgraph(
                    tensors: [TestFile.tensor("x", [1, 2]), TestFile.tensor("v", [1, 2], isVariable: true)],
                    inputs: [0], outputs: [1], operators: isTwice ? [write, write] : [write])
            ]
            #expect(fault(made)?.code == (isTwice ? .duplicateName : nil))
            if isTwice { #expect(fault(made)?.problem == "the result already has a value") }
        }
    }

    @Test("a fused LSTM that does not start from zero is refused")
    func state() {
        for isZero in [true, false] {
            // One unit and one feature: sixteen weights of one number, then the state.
            let matrix = TestFile.tensor("w", [1, 1], buffer: 1)
            let vector = TestFile.tensor("b", [1], buffer: 1)
            let state = TestFile.tensor("s", [1, 1], buffer: isZero ? 2 : 1)
            var made = TestFile.unary(44)
            made.buffers += [TestFile.buffer([1] as [Float]), TestFile.buffer([0] as [Float])]
            let inputs: [Int32] = [0] + [Int32](repeating: 2, count: 8) + [-1, -1, -1] + [3, 3, 3, 3, -1, -1, 4, 4]
            made.subgraphs = [
                TestFile.subgraph(
                    tensors: [
                        TestFile.tensor("x", [1, 2, 1]), TestFile.tensor("y", [1, 2, 1]), matrix, vector, state,
                    ],
                    inputs: [0], outputs: [1],
                    operators: [TestFile.operation(0, inputs, [1], options: (71, Table([0: .int8(4)])))])
            ]
            #expect(fault(made)?.code == (isZero ? nil : .unsupportedOperation), "\(String(describing: fault(made)))")
        }
    }

    @Test("transposed copies of int8 constants take no more memory than the file")
    func copies() {
        func products(_ count: Int) -> TestFile {
            var made = TestFile.unary(126)
            // 64 KiB of weights under many shapes: each shape would be a copy of its own.
            made.buffers.append(TestFile.buffer([UInt8](repeating: 1, count: 1 << 16)))
            var tensors = [TestFile.tensor("x", [1, 1 << 16])]
            var operators: [Table] = []
            for index in 0..<count {
                let rows = Int32(1) << Int32(index + 7)
                tensors.append(
                    TestFile.tensor(
                        "w\(index)", [rows, (1 << 16) / rows], type: 9, buffer: 1, scales: [1], zeroPoints: [0]))
                tensors.append(TestFile.tensor("r\(index)", [(1 << 16) / rows, rows]))
                tensors.append(TestFile.tensor("y\(index)", [(1 << 16) / rows, (1 << 16) / rows]))
            }
            made.codes.append(TestFile.code(22))
            for index in 0..<count {
                let first = Int32(3 * index + 1)
                let shape: [Int32] = [1 << Int32(9 - index), 1 << Int32(index + 7)]
                operators.append(
                    TestFile.operation(1, [0], [first + 1], options: (17, Table([0: .int32s(shape)]))))
                operators.append(TestFile.operation(0, [first + 1, first], [first + 2], options: (101, Table())))
            }
            made.subgraphs = [
                TestFile.subgraph(tensors: tensors, inputs: [0], outputs: [3], operators: operators)
            ]
            return made
        }
        #expect(fault(products(1)) == nil)
        #expect(fault(products(3))?.code == .limitExceeded)
    }
}
