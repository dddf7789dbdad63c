import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    /// Operations that only move elements, and therefore also work on quantized integers.
    private static let movesElements: Set<String> = [
        "GATHER", "GATHER_ND", "RESHAPE", "TRANSPOSE", "EXPAND_DIMS", "SQUEEZE", "SLICE", "STRIDED_SLICE", "SPLIT",
        "SPLIT_V", "PACK", "UNPACK", "TILE", "REVERSE_V2", "BROADCAST_TO", "CONCATENATION", "SELECT", "SELECT_V2",
        "PAD", "PADV2", "MIRROR_PAD", "DYNAMIC_UPDATE_SLICE", "REDUCE_MAX", "REDUCE_MIN", "FILL", "ONE_HOT",
        "RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH",
        "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND",
    ]

    /// Those of one operand that LiteRT's builtin kernels run, whatever scale is stated for the result: the bytes are copied.
    private static let copiesBytes: Set<String> = [
        "GATHER", "GATHER_ND", "SQUEEZE", "TILE", "REVERSE_V2", "UNPACK", "BROADCAST_TO",
    ]

    /// Operations on integers whose weights may be 4-bit numbers.
    private static let takesPackedWeights: Set<String> = ["FULLY_CONNECTED", "CONV_2D"]

    /// Operations that only read shapes or compare elements of one tensor.
    private static let ignoresScales: Set<String> = ["SHAPE", "RANK", "ARG_MAX", "ARG_MIN", "CAST"]

    /// Refuses element types that the package does not have, and computation on quantized activations.
    func checkTypes(of reader: OperatorReader) throws(Fault) {
        // List operators check their types themselves. For the others, the error about the operator is more useful than
        // one about a type.
        guard ListOperator(operatorName: reader.name) == nil, VariableOperator(rawValue: reader.name) == nil else {
            return
        }
        guard !reader.isFlex else { throw reader.notImported() }
        /// The first quantized value that is not a constant.
        var activation: Int?
        var quantizations: [ValueQuantization?] = []
        for tensor in reader.operation.inputs + reader.outputs where tensor != -1 {
            let content = reader.tensor(tensor)
            // A loop hands a list on.
            if content.type == .variant, reader.name == "WHILE" { continue }
            // It hands a variable's handle on, too.
            if content.type == .resource, ["WHILE", "IF"].contains(reader.name) { continue }
            guard content.type != .variant else {
                throw reader.unsupported(
                    "needs \(reader.place(tensor)), a tensor list, which this operator cannot take here: "
                        + OperatorReader.wayOut, found: content.type.name)
            }
            guard let type = content.type.elementType else {
                throw reader.unsupported(
                    "needs \(reader.place(tensor)) of a type that is not supported: \(content.type.wayOut)",
                    found: content.type.name)
            }
            guard type.quantizedRange != nil else { continue }
            guard content.type != .int4 || isConstant(tensor) else {
                throw reader.unsupported(
                    "needs \(reader.place(tensor)) of 4-bit numbers that are no constant, which is not supported",
                    found: content.type.name)
            }
            if !isConstant(tensor) { activation = activation ?? tensor }
            let quantization = ConstantStore.valueQuantization(of: content)
            if quantizations.count < 2, !quantizations.contains(quantization) { quantizations.append(quantization) }
        }
        guard let activation else { return }
        for (position, tensor) in reader.operation.inputs.enumerated()
        where tensor != -1 && reader.tensor(tensor).type == .int4 {
            guard SubgraphImporter.takesPackedWeights.contains(reader.name), position == 1 else {
                throw reader.unsupported(
                    "needs \(reader.place(tensor)) of 4-bit numbers beside integers, which is not supported for it",
                    found: reader.tensor(tensor).type.name)
            }
        }
        guard !computesWithIntegers(reader) else { return }
        switch reader.name {
        case let name where SubgraphImporter.ignoresScales.contains(name): return
        case let name where SubgraphImporter.copiesBytes.contains(name): return
        case "WHILE", "IF": return
        case let name where SubgraphImporter.movesElements.contains(name) && quantizations.count == 1: return
        default:
            throw reader.unsupported(
                quantizations.count > 1 && SubgraphImporter.movesElements.contains(reader.name)
                    ? "moves quantized numbers to another scale, which LiteRT does not do either"
                    : "computes with quantized activations (full-integer quantization), which is not supported for it",
                found: "\(reader.tensor(activation).type.name) \(reader.place(activation))")
        }
    }
}
