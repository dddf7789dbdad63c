import EmotionFormerCore

extension TFLiteFile {
    /// - Parameter bytes: the whole file.
    /// - Throws: `malformedTFLite`, `outOfBounds`, `limitExceeded` or `unsupportedVersion`, with the place.
    init(bytes: [UInt8], limits: Limits = Limits()) throws(Fault) {
        guard bytes.count >= 8 else {
            throw Fault(
                .malformedTFLite, at: "", "the file is too short for a TensorFlow Lite file",
                found: "\(bytes.count) bytes")
        }
        let identifier = Array(bytes[4..<8])
        guard identifier == Array("TFL3".utf8) else {
            throw Fault(
                .malformedTFLite, at: "", "not a TensorFlow Lite file: wrong identifier",
                found: TFLiteFile.quoted(identifier), expected: "'TFL3'")
        }
        let reader = FlatBufferReader(bytes, limits: limits)
        let model = try reader.table(at: try reader.target(ofOffsetAt: 0))
        version = Int(try model.number(0, default: 0 as UInt32))
        guard version == 3 else {
            throw Fault(
                .unsupportedVersion, at: "", "the schema's version is not known", found: "\(version)", expected: "3")
        }
        operatorCodes = try TFLiteFile.list("operator code", model.tables(1)) { (table) throws(Fault) in
            try OperatorCode(table)
        }
        description = try model.string(3) ?? ""
        buffers = try TFLiteFile.list("buffer", model.tables(4)) { (table) throws(Fault) in try Buffer(table) }
        metadata = try TFLiteFile.list("metadata", model.tables(6)) { (table) throws(Fault) in try Metadata(table) }
        signatures = try TFLiteFile.list("signature", model.tables(7)) { (table) throws(Fault) in try Signature(table) }
        let graphs = try model.tables(2)
        try reader.count(.graphs, graphs.count)
        subgraphs = try TFLiteFile.list("subgraph", graphs) { (table) throws(Fault) in try Subgraph(table) }
        self.bytes = bytes
        self.limits = limits
    }

    /// Reads each table, and adds its index to a fault.
    static func list<Element>(
        _ what: String, _ tables: [FlatBufferTable], _ read: (FlatBufferTable) throws(Fault) -> Element
    ) throws(Fault) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(tables.count)
        for (index, table) in tables.enumerated() {
            do throws(Fault) {
                result.append(try read(table))
            } catch {
                throw error.within("\(what) \(index)")
            }
        }
        return result
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        "'" + bytes.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }.joined() + "'"
    }
}

extension TFLiteFile.OperatorCode {
    /// The operation's number was one byte in older files; larger numbers have a field of their own. The larger of the
    /// two is used.
    init(_ table: FlatBufferTable) throws(Fault) {
        let old = Int(try table.number(0, default: 0 as Int8))
        let new = Int(try table.number(3, default: 0 as Int32))
        builtin = BuiltinOperator(rawValue: max(old, new))
        customName = try table.string(1)
        version = Int(try table.number(2, default: 1 as Int32))
    }
}

extension TFLiteFile.Buffer {
    /// Data are in a vector or, in files beyond 2 GB, at an offset with a size (both above 1).
    init(_ table: FlatBufferTable) throws(Fault) {
        if let vector = try table.vector(0, elementByteCount: 1) {
            range = vector.byteRange
            return
        }
        let offset = try table.number(1, default: 0 as UInt64)
        let size = try table.number(2, default: 0 as UInt64)
        guard offset > 1, size > 1 else {
            range = 0..<0
            return
        }
        guard let start = Int(exactly: offset), let count = Int(exactly: size) else {
            throw Fault(
                .outOfBounds, at: "", "the data lie outside the file", found: "\(size) bytes at \(offset)",
                expected: "inside \(table.reader.bytes.count) bytes")
        }
        try table.reader.check(start, byteCount: count)
        try table.reader.spend(count, at: start)
        range = start..<start + count
    }
}

extension TFLiteFile.Metadata {
    init(_ table: FlatBufferTable) throws(Fault) {
        name = try table.string(0) ?? ""
        buffer = Int(try table.number(1, default: 0 as UInt32))
    }
}

extension TFLiteFile.Signature {
    init(_ table: FlatBufferTable) throws(Fault) {
        func entries(_ index: Int) throws(Fault) -> [(name: String, tensor: Int)] {
            try TFLiteFile.list("entry", table.tables(index)) { (entry) throws(Fault) in
                (try entry.string(0) ?? "", Int(try entry.number(1, default: 0 as UInt32)))
            }
        }
        inputs = try entries(0)
        outputs = try entries(1)
        key = try table.string(2) ?? ""
        subgraph = Int(try table.number(4, default: 0 as UInt32))
    }
}

extension TFLiteFile.Subgraph {
    init(_ table: FlatBufferTable) throws(Fault) {
        let tensorTables = try table.tables(0)
        try table.reader.count(.tensors, tensorTables.count)
        tensors = try TFLiteFile.list("tensor", tensorTables) { (table) throws(Fault) in
            try TFLiteFile.Tensor(table)
        }
        inputs = try table.indices(1)
        outputs = try table.indices(2)
        let operatorTables = try table.tables(3)
        try table.reader.count(.nodes, operatorTables.count)
        operators = try TFLiteFile.list("operator", operatorTables) { (table) throws(Fault) in
            try TFLiteFile.Operator(table)
        }
        name = try table.string(4) ?? ""
    }
}

extension TFLiteFile.Tensor {
    init(_ table: FlatBufferTable) throws(Fault) {
        shape = try table.indices(0)
        type = TensorType(rawValue: Int(try table.number(1, default: 0 as Int8)))
        buffer = Int(try table.number(2, default: 0 as UInt32))
        name = try table.string(3) ?? ""
        quantization = try table.table(4).flatMap { (table) throws(Fault) in try TFLiteFile.Quantization(table) }
        isVariable = try table.flag(5)
        isSparse = try table.table(6) != nil
        let stated = try table.indices(7)
        signature = stated.isEmpty ? shape : stated
        isExternal = try table.number(10, default: 0 as UInt32) != 0
    }
}

extension TFLiteFile.Quantization {
    /// nil if the table has no scale: statistics alone do not make a tensor quantized.
    init?(_ table: FlatBufferTable) throws(Fault) {
        scales = (try table.numbers(2, as: UInt32.self) ?? []).map { Float(bitPattern: $0) }
        zeroPoints = try table.numbers(3, as: Int64.self) ?? []
        axis = Int(try table.number(6, default: 0 as Int32))
        let details = try table.number(4, default: 0 as UInt8)
        guard details == 0 else {
            throw Fault(
                .unsupportedAttribute, at: "quantization", "only scales and zero points are supported",
                found: "details of kind \(details)")
        }
        if scales.isEmpty { return nil }
    }
}

extension TFLiteFile.Operator {
    init(_ table: FlatBufferTable) throws(Fault) {
        code = Int(try table.number(0, default: 0 as UInt32))
        inputs = try table.indices(1)
        outputs = try table.indices(2)
        optionsType = Int(try table.number(3, default: 0 as UInt8))
        // A custom operation's options are not a table; a missing table is refused where it is needed.
        options = optionsType == 0 ? nil : try table.table(4)
        customOptions = try table.vector(5, elementByteCount: 1)?.byteRange ?? 0..<0
        intermediates = try table.indices(8)
    }
}

extension FlatBufferTable {
    /// A vector of 32-bit numbers: extents or tensor indices.
    func indices(_ index: Int) throws(Fault) -> [Int] { (try numbers(index, as: Int32.self) ?? []).map { Int($0) } }
}
