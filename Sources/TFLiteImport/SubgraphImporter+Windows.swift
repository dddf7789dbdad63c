import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let windowNames: [String: Operation] = [
        "CONV_2D": .conv2D, "DEPTHWISE_CONV_2D": .depthwiseConv2D, "AVERAGE_POOL_2D": .pooling2D,
        "MAX_POOL_2D": .pooling2D,
    ]

    func window(_ reader: OperatorReader, _ kind: OperationFamily.Window) throws(Fault) {
        switch kind {
        case .conv2D: try convolution(reader)
        case .depthwiseConv2D: try depthwiseConvolution(reader)
        case .pooling2D: try pooling(reader)
        case .conv1D, .depthwiseConv1D, .pooling1D, .globalPooling1D: throw reader.notImported()
        }
    }

    private func convolution(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...3)
        try checkWeights(try reader.input(1), rank: 4, axis: 0, of: reader)
        var (attributes, activation) = try convolutionAttributes(reader)
        // The default kernels take no 4-bit weights here; the builtin ones do.
        if reader.tensor(try reader.input(1)).type == .int4 {
            attributes["rule"] = .text(IntegerRule.builtin.rawValue)
        } else if try isPointwiseInDynamicRange(reader), attributes["strides"] == .integers([1, 1]) {
            return try pointwiseConvolution(reader, activation: try fusedActivation(activation))
        }
        try emit(
            reader, .conv2D, try convolutionOperands(reader), attributes, activation: try fusedActivation(activation))
    }

    /// The attributes of CONV_2D or DEPTHWISE_CONV_2D, whose weights have been checked, and the number of its activation.
    func convolutionAttributes(_ reader: OperatorReader) throws(Fault) -> (Attributes, activation: Int) {
        let isDepthwise = reader.name == "DEPTHWISE_CONV_2D"
        let options = try reader.options(isDepthwise ? 2 : 1)
        // Depthwise options have a field more before their activation.
        let offset = isDepthwise ? 1 : 0
        var attributes: Attributes = [
            "padding": .text(try padding(options)), "strides": try pair(options, 2, 1, "strides"),
            "dilations": try pair(options, 5 + offset, 4 + offset, "dilations", default: 1),
        ]
        if isDepthwise { attributes["multiplier"] = .integer(try multiplier(reader, options)) }
        return (attributes, try options.choice(3 + offset))
    }

    /// LiteRT's default kernels (XNNPACK) run a 1 × 1 convolution with int8 weights and without strides as a fully
    /// connected layer: they quantize each position on its own, not the whole input at once.
    private func pointwiseConvolution(_ reader: OperatorReader, activation: ActivationFunction?) throws(Fault) {
        let operands = try [
            value(try reader.input(0)), pointwiseMatrix(try reader.input(1), of: reader), flatBias(reader),
        ]
        try emit(
            reader, .fullyConnected, operands,
            ["keepDimensions": .boolean(true), "asymmetricQuantizeInputs": .boolean(true)], activation: activation)
    }

    private func isPointwiseInDynamicRange(_ reader: OperatorReader) throws(Fault) -> Bool {
        let weights = reader.tensor(try reader.input(1))
        let input = reader.tensor(try reader.input(0))
        return weights.type.elementType == .int8 && input.type.elementType == .float32 && weights.shape[1] == 1
            && weights.shape[2] == 1 && weights.shape[3] == input.shape.last
    }

    private func depthwiseConvolution(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...3)
        try checkWeights(try reader.input(1), rank: 4, axis: 3, of: reader)
        let (attributes, activation) = try convolutionAttributes(reader)
        try emit(
            reader, .depthwiseConv2D, try convolutionOperands(reader), attributes,
            activation: try fusedActivation(activation))
    }

    private func multiplier(_ reader: OperatorReader, _ options: OperatorOptions) throws(Fault) -> Int {
        let weights = try reader.input(1)
        // The option is unreliable; the numbers of channels give the same.
        let input = reader.tensor(try reader.input(0)).shape
        let channels = reader.tensor(weights).shape[3]
        var multiplier = try options.integer(3)
        if input.count == 4, input[3] > 0, channels.isMultiple(of: input[3]) { multiplier = channels / input[3] }
        guard multiplier > 0 else {
            throw Fault(.invalidValue, at: "depth_multiplier", "the option must be positive", found: "\(multiplier)")
        }
        return multiplier
    }

    private func pooling(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let (attributes, activation) = try poolingAttributes(reader)
        try emit(
            reader, .pooling2D, try operands(reader), attributes, activation: try fusedActivation(activation))
    }

    /// The attributes of MAX_POOL_2D or AVERAGE_POOL_2D, and the number of its activation.
    func poolingAttributes(_ reader: OperatorReader) throws(Fault) -> (Attributes, activation: Int) {
        let options = try reader.options(5)
        let attributes: Attributes = [
            "kind": .text(reader.name == "MAX_POOL_2D" ? "maximum" : "average"), "padding": .text(try padding(options)),
            "strides": try pair(options, 2, 1, "strides"), "poolSize": try pair(options, 4, 3, "filter size"),
        ]
        return (attributes, try options.choice(5))
    }

    private func convolutionOperands(_ reader: OperatorReader) throws(Fault) -> [String?] {
        try [value(try reader.input(0)), value(try reader.input(1)), flatBias(reader)]
    }

    private func padding(_ options: OperatorOptions) throws(Fault) -> String {
        switch try options.choice(0) {
        case 0: "same"
        case 1: "valid"
        case let other:
            throw Fault(.unsupportedAttribute, at: "padding", "the padding is not supported", found: "\(other)")
        }
    }

    /// Two positive numbers, for rows and for columns.
    private func pair(
        _ options: OperatorOptions, _ rows: Int, _ columns: Int, _ what: String, default value: Int32 = 0
    ) throws(Fault) -> AttributeValue {
        let pair = try [options.integer(rows, default: value), options.integer(columns, default: value)]
        guard pair.allSatisfy({ $0 > 0 }) else {
            throw Fault(.invalidValue, at: what, "the option must be positive", found: "\(pair)")
        }
        return .integers(pair)
    }
}
