import EmotionFormerCore
import EmotionFormerTFLiteImport
import Testing

/// Files that lie. Each gets one fault that names the place; none traps, hangs or takes memory beyond its size.
@Suite struct HostileFileTests {
    private typealias Table = FlatBufferWriter.Table

    /// The fault with which a file is refused.
    private func fault(_ bytes: [UInt8]) -> Fault? {
        do throws(Fault) {
            _ = try TFLiteImporter.read(bytes, name: "model.tflite")
            return nil
        } catch {
            return error
        }
    }

    private func expect(
        _ code: Fault.Code, _ place: String, _ bytes: [UInt8], location: SourceLocation = #_sourceLocation
    ) {
        let found = fault(bytes)
        #expect(found?.code == code, "\(found.map(\.description) ?? "no fault")", sourceLocation: location)
        #expect(found?.place == place, sourceLocation: location)
        #expect(found?.description.contains("\n") == false, sourceLocation: location)
    }

    @Test("the files that the others are made from import: without the lie there is no fault")
    func control() {
        #expect(fault(TestFile.unary(101).bytes) == nil)
        #expect(fault(loop(condition: 1, body: 2).bytes) == nil)
        #expect(fault(constant(shape: [2], bytes: 8).bytes) == nil)
    }

    @Test("an empty file, a short one and another format's are refused by their identifier")
    func identifier() {
        expect(.malformedTFLite, "model.tflite", [])
        expect(.malformedTFLite, "model.tflite", [1, 2, 3, 4, 0x54, 0x46])
        expect(.malformedTFLite, "model.tflite", Array("PK\u{3}\u{4}0123456789".utf8))
        var file = TestFile.unary(101)
        file.identifier = "TFL2"
        expect(.malformedTFLite, "model.tflite", file.bytes)
        file = TestFile.unary(101)
        file.version = 4
        expect(.unsupportedVersion, "model.tflite", file.bytes)
    }

    @Test("offsets outside the file, zero offsets and vectors longer than the file are refused")
    func offsets() {
        for offset: UInt32 in [0, 1 << 20, .max, 0x8000_0000] {
            var bytes = TestFile.unary(101).bytes
            for byte in 0..<4 { bytes[byte] = UInt8(truncatingIfNeeded: offset >> (8 * UInt32(byte))) }
            expect(.outOfBounds, "model.tflite: byte 0", bytes)
        }
        for count: UInt32 in [1000, 1 << 30, .max] {
            let root = Table([0: .uint32(3), 2: .claimedCount(count)])
            #expect(fault(FlatBufferWriter.file(root))?.code == .outOfBounds)
        }
        let root = Table([0: .uint32(3), 2: .offset(0xFFFF_FFF0)])
        #expect(fault(FlatBufferWriter.file(root))?.code == .outOfBounds)
    }

    @Test("a table that describes itself by bytes outside the file, or as smaller than a table, is refused")
    func vtables() {
        var bytes = TestFile.unary(101).bytes
        let root = Int(bytes[0]) | Int(bytes[1]) << 8
        bytes[root + 3] = 0x7F
        #expect(fault(bytes)?.code == .outOfBounds)
        bytes[root + 3] = 0x80
        #expect(fault(bytes)?.code == .outOfBounds)
        bytes = TestFile.unary(101).bytes
        // The root's description stands right after the identifier: its own size, then the object's.
        bytes[8] = 2
        #expect(fault(bytes)?.code == .malformedTFLite)
        bytes[8] = 4 + 2 * 8
        bytes[10] = 5
        #expect(fault(bytes)?.code == .outOfBounds)
    }

    @Test("tables that are shared so often that a small file describes an enormous one are refused")
    func amplification() {
        let operation = Table([0: .uint32(0), 1: .int32s([Int32](repeating: 0, count: 5000)), 2: .int32s([1])])
        let subgraph = Table([3: .shared(operation, count: 5000)])
        let root = Table([0: .uint32(3), 2: .shared(subgraph, count: 5000)])
        #expect(fault(FlatBufferWriter.file(root))?.code == .limitExceeded)
    }

    @Test("a file without a subgraph, and one whose operator names a code that is not there, are refused")
    func missingParts() {
        var file = TestFile.unary(101)
        file.subgraphs = []
        expect(.malformedTFLite, "model.tflite", file.bytes)
        file = TestFile.unary(101)
        file.codes = []
        expect(.outOfBounds, "model.tflite: subgraph 0: operator 0 (code 0)", file.bytes)
    }

    @Test(
        "tensor indices that are not there are refused, wherever they stand", arguments: [-2, 2, 1000, .max] as [Int32])
    func indices(_ index: Int32) {
        func file(_ inputs: [Int32], _ outputs: [Int32], _ from: Int32, _ to: Int32) -> [UInt8] {
            var file = TestFile.unary(101)
            file.subgraphs = [
                TestFile.subgraph(
                    tensors: [TestFile.tensor("x", [1, 2]), TestFile.tensor("y", [1, 2])], inputs: inputs,
                    outputs: outputs, operators: [TestFile.operation(0, [from], [to])])
            ]
            return file.bytes
        }
        expect(.outOfBounds, "model.tflite: subgraph 0: tensor \(index)", file([index], [1], 0, 1))
        expect(.outOfBounds, "model.tflite: subgraph 0: tensor \(index)", file([0], [index], 0, 1))
        expect(.outOfBounds, "model.tflite: subgraph 0: operator 0 (ABS): tensor \(index)", file([0], [1], index, 1))
        expect(.outOfBounds, "model.tflite: subgraph 0: operator 0 (ABS): tensor \(index)", file([0], [1], 0, index))
    }

    @Test("operators that need each other, or themselves, or make a value twice, are refused")
    func order() {
        var file = TestFile.unary(101)
        let tensors = ["x", "y", "z"].map { TestFile.tensor($0, [1, 2]) }
        let place = "model.tflite: subgraph 0: operator 0 (ABS): tensor"
        func subgraph(_ operators: [Table]) -> [UInt8] {
            file.subgraphs = [TestFile.subgraph(tensors: tensors, inputs: [0], outputs: [1], operators: operators)]
            return file.bytes
        }
        expect(
            .cyclicGraph, "\(place) 2 'z'",
            subgraph([TestFile.operation(0, [2], [1]), TestFile.operation(0, [1], [2])]))
        expect(.cyclicGraph, "\(place) 1 'y'", subgraph([TestFile.operation(0, [1], [1])]))
        expect(.duplicateName, "\(place) 0 'x'", subgraph([TestFile.operation(0, [0], [0])]))
        expect(.unknownName, "model.tflite: subgraph 0: tensor 1 'y'", subgraph([]))
        expect(
            .missingField, "model.tflite: subgraph 0: operator 0 (ABS)",
            subgraph([TestFile.operation(0, [-1], [1])]))
    }

    /// A file with a constant of float32.
    private func constant(shape: [Int32], bytes count: Int, buffer: UInt32 = 1) -> TestFile {
        var file = TestFile.unary(0)
        file.buffers.append(TestFile.buffer([UInt8](repeating: 0, count: count)))
        file.subgraphs = [
            TestFile.subgraph(
                tensors: [
                    TestFile.tensor("x", [1, 2]), TestFile.tensor("y", [1, 2]),
                    TestFile.tensor("c", shape, buffer: buffer),
                ], inputs: [0], outputs: [1], operators: [TestFile.operation(0, [0, 2], [1])])
        ]
        return file
    }

    @Test("a buffer that does not fit its tensor, and a buffer that is not there, are refused")
    func buffers() {
        let place = "model.tflite: subgraph 0: tensor 2 'c'"
        expect(.sizeMismatch, place, constant(shape: [2], bytes: 7).bytes)
        expect(.sizeMismatch, place, constant(shape: [3], bytes: 8).bytes)
        expect(.outOfBounds, place, constant(shape: [2], bytes: 8, buffer: 2).bytes)
        expect(.outOfBounds, place, constant(shape: [2], bytes: 8, buffer: .max).bytes)
    }

    @Test("absurd shapes are refused before anything is allocated for them")
    func shapes() {
        let place = "model.tflite: subgraph 0: tensor 2 'c'"
        expect(
            .sizeOverflow, "\(place): shape [2147483647, 2147483647]", constant(shape: [.max, .max], bytes: 8).bytes)
        expect(.invalidValue, "\(place): shape [-1, 2]", constant(shape: [-1, 2], bytes: 8).bytes)
        expect(.limitExceeded, place, constant(shape: [1 << 30, 4], bytes: 8).bytes)
        expect(.limitExceeded, place, constant(shape: [Int32](repeating: 1, count: 9), bytes: 4).bytes)
    }

    @Test("a constant that holds NaN is refused by the tensor's name")
    func notANumber() {
        var file = constant(shape: [2], bytes: 8)
        file.buffers[1] = TestFile.buffer([1, Float.nan])
        expect(.notFinite, "model.tflite: subgraph 0: operator 0 (ADD): tensor 2 'c'", file.bytes)
    }

    @Test("NaN is found wherever it stands in a large constant; infinities are numbers")
    func largeConstants() {
        let count = 50_000
        for place in [0, 16_383, 16_384, 32_768, count - 1] {
            for special in [Float.nan, -.nan, Float(bitPattern: 0x7F80_0001), .infinity, -.infinity, -0.0] {
                var numbers = [Float](repeating: 1, count: count)
                numbers[place] = special
                var file = constant(shape: [Int32(count)], bytes: 4 * count)
                file.buffers[1] = TestFile.buffer(numbers)
                #expect(fault(file.bytes)?.code == (special.isNaN ? .notFinite : nil), "\(special) at \(place)")
            }
        }
    }

    @Test("data that lie beyond the file, as files over 2 GB hold them, are refused; inside the file they are read")
    func externalData() {
        var file = constant(shape: [2], bytes: 8)
        for (offset, size) in [(1 << 40, 8), (16, 1 << 40), (.max, .max), (16, .max), (.max, 16)] as [(UInt64, UInt64)]
        {
            file.buffers[1] = Table([1: .uint64(offset), 2: .uint64(size)])
            #expect(fault(file.bytes)?.code == .outOfBounds)
        }
        file.buffers[1] = Table([1: .uint64(16), 2: .uint64(8)])
        let count = file.bytes.count
        file.buffers[1] = Table([1: .uint64(UInt64(count)), 2: .uint64(8)])
        #expect(fault(file.bytes)?.code == .outOfBounds)
        #expect(fault(file.bytes + [UInt8](repeating: 0, count: 8)) == nil)
    }

    /// A file with a WHILE over two subgraphs: x < 0 and x + x, on one integer.
    private func loop(condition: Int32, body: Int32, inBody: Bool = false) -> TestFile {
        let call = TestFile.operation(
            0, [0], [1], options: (93, Table([0: .int32(condition), 1: .int32(body)])))
        let tensors = [TestFile.tensor("a", [], type: 2), TestFile.tensor("b", [], type: 2)]
        let boolean = [TestFile.tensor("a", [], type: 2), TestFile.tensor("b", [], type: 6)]
        return TestFile(
            codes: [TestFile.code(119), TestFile.code(58), TestFile.code(0)],
            subgraphs: [
                TestFile.subgraph(tensors: tensors, inputs: [0], outputs: [1], operators: [call]),
                TestFile.subgraph(
                    "condition", tensors: boolean, inputs: [0], outputs: [1],
                    operators: [TestFile.operation(1, [0, 0], [1])]),
                TestFile.subgraph(
                    "body", tensors: tensors, inputs: [0], outputs: [1],
                    operators: [inBody ? call : TestFile.operation(2, [0, 0], [1])]),
            ])
    }

    @Test("loops over subgraphs that are not there, that run themselves or do not fit are refused")
    func loops() {
        let place = "model.tflite: subgraph 0: operator 0 (WHILE)"
        for (condition, body) in [(1, 3), (3, 2), (-1, 2), (1, .max), (1, 0)] as [(Int32, Int32)] {
            expect(.outOfBounds, place, loop(condition: condition, body: body).bytes)
        }
        expect(.cyclicGraph, "model.tflite: subgraph 1", loop(condition: 1, body: 2, inBody: true).bytes)
        var file = loop(condition: 1, body: 2)
        file.subgraphs[2] = TestFile.subgraph(tensors: [], inputs: [], outputs: [], operators: [])
        expect(.shapeMismatch, place, file.bytes)
        file = loop(condition: 1, body: 2)
        file.subgraphs[0].fields[3] = .tables([TestFile.operation(0, [0], [1])])
        expect(.malformedTFLite, place, file.bytes)
    }

    @Test("quantization that does not fit its tensor is refused")
    func quantization() {
        func file(scales: [Float], zeroPoints: [Int64], axis: Int32) -> [UInt8] {
            var file = constant(shape: [2], bytes: 8)
            file.subgraphs[0] = TestFile.subgraph(
                tensors: [
                    TestFile.tensor("x", [1, 2]), TestFile.tensor("y", [1, 2]),
                    TestFile.tensor("c", [2], buffer: 1, scales: scales, zeroPoints: zeroPoints, axis: axis),
                ], inputs: [0], outputs: [1], operators: [TestFile.operation(0, [0, 2], [1])])
            return file.bytes
        }
        let place = "model.tflite: subgraph 0: tensor 2 'c': quantization"
        #expect(fault(file(scales: [1, 2], zeroPoints: [0, 0], axis: 0)) == nil)
        expect(.shapeMismatch, place, file(scales: [1, 2, 3], zeroPoints: [0, 0, 0], axis: 0))
        expect(.shapeMismatch, place, file(scales: [1, 2], zeroPoints: [0, 0], axis: 1))
        expect(.shapeMismatch, place, file(scales: [1, 2], zeroPoints: [0, 0], axis: -1))
        expect(.sizeMismatch, place, file(scales: [1, 2], zeroPoints: [0, 0, 0], axis: 0))
        expect(.notFinite, place, file(scales: [.infinity], zeroPoints: [0], axis: 0))
        expect(.notFinite, place, file(scales: [-1], zeroPoints: [0], axis: 0))
    }

    @Test(
        "a zero point that the tensor's type does not hold is refused: the smallest ended the process in a subtraction")
    func zeroPoint() {
        /// A dequantized constant, as its file says it: the importer's checks alone.
        func file(_ type: Int8, _ zeroPoint: Int64) -> [UInt8] {
            var file = constant(shape: [2], bytes: 2)
            file.subgraphs[0] = TestFile.subgraph(
                tensors: [
                    TestFile.tensor("x", [1, 2]), TestFile.tensor("y", [1, 2]),
                    TestFile.tensor("c", [2], type: type, buffer: 1, scales: [1], zeroPoints: [zeroPoint]),
                    TestFile.tensor("d", [2]),
                ], inputs: [0], outputs: [1],
                operators: [TestFile.operation(1, [2], [3]), TestFile.operation(0, [0, 3], [1])])
            file.codes.append(TestFile.code(6))
            return file.bytes
        }
        let place = "model.tflite: subgraph 0: tensor 2 'c': quantization"
        let (int8, uint8) = (9 as Int8, 3 as Int8)
        for zeroPoint in [-128, 127] as [Int64] { #expect(fault(file(int8, zeroPoint)) == nil) }
        for zeroPoint in [0, 255] as [Int64] { #expect(fault(file(uint8, zeroPoint)) == nil) }
        for zeroPoint in [-129, 128, .min, .max] as [Int64] { expect(.invalidValue, place, file(int8, zeroPoint)) }
        for zeroPoint in [-1, 256, .min, .max] as [Int64] { expect(.invalidValue, place, file(uint8, zeroPoint)) }
    }
}
