import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    func gather(_ reader: OperatorReader) throws(Fault) {
        if reader.name == "EMBEDDING_LOOKUP" { return try embeddingLookup(reader) }
        try reader.expect(inputs: 2...2)
        let options = try reader.options(23)
        let attributes: Attributes = [
            "axis": .integer(try options.integer(0)), "batchDimensions": .integer(try options.integer(1)),
        ]
        try emit(reader, .gather, try operands(reader), attributes)
    }

    /// Operands: indices, then the table; an int8 table is dequantized.
    private func embeddingLookup(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let table = try reader.input(1)
        var rows = try value(table)
        if reader.tensor(table).type.elementType == .int8, reader.tensor(reader.outputs[0]).type.elementType == .float32
        {
            guard reader.tensor(table).quantization != nil else {
                throw Fault(.missingField, at: reader.place(table), "the int8 table has no scale")
            }
            let numbers = intermediate(of: reader.outputs[0], "table")
            emit(reader, .dequantize, [rows], outputs: [numbers], step: "table")
            rows = numbers
        }
        try emit(reader, .gather, [rows, try value(try reader.input(0))], ["axis": .integer(0)])
    }

    /// Operands: indices, depth, the values on and off.
    func oneHot(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 4...4)
        guard let type = reader.tensor(reader.outputs[0]).type.elementType else {
            throw reader.unsupported("is not supported")
        }
        let attributes: Attributes = [
            "depth": .integer(try knownInteger(reader, 1, "depth")),
            "axis": .integer(try reader.options(61).integer(0)), "elementType": .text(type.rawValue),
        ]
        let operands = try [0, 2, 3].map { (position) throws(Fault) -> String? in try value(try reader.input(position))
        }
        try emit(reader, .oneHot, operands, attributes)
    }
}
