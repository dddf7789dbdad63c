import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let selectionNames: [String: Operation] = [
        "SPLIT": .split, "SPLIT_V": .splitSizes, "UNPACK": .unpack, "SLICE": .slice, "STRIDED_SLICE": .stridedSlice,
        "DYNAMIC_UPDATE_SLICE": .updateSlice, "GATHER": .gather, "EMBEDDING_LOOKUP": .gather, "GATHER_ND": .gatherND,
    ]

    func selection(_ reader: OperatorReader, _ kind: OperationFamily.Selection) throws(Fault) {
        switch kind {
        case .slice: try withIntegers(reader, .slice, ["begin", "size"])
        case .stridedSlice: try stridedSlice(reader)
        case .updateSlice: try updateSlice(reader)
        case .gather: try gather(reader)
        case .gatherND: try plain(reader, .gatherND, operandCount: 2)
        case .split:
            try reader.expect(inputs: 2...2, outputs: reader.outputs.count)
            let axis = try knownInteger(reader, 0, "axis")
            try parts(reader, .split, input: 1, ["axis": .integer(axis)])
        case .splitSizes:
            try reader.expect(inputs: 3...3, outputs: reader.outputs.count)
            let attributes: Attributes = [
                "axis": .integer(try knownInteger(reader, 2, "axis")),
                "sizes": .integers(try knownIntegers(reader, 1, "sizes", atMost: reader.outputs.count)),
            ]
            try parts(reader, .splitSizes, input: 0, attributes)
        case .unpack:
            try reader.expect(inputs: 1...1, outputs: reader.outputs.count)
            try parts(reader, .unpack, input: 0, ["axis": .integer(try reader.options(64).integer(1))])
        }
    }

    private func stridedSlice(_ reader: OperatorReader) throws(Fault) {
        let options = try reader.options(32)
        guard try !options.flag(5) else {
            throw reader.unsupported("counts its end from its begin, which is not supported")
        }
        let masks = ["beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask"]
        var attributes: Attributes = [:]
        for (slot, mask) in masks.enumerated() { attributes[mask] = .integer(try options.integer(slot)) }
        try withIntegers(reader, .stridedSlice, ["begin", "end", "strides"], attributes)
    }

    /// Operands: input, update, begin.
    private func updateSlice(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 3...3)
        let begin = try reader.input(2)
        let known = try integers(begin)
        let operands = try [
            value(try reader.input(0)), value(try reader.input(1)), known == nil ? value(begin) : nil,
        ]
        try emit(reader, .updateSlice, operands, known.map { ["begin": .integers($0)] } ?? [:])
    }

    private func parts(
        _ reader: OperatorReader, _ operation: Operation, input: Int, _ attributes: Attributes
    ) throws(Fault) {
        guard !reader.outputs.isEmpty else {
            throw Fault(.invalidValue, at: "", "wrong number of results", found: "0", expected: "at least 1")
        }
        let operand = try value(try reader.input(input))
        emit(reader, operation, [operand], outputs: reader.outputs.map { name($0) }, attributes)
    }
}
