import EmotionFormerGraph
import EmotionFormerTensors

extension SubgraphImporter {
    static let windowNames: [String: Operation] = [
        "CONV_2D": .conv2D, "DEPTHWISE_CONV_2D": .depthwiseConv2D, "AVERAGE_POOL_2D": .pooling2D,
        "MAX_POOL_2D": .pooling2D,
    ]

    func window(_ reader: OperatorReader, _ kind: OperationFamily.Window) throws(Fault) {
        switch kind {
        case .conv2D: try convolution(reader)
        case .depthwiseConv2D: try depthwiseConvolution(reader)
        case .pooling2D: try pooling(reader, reader.name == "MAX_POOL_2D" ? "maximum" : "average")
        case .conv1D, .depthwiseConv1D, .pooling1D, .globalPooling1D: throw reader.notImported()
        }
    }

    private func convolution(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...3)
        let options = try reader.options(1)
        try checkWeights(try reader.input(1), rank: 4, axis: 0, of: reader)
        let attributes: Attributes = [
            "padding": .text(try padding(options)), "strides": try pair(options, 2, 1, "strides"),
            "dilations": try pair(options, 5, 4, "dilations", default: 1),
        ]
        if try isPointwiseInDynamicRange(reader), attributes["strides"] == .integers([1, 1]) {
            return try pointwiseConvolution(reader, activation: try fusedActivation(try options.choice(3)))
        }
        try emit(
            reader, .conv2D, try convolutionOperands(reader), attributes,
            activation: try fusedActivation(try options.choice(3)))
    }

    /// LiteRT's default kernels (XNNPACK) run a 1 × 1 convolution with int8 weights and without strides as a fully
    /// connected layer: they quantize each position on its own, not the whole input at once.
    private func pointwiseConvolution(_ reader: OperatorReader, activation: ActivationFunction?) throws(Fault) {
        let operands = try [
            value(try reader.input(0)), pointwiseMatrix(try reader.input(1), of: reader), optionalValue(reader, 2),
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
        let options = try reader.options(2)
        let weights = try reader.input(1)
        try checkWeights(weights, rank: 4, axis: 3, of: reader)
        // The option is unreliable; the numbers of channels give the same.
        let input = reader.tensor(try reader.input(0)).shape
        let channels = reader.tensor(weights).shape[3]
        var multiplier = try options.integer(3)
        if input.count == 4, input[3] > 0, channels.isMultiple(of: input[3]) { multiplier = channels / input[3] }
        guard multiplier > 0 else {
            throw Fault(.invalidValue, at: "depth_multiplier", "the option must be positive", found: "\(multiplier)")
        }
        let attributes: Attributes = [
            "padding": .text(try padding(options)), "strides": try pair(options, 2, 1, "strides"),
            "dilations": try pair(options, 6, 5, "dilations", default: 1), "multiplier": .integer(multiplier),
        ]
        try emit(
            reader, .depthwiseConv2D, try convolutionOperands(reader), attributes,
            activation: try fusedActivation(try options.choice(4)))
    }

    private func pooling(_ reader: OperatorReader, _ kind: String) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let options = try reader.options(5)
        let attributes: Attributes = [
            "kind": .text(kind), "padding": .text(try padding(options)),
            "strides": try pair(options, 2, 1, "strides"), "poolSize": try pair(options, 4, 3, "filter size"),
        ]
        try emit(
            reader, .pooling2D, try operands(reader), attributes,
            activation: try fusedActivation(try options.choice(5)))
    }

    private func convolutionOperands(_ reader: OperatorReader) throws(Fault) -> [String?] {
        try [value(try reader.input(0)), value(try reader.input(1)), optionalValue(reader, 2)]
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
