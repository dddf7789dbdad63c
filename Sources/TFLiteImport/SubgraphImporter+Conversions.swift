import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let conversionNames: [String: Operation] = ["CAST": .cast, "DEQUANTIZE": .dequantize, "QUANTIZE": .quantize]

    func conversion(_ reader: OperatorReader, _ kind: OperationFamily.Conversion) throws(Fault) {
        switch kind {
        case .cast:
            try reader.expect(inputs: 1...1)
            guard let type = reader.tensor(reader.outputs[0]).type.elementType else { throw reader.notImported() }
            try emit(reader, .cast, try operands(reader), ["to": .text(type.rawValue)])
        case .dequantize: try dequantize(reader)
        // Of anything else than quantized numbers.
        case .quantize: throw reader.unsupported("converts between types that are not supported")
        }
    }

    private func dequantize(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let input = try reader.input(0)
        let content = reader.tensor(input)
        if content.type.elementType == .float16 { return try emit(reader, .dequantize, try operands(reader)) }
        guard content.type.elementType == .int8 || content.type.elementType == .uint8,
            let quantization = ConstantStore.quantization(of: content)
        else {
            throw Fault(
                .elementTypeMismatch, at: reader.place(input), "the operand cannot be dequantized",
                found: content.type.name, expected: "FLOAT16, or INT8 or UINT8 with a scale")
        }
        guard isConstant(input) else {
            throw Fault(
                .unsupportedAttribute, at: reader.place(input), "the operand has no quantization",
                found: "\(quantization.scales.count) scales")
        }
        try emit(reader, .dequantize, try operands(reader))
    }
}
