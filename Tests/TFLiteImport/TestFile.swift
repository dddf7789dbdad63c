/// TensorFlow Lite files put together in a test, with the schema's names.
struct TestFile {
    typealias Table = FlatBufferWriter.Table

    var version: UInt32 = 3
    var identifier = "TFL3"
    var codes: [Table] = []
    var subgraphs: [Table] = []
    /// The first is the empty one.
    var buffers: [Table] = [Table()]
    var signatures: [Table] = []
    var metadata: [Table] = []

    var bytes: [UInt8] {
        FlatBufferWriter.file(
            Table([
                0: .uint32(version), 1: .tables(codes), 2: .tables(subgraphs), 3: .string("test"),
                4: .tables(buffers), 6: .tables(metadata), 7: .tables(signatures),
            ]), identifier: identifier)
    }

    static func code(_ builtin: Int32, version: Int32 = 1, custom: String? = nil) -> Table {
        var table = Table([0: .int8(Int8(clamping: builtin)), 2: .int32(version), 3: .int32(builtin)])
        table.fields[1] = custom.map { .string($0) }
        return table
    }

    static func tensor(
        _ name: String, _ shape: [Int32], type: Int8 = 0, buffer: UInt32 = 0, isVariable: Bool = false,
        scales: [Float] = [], zeroPoints: [Int64] = [], axis: Int32 = 0, signature: [Int32]? = nil
    ) -> Table {
        var table = Table([
            0: .int32s(shape), 1: .int8(type), 2: .uint32(buffer), 3: .string(name), 5: .uint8(isVariable ? 1 : 0),
        ])
        if !scales.isEmpty {
            table.fields[4] = .table(Table([2: .floats(scales), 3: .int64s(zeroPoints), 6: .int32(axis)]))
        }
        table.fields[7] = signature.map { .int32s($0) }
        return table
    }

    static func operation(
        _ code: UInt32, _ inputs: [Int32], _ outputs: [Int32], options: (UInt8, Table)? = nil,
        customOptions: [UInt8]? = nil
    ) -> Table {
        var table = Table([0: .uint32(code), 1: .int32s(inputs), 2: .int32s(outputs)])
        table.fields[3] = options.map { .uint8($0.0) }
        table.fields[4] = options.map { .table($0.1) }
        table.fields[5] = customOptions.map { .bytes($0) }
        return table
    }

    static func subgraph(
        _ name: String = "main", tensors: [Table], inputs: [Int32], outputs: [Int32], operators: [Table]
    ) -> Table {
        Table([
            0: .tables(tensors), 1: .int32s(inputs), 2: .int32s(outputs), 3: .tables(operators), 4: .string(name),
        ])
    }

    static func buffer(_ bytes: [UInt8]) -> Table { Table([0: .bytes(bytes)]) }

    static func buffer(_ numbers: [Int32]) -> Table {
        buffer(numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } })
    }

    static func buffer(_ numbers: [Float]) -> Table {
        buffer(numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } })
    }

    /// y = operation(x), both float32 of shape [1, 2].
    static func unary(_ code: Int32, custom: String? = nil, version: Int32 = 1) -> TestFile {
        TestFile(
            codes: [self.code(code, version: version, custom: custom)],
            subgraphs: [
                subgraph(
                    tensors: [tensor("x", [1, 2]), tensor("y", [1, 2])], inputs: [0], outputs: [1],
                    operators: [operation(0, [0], [1])])
            ])
    }
}
