import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerTFLiteImport
import Testing

/// Operators on quantized integers that LiteRT does not run, or in a way that nothing proves, are refused in one line.
@Suite struct IntegerRefusalTests {
    private typealias Table = FlatBufferWriter.Table

    /// Types by their number in the schema.
    private static let (float32, uint8, int16, int8, int4) = (Int8(0), Int8(3), Int8(7), Int8(9), Int8(17))

    /// A tensor of integers.
    private struct Integers {
        var type: Int8 = IntegerRefusalTests.int8
        var shape: [Int32] = [1, 4]
        var scales: [Float] = [0.05]
        var zeroPoint: Int64 = 0
        var axis: Int32 = 0
        /// Whether it is a constant of zeros.
        var isConstant = false
    }

    private func file(
        _ code: Int32, _ operands: [Integers], _ result: Integers, options: (UInt8, Table)? = nil
    ) -> TestFile {
        var file = TestFile(codes: [TestFile.code(code)])
        var tensors: [Table] = []
        for (index, operand) in (operands + [result]).enumerated() {
            if operand.isConstant {
                let count = operand.shape.reduce(1, *)
                let width: Int32 = [Self.int16: 2, 2: 4][operand.type] ?? 1
                let bytes = operand.type == Self.int4 ? (count + 1) / 2 : count * width
                file.buffers.append(TestFile.buffer([UInt8](repeating: 0, count: Int(bytes))))
            }
            tensors.append(
                TestFile.tensor(
                    "t\(index)", operand.shape, type: operand.type,
                    buffer: operand.isConstant ? UInt32(file.buffers.count - 1) : 0,
                    scales: operand.type == Self.float32 ? [] : operand.scales,
                    zeroPoints: operand.scales.map { _ in operand.zeroPoint }, axis: operand.axis))
        }
        let indices = operands.indices.map { Int32($0) }
        let output = Int32(operands.count)
        file.subgraphs = [
            TestFile.subgraph(
                tensors: tensors, inputs: indices.filter { !operands[Int($0)].isConstant }, outputs: [output],
                operators: [TestFile.operation(0, indices, [output], options: options)])
        ]
        return file
    }

    /// The fault of reading a file and of finding its types.
    private func fault(_ file: TestFile) -> Fault? {
        do throws(Fault) {
            let program = try TFLiteImporter.read(file.bytes, name: "m").program
            let shapes = try program.graphs[0].inputs.map { (input) throws(Fault) in
                try Shape(input.extents.map { $0 ?? 1 })
            }
            _ = try program.typed(inputShapes: shapes, evaluator: NoEvaluator())
            return nil
        } catch {
            #expect(!error.description.contains("\n"))
            return error
        }
    }

    private let add: (UInt8, FlatBufferWriter.Table) = (11, Table())
    private let softmax: (UInt8, FlatBufferWriter.Table) = (9, Table([0: .float(1)]))

    @Test("4-bit numbers beside integers are the weights of layers, and nothing else")
    func packed() {
        let packed = Integers(type: Self.int4, isConstant: true)
        #expect(fault(file(0, [Integers(), Integers()], Integers(), options: add)) == nil)
        #expect(fault(file(0, [Integers(), packed], Integers(), options: add))?.found == "INT4")
        #expect(fault(file(0, [packed, Integers()], Integers(), options: add))?.found == "INT4")
        // CONCATENATION
        let joined = Integers(shape: [1, 8])
        let options = (UInt8(10), Table([0: .int32(1)]))
        #expect(fault(file(2, [Integers(), Integers()], joined, options: options)) == nil)
        #expect(fault(file(2, [Integers(), packed], joined, options: options))?.found == "INT4")
        // FULLY_CONNECTED
        let weights = Integers(type: Self.int4, shape: [3, 4], isConstant: true)
        #expect(fault(file(9, [Integers(), weights], Integers(shape: [1, 3]))) == nil)
    }

    @Test("a result of another type than the operands' is refused")
    func resultTypes() {
        let probabilities = Integers(scales: [0x1p-8], zeroPoint: -128)
        #expect(fault(file(25, [Integers()], probabilities, options: softmax)) == nil)
        let wide = Integers(type: Self.int16, scales: [0x1p-15])
        #expect(fault(file(25, [Integers()], wide, options: softmax))?.found == "INT8 to INT16")
        #expect(
            fault(file(0, [Integers(), Integers()], Integers(type: Self.uint8), options: add))?.found
                == "INT8 to UINT8")
    }

    @Test("a convolution without a bias, which LiteRT does not run, is refused")
    func bias() {
        let image = Integers(shape: [1, 4, 4, 1])
        let weights = Integers(shape: [1, 2, 2, 1], isConstant: true)
        let bias = Integers(type: 2, shape: [1], scales: [0.0025], isConstant: true)
        let options = (UInt8(1), Table([0: .int8(1), 1: .int32(1), 2: .int32(1)]))
        let result = Integers(shape: [1, 3, 3, 1])
        #expect(fault(file(3, [image, weights, bias], result, options: options)) == nil)
        #expect(fault(file(3, [image, weights], result, options: options))?.code == .missingField)
    }

    @Test("int16 numbers have no zero point; sigmoid and tanh of them have the scale 2⁻¹⁵")
    func wide() {
        let input = Integers(type: Self.int16, scales: [0.0004])
        for code: Int32 in [14, 28] {
            let result = Integers(type: Self.int16, scales: [0x1p-15])
            #expect(fault(file(code, [input], result)) == nil)
            for (scale, zeroPoint) in [(Float(0x1p-14), Int64(0)), (1e-4, 0), (0x1p-15, 3)] {
                let other = Integers(type: Self.int16, scales: [scale], zeroPoint: zeroPoint)
                #expect(fault(file(code, [input], other))?.code == .unsupportedAttribute, "\(scale) \(zeroPoint)")
            }
            var moved = input
            moved.zeroPoint = 3
            #expect(fault(file(code, [moved], result))?.code == .unsupportedAttribute)
        }
        var moved = input
        moved.zeroPoint = 3
        for code: Int32 in [0, 41, 18, 25, 101, 19, 6, 114] {
            let operands = [0, 41, 18].contains(code) ? [moved, moved] : [moved]
            let options: (UInt8, Table)? = [0: add, 25: softmax][code]
            let scale: Float = code == 25 ? 0x1p-15 : 0.0004
            let result = Integers(type: code == 6 ? Self.float32 : Self.int16, scales: [scale])
            var control = moved
            control.zeroPoint = 0
            let sound = file(code, operands.map { _ in control }, result, options: options)
            #expect(fault(sound) == nil, "\(code): \(String(describing: fault(sound)))")
            #expect(fault(file(code, operands, result, options: options)) != nil, "\(code)")
        }
    }

    @Test("functions and comparisons that LiteRT lacks for a type, or computes without their scales, are refused")
    func types() {
        // ELU
        for (type, isThere) in [(Self.int8, true), (Self.uint8, false), (Self.int16, false)] {
            let sound = fault(file(111, [Integers(type: type)], Integers(type: type)))
            #expect((sound == nil) == isThere, "\(type)")
        }
        // LESS, EQUAL
        for code: Int32 in [58, 71] {
            for (type, isThere) in [(Self.int8, true), (Self.uint8, true), (Self.int16, false)] {
                let operands = [Integers(type: type), Integers(type: type, scales: [0.1])]
                let result = Integers(type: 6, scales: [])
                #expect((fault(file(code, operands, result)) == nil) == isThere, "\(code) \(type)")
            }
        }
        // QUANTIZE
        for (from, to, isThere) in [
            (Self.uint8, Self.int16, false), (Self.int16, Self.uint8, false), (Self.int16, Self.int8, true),
            (Self.int8, Self.int16, true),
        ] {
            let found = fault(file(114, [Integers(type: from)], Integers(type: to)))
            #expect((found == nil) == isThere, "\(from) to \(to)")
        }
    }

    @Test("softmax and sigmoid give the scale and the zero point that LiteRT asks for")
    func outputs() {
        for (code, options) in [(Int32(25), softmax), (14, nil)] as [(Int32, (UInt8, Table)?)] {
            for (type, lowest) in [(Self.int8, Int64(-128)), (Self.uint8, 0)] {
                let input = Integers(type: type)
                for (scale, zeroPoint, isThere) in [
                    (Float(0x1p-8), lowest, true), (0x1p-8, lowest + 3, false), (0.004, lowest, false),
                ] {
                    let result = Integers(type: type, scales: [scale], zeroPoint: zeroPoint)
                    let found = fault(file(code, [input], result, options: options))
                    #expect((found == nil) == isThere, "\(code) \(type) \(scale) \(zeroPoint)")
                }
            }
        }
    }

    @Test("scales along an axis are refused where an operation takes one scale a tensor")
    func axes() {
        let several = Integers(shape: [1, 4], scales: [0.1, 0.2, 0.3, 0.4], axis: 1, isConstant: true)
        let square = Integers(shape: [4, 4], scales: [0.1, 0.2, 0.3, 0.4], axis: 1, isConstant: true)
        #expect(fault(file(0, [Integers(), several], Integers(), options: add))?.code == .unsupportedAttribute)
        #expect(fault(file(18, [several, Integers()], Integers()))?.code == .unsupportedAttribute)
        // BATCH_MATMUL, FULLY_CONNECTED along the wrong axis
        #expect(fault(file(126, [Integers(), square], Integers()))?.code == .unsupportedAttribute)
        #expect(fault(file(9, [Integers(), square], Integers()))?.code == .unsupportedOperation)
        #expect(
            fault(file(2, [Integers(), several], Integers(shape: [1, 8]), options: (10, Table([0: .int32(1)]))))
                != nil)
    }
}

private struct NoEvaluator: ConstantEvaluator {
    func evaluate(
        _ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]
    ) throws(Fault) -> [Tensor] { throw Fault(.unsupportedOperation, at: "", "nothing is constant here") }
}
