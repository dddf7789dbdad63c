import EmotionFormerGraph
import EmotionFormerTensors

extension SubgraphImporter {
    static let conversionNames: [String: Operation] = ["CAST": .cast, "DEQUANTIZE": .dequantize, "QUANTIZE": .quantize]

    func conversion(_ reader: OperatorReader, _ kind: OperationFamily.Conversion) throws(Fault) {
        switch kind {
        case .cast:
            try reader.expect(inputs: 1...1)
            guard let type = reader.tensor(reader.outputs[0]).type.elementType else { throw reader.notImported() }
            try emit(reader, .cast, try operands(reader), ["to": .text(type.rawValue)])
        case .dequantize: try dequantize(reader)
        case .quantize: try quantize(reader)
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
        if isConstant(input) { return try emit(reader, .dequantize, try operands(reader)) }
        // A value computed at run time has no scale in the graph, so the formula is imported as operations: (q − zero
        // point) · scale.
        let (scale, zeroPoint) = try single(quantization, reader.place(input))
        let number = intermediate(of: reader.outputs[0], "number")
        let centered = intermediate(of: reader.outputs[0], "centered")
        let scaled = name(reader.outputs[0])
        emit(
            reader, .cast, [try value(input)], outputs: [number], ["to": .text(ElementType.float32.rawValue)],
            step: "cast")
        emit(
            reader, .rescaling, [number], outputs: [centered],
            ["scale": .number(1), "offset": .number(-Double(zeroPoint))], step: "center")
        emit(reader, .rescaling, [centered], outputs: [scaled], ["scale": .number(scale)])
    }

    private func quantize(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let result = reader.tensor(reader.outputs[0])
        guard reader.tensor(try reader.input(0)).type.elementType == .float32, let type = result.type.elementType,
            let quantization = ConstantStore.quantization(of: result)
        else {
            throw reader.unsupported("converts between types that are not supported", found: result.type.name)
        }
        let (scale, zeroPoint) = try single(quantization, reader.place(reader.outputs[0]))
        let attributes: Attributes = [
            "to": .text(type.rawValue), "scale": .number(scale), "zeroPoint": .integer(zeroPoint),
        ]
        try emit(reader, .quantize, try operands(reader), attributes)
    }

    /// The scale and zero point of a tensor that has one of each.
    private func single(
        _ quantization: Quantization, _ place: String
    ) throws(Fault) -> (scale: Double, zeroPoint: Int) {
        guard quantization.axis == nil, let scale = quantization.scales.first, scale > 0,
            let zeroPoint = quantization.zeroPoints.first, (-128...255).contains(zeroPoint)
        else {
            throw Fault(
                .unsupportedAttribute, at: place,
                "one positive scale with a zero point in the type's range was expected",
                found: "scales \(quantization.scales.prefix(4)), zero points \(quantization.zeroPoints.prefix(4))")
        }
        return (Double(scale), zeroPoint)
    }
}
