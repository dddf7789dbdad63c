import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let productNames: [String: Operation] = ["FULLY_CONNECTED": .fullyConnected, "BATCH_MATMUL": .matmul]

    func product(_ reader: OperatorReader, _ kind: OperationFamily.Product) throws(Fault) {
        switch kind {
        case .fullyConnected: try fullyConnected(reader)
        case .matmul: try batchMatmul(reader)
        }
    }

    /// Operands: input, weights (out, in), bias, which may be absent.
    private func fullyConnected(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...3)
        let options = try reader.options(8)
        guard try options.choice(1) == 0 else {
            throw reader.unsupported("has its weights in an order that is not supported", found: "SHUFFLED4x16INT8")
        }
        try checkWeights(try reader.input(1), rank: 2, axis: 0, of: reader)
        let operands = try [
            value(try reader.input(0)), value(try reader.input(1)), flatBias(reader),
        ]
        // LiteRT's default kernels (XNNPACK) quantize asymmetrically, whatever the operator's option says.
        // It does not take rows of an odd number of 4-bit weights: then the builtin kernels follow the option.
        let weights = reader.tensor(try reader.input(1))
        let isDelegated = weights.type != .int4 || weights.shape[1].isMultiple(of: 2)
        let isAsymmetric = try options.flag(3)
        let attributes: Attributes = [
            "keepDimensions": .boolean(try options.flag(2)),
            "asymmetricQuantizeInputs": .boolean(isDelegated || isAsymmetric),
            "rule": .text((isDelegated ? IntegerRule.xnnpack : .builtin).rawValue),
        ]
        try emit(reader, .fullyConnected, operands, attributes, activation: try fusedActivation(try options.choice(0)))
    }

    private func batchMatmul(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let options = try reader.options(101)
        if reader.tensor(try reader.input(1)).type.elementType == .int8 {
            return try quantizedMatmul(
                reader, transposesFirst: try options.flag(0), transposesSecond: try options.flag(1))
        }
        let attributes: Attributes = [
            "transposeFirst": .boolean(try options.flag(0)), "transposeSecond": .boolean(try options.flag(1)),
        ]
        try emit(reader, .matmul, try operands(reader), attributes)
    }

    /// A product with an int8 constant matrix becomes a fully connected layer, whose weights are (out, in).
    private func quantizedMatmul(
        _ reader: OperatorReader, transposesFirst: Bool, transposesSecond: Bool
    ) throws(Fault) {
        let weights = try reader.input(1)
        let shape = reader.tensor(weights).shape
        guard !transposesFirst, shape.count == 2 || (shape.count == 3 && shape[0] == 1 && !transposesSecond),
            isConstant(weights),
            shape.count <= reader.tensor(try reader.input(0)).shape.count
        else {
            throw reader.unsupported(
                "multiplies by int8 weights that are not one constant matrix, which is not supported",
                found: reader.place(weights))
        }
        try checkWeights(
            weights, rank: shape.count, axis: shape.count - (transposesSecond ? 2 : 1), of: reader)
        let matrix = transposesSecond ? try value(weights) : try transposedMatrix(weights, of: reader)
        try emit(
            reader, .fullyConnected, [try value(try reader.input(0)), matrix],
            ["keepDimensions": .boolean(true), "asymmetricQuantizeInputs": .boolean(true)])
    }

    func optionalValue(_ reader: OperatorReader, _ position: Int) throws(Fault) -> String? {
        guard let tensor = reader.optionalInput(position) else { return nil }
        return try value(tensor)
    }

    /// The bias of a layer, which is the operand after its weights. LiteRT asks for its number of elements alone: some files
    /// have (1, out).
    func flatBias(_ reader: OperatorReader) throws(Fault) -> String? {
        guard let tensor = reader.optionalInput(2) else { return nil }
        let shape = reader.tensor(tensor).shape
        guard shape.count > 1, shape.dropLast().allSatisfy({ $0 == 1 }) else { return try value(tensor) }
        guard isConstant(tensor) else {
            let flat = intermediate(of: reader.outputs[0], "bias")
            emit(
                reader, .reshape, [try value(tensor)], outputs: [flat], ["shape": .integers([shape[shape.count - 1]])],
                step: "bias")
            return flat
        }
        return try reshapedConstant(tensor, to: [shape[shape.count - 1]], "bias", of: reader)
    }

    /// Checks that weights are float32, or int8 constants with zero point 0 and one scale, or one for each index of
    /// `axis`.
    func checkWeights(_ tensor: Int, rank: Int, axis: Int, of reader: OperatorReader) throws(Fault) {
        let content = reader.tensor(tensor)
        guard content.shape.count == rank else {
            throw Fault(
                .shapeMismatch, at: reader.place(tensor), "weights with another number of axes were expected",
                found: "\(content.shape)", expected: "\(rank) axes")
        }
        switch content.type.elementType {
        case .float32?: return
        case .int8?:
            guard isConstant(tensor), let quantization = ConstantStore.quantization(of: content),
                quantization.zeroPoints.allSatisfy({ $0 == 0 }), quantization.axis == nil || quantization.axis == axis
            else {
                throw reader.unsupported(
                    "has int8 weights without a scale, with a zero point, or with scales along another axis",
                    found: reader.place(tensor))
            }
        default:
            throw reader.unsupported(
                "has weights of a type that is not supported", found: "\(content.type.name) \(reader.place(tensor))")
        }
    }
}
