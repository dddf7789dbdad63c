import EmotionFormerTensors

extension SubgraphImporter {
    /// Operations that only move elements, and therefore also work on quantized integers.
    private static let movesElements: Set<String> = [
        "GATHER", "GATHER_ND", "RESHAPE", "TRANSPOSE", "EXPAND_DIMS", "SQUEEZE", "SLICE", "STRIDED_SLICE", "SPLIT",
        "SPLIT_V", "PACK", "UNPACK", "TILE", "REVERSE_V2", "BROADCAST_TO", "CONCATENATION",
    ]

    /// Refuses element types that the package does not have, and computation on quantized activations.
    func checkTypes(of reader: OperatorReader) throws(Fault) {
        // List operators check their types themselves. For the others, the error about the operator is more useful than
        // one about a type.
        guard ListOperator(operatorName: reader.name) == nil else { return }
        guard !reader.isFlex else { throw reader.notImported() }
        /// The first quantized value that is not a constant.
        var activation: Int?
        var quantizations: [TFLiteFile.Quantization?] = []
        for tensor in reader.operation.inputs + reader.outputs where tensor != -1 {
            let content = reader.tensor(tensor)
            // A loop hands a list on.
            if content.type == .variant, reader.name == "WHILE" { continue }
            guard content.type != .variant else {
                throw reader.unsupported(
                    "needs \(reader.place(tensor)), a tensor list, which this operator cannot take here: "
                        + OperatorReader.wayOut, found: content.type.name)
            }
            guard let type = content.type.elementType else {
                throw reader.unsupported(
                    "needs \(reader.place(tensor)) of a type that is not supported", found: content.type.name)
            }
            guard type == .int8 || type == .uint8 else { continue }
            if !isConstant(tensor) { activation = activation ?? tensor }
            if quantizations.count < 2, !quantizations.contains(content.quantization) {
                quantizations.append(content.quantization)
            }
        }
        guard let activation else { return }
        switch reader.name {
        case "QUANTIZE", "DEQUANTIZE", "CAST": return
        case let name where SubgraphImporter.movesElements.contains(name) && quantizations.count == 1: return
        default:
            throw reader.unsupported(
                "computes with quantized activations (full-integer quantization), which is not supported",
                found: "\(reader.tensor(activation).type.name) \(reader.place(activation))")
        }
    }
}
