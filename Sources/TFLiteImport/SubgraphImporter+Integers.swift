import EmotionFormerCore
import EmotionFormerGraph

/// Operators that compute with quantized integers. LiteRT runs each by XNNPACK or by its builtin kernels, which round
/// differently; which of them is decided here, by the conditions of XNNPACK's delegate, and stated on the node.
extension SubgraphImporter {
    /// Whether an operator computes with quantized numbers that are not constants, or makes some.
    func computesWithIntegers(_ reader: OperatorReader) -> Bool {
        guard SubgraphImporter.integerOperators.contains(reader.name) else { return false }
        return (reader.operation.inputs + reader.outputs).contains { tensor in
            tensor != -1 && !isConstant(tensor) && reader.tensor(tensor).type.elementType?.quantizedRange != nil
        }
    }

    private static let integerFunctions: [String: IntegerFunction] = [
        "LOGISTIC": .sigmoid, "TANH": .tanh, "GELU": .gelu, "RELU": .relu, "RELU6": .relu6,
        "RELU_N1_TO_1": .reluN1To1, "RELU_0_TO_1": .relu0To1, "ELU": .elu, "LEAKY_RELU": .leakyRelu,
        "HARD_SWISH": .hardSilu, "RSQRT": .reciprocalSquareRoot, "SQRT": .squareRoot, "EXP": .exponential,
        "LOG": .logarithm, "ABS": .absolute,
    ]

    private static let integerPairs: [String: IntegerPair.Kind] = [
        "ADD": .add, "SUB": .subtract, "MUL": .multiply, "DIV": .divide, "SQUARED_DIFFERENCE": .squaredDifference,
        "MAXIMUM": .maximum, "MINIMUM": .minimum,
    ]

    private static let integerComparisons: [String: String] = [
        "EQUAL": "equal", "NOT_EQUAL": "notEqual", "LESS": "less", "LESS_EQUAL": "lessEqual", "GREATER": "greater",
        "GREATER_EQUAL": "greaterEqual",
    ]

    private static let integerOperators = Set(integerFunctions.keys).union(integerPairs.keys)
        .union(integerComparisons.keys).union([
            "QUANTIZE", "DEQUANTIZE", "FULLY_CONNECTED", "BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D",
            "AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "SUM", "SOFTMAX", "PRELU", "UNIDIRECTIONAL_SEQUENCE_LSTM",
        ])

    func importInteger(_ reader: OperatorReader) throws(Fault) {
        try checkResult(reader)
        if let function = SubgraphImporter.integerFunctions[reader.name] {
            return try integerFunction(reader, function)
        }
        if let kind = SubgraphImporter.integerPairs[reader.name] { return try integerArithmetic(reader, kind) }
        if let kind = SubgraphImporter.integerComparisons[reader.name] {
            try reader.expect(inputs: 2...2)
            return try emit(reader, .integerComparison, try operands(reader), ["kind": .text(kind)])
        }
        switch reader.name {
        case "QUANTIZE": try integerQuantize(reader)
        case "DEQUANTIZE":
            try reader.expect(inputs: 1...1)
            let input = try reader.input(0)
            _ = try quantization(input, reader)
            guard areBytes([input], reader) || elementType(input, reader) == .int16 else {
                throw reader.unsupported(
                    "has an operand that LiteRT's default kernels do not take", found: reader.place(input))
            }
            try emit(reader, .dequantize, try operands(reader))
        case "FULLY_CONNECTED": try integerFullyConnected(reader)
        case "BATCH_MATMUL": try integerMatmul(reader)
        case "CONV_2D", "DEPTHWISE_CONV_2D": try integerConvolution(reader)
        case "AVERAGE_POOL_2D", "MAX_POOL_2D": try integerPooling(reader)
        case "MEAN": try integerReduction(reader, .mean)
        case "SUM": try integerReduction(reader, .sum)
        case "SOFTMAX":
            try reader.expect(inputs: 1...1)
            let beta = try finite(try reader.options(9).float(0), "beta")
            try emit(reader, .integerSoftmax, try operands(reader), ["beta": .number(beta)])
        case "PRELU":
            try reader.expect(inputs: 2...2)
            try emit(reader, .integerPrelu, try operands(reader))
        case "UNIDIRECTIONAL_SEQUENCE_LSTM": try integerSequence(reader)
        default: throw reader.notImported()
        }
    }

    /// Checks that a result has the type that the operation gives it.
    private func checkResult(_ reader: OperatorReader) throws(Fault) {
        guard let input = reader.optionalInput(0), let output = reader.outputs.first,
            let found = elementType(output, reader)
        else { return }
        let expected: ElementType?
        switch reader.name {
        case "QUANTIZE": return
        case "DEQUANTIZE": expected = .float32
        case let name where SubgraphImporter.integerComparisons[name] != nil: expected = .bool
        default: expected = elementType(input, reader)
        }
        guard found != expected else { return }
        throw reader.unsupported(
            "converts between types that are not supported",
            found: "\(reader.tensor(input).type.name) to \(reader.tensor(output).type.name)")
    }

    // MARK: Quantizations

    /// The one scale and zero point of a tensor of quantized numbers.
    func quantization(_ tensor: Int, _ reader: OperatorReader) throws(Fault) -> ValueQuantization {
        let content = reader.tensor(tensor)
        guard content.type.elementType?.quantizedRange != nil else {
            throw Fault(
                .elementTypeMismatch, at: reader.place(tensor), "the tensor is not one of quantized numbers",
                found: content.type.name, expected: "INT8, UINT8 or INT16")
        }
        guard let quantization = ConstantStore.valueQuantization(of: content) else {
            throw Fault(
                .unsupportedAttribute, at: reader.place(tensor),
                "one positive scale with a zero point in the type's range was expected",
                found: content.quantization.map {
                    "scales \($0.scales.prefix(4)), zero points \($0.zeroPoints.prefix(4))"
                }
                    ?? "no quantization")
        }
        return quantization
    }

    private func elementType(_ tensor: Int, _ reader: OperatorReader) -> ElementType? {
        reader.tensor(tensor).type.elementType
    }

    /// Whether all tensors have 8-bit numbers of one type, and one scale each that lies along no axis but the first: what
    /// XNNPACK asks of every operand.
    func areBytes(_ tensors: [Int], _ reader: OperatorReader) -> Bool {
        guard let first = tensors.first, let type = elementType(first, reader), type == .int8 || type == .uint8 else {
            return false
        }
        return tensors.allSatisfy { tensor in
            let content = reader.tensor(tensor)
            return content.type.elementType == type && content.quantization?.scales.count == 1
                && content.quantization?.axis == 0 && content.shape.count <= SubgraphImporter.largestRank
        }
    }

    /// The most axes that XNNPACK takes.
    private static let largestRank = 6

    private func rule(_ isDelegated: Bool) -> AttributeValue {
        .text((isDelegated ? IntegerRule.xnnpack : .builtin).rawValue)
    }

    /// A fused activation as an attribute: a range of integers.
    private func range(_ code: Int) throws(Fault) -> AttributeValue {
        let function = try fusedActivation(code) ?? .linear
        guard function != .tanh else {
            throw Fault(.unsupportedAttribute, at: "", "the fused activation is not supported", found: "TANH")
        }
        return .text(function.rawValue)
    }

    // MARK: Conversions

    private func integerQuantize(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let (input, output) = (try reader.input(0), reader.outputs[0])
        let result = try quantization(output, reader)
        guard let type = elementType(output, reader) else { throw reader.notImported() }
        guard elementType(input, reader) != .float32 else {
            let attributes: Attributes = [
                "to": .text(type.rawValue), "scale": .number(Double(result.scale)),
                "zeroPoint": .integer(result.zeroPoint), "rule": rule(areBytes([output], reader)),
            ]
            return try emit(reader, .quantize, try operands(reader), attributes)
        }
        let source = try quantization(input, reader)
        let ratio = source.scale / result.scale
        try emit(
            reader, .integerFunction, try operands(reader),
            [
                "function": .text(IntegerFunction.linear.rawValue), "to": .text(type.rawValue),
                "rule": rule(areBytes([input, output], reader) && ratio >= 0x1p-8 && ratio <= 128),
            ])
    }

    // MARK: Element by element

    private func integerFunction(_ reader: OperatorReader, _ function: IntegerFunction) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let (input, output) = (try reader.input(0), reader.outputs[0])
        let (source, result) = (try quantization(input, reader), try quantization(output, reader))
        guard let type = elementType(output, reader), type == elementType(input, reader) else {
            throw reader.unsupported("converts between types that are not supported")
        }
        var function = function
        var alpha = 0.0
        var isDelegated = areBytes([input, output], reader)
        switch function {
        case .gelu:
            if try reader.options(116).flag(0) { function = .geluTanh }
            isDelegated = false
        case .leakyRelu:
            alpha = try finite(try reader.options(75).float(0), "alpha")
            let positive = source.scale / result.scale
            let negative = positive * Float(alpha)
            let isInRange =
                positive >= 0x1p-8 && positive <= 128 && negative >= -127.99609375 && negative <= 128
                && abs(negative) >= 0x1p-8
            isDelegated = isDelegated && Float(alpha).isNormal && isInRange
        case .elu: isDelegated = isDelegated && type == .int8
        case .sigmoid, .tanh: break
        default: isDelegated = false
        }
        let attributes: Attributes = [
            "function": .text(function.rawValue), "to": .text(type.rawValue), "alpha": .number(alpha),
            "rule": rule(isDelegated),
        ]
        try emit(reader, .integerFunction, try operands(reader), attributes)
    }

    private func integerArithmetic(_ reader: OperatorReader, _ kind: IntegerPair.Kind) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let (first, second, output) = (try reader.input(0), try reader.input(1), reader.outputs[0])
        let (a, b) = (try quantization(first, reader), try quantization(second, reader))
        let result = try quantization(output, reader)
        let isBytes = areBytes([first, second, output], reader)
        var activation = 0
        let isDelegated: Bool
        switch kind {
        case .add, .subtract:
            activation = try reader.options(kind == .add ? 11 : 28).choice(0)
            isDelegated =
                isBytes
                && [a, b].allSatisfy { ($0.scale / result.scale) >= 0x1p-10 && ($0.scale / result.scale) < 0x1p8 }
        case .multiply:
            activation = try reader.options(21).choice(0)
            let ratio = a.scale * b.scale / result.scale
            isDelegated = isBytes && ratio >= 0x1p-16 && ratio < 0x1p8
        case .divide:
            activation = try reader.options(29).choice(0)
            isDelegated = false
        case .squaredDifference:
            guard elementType(first, reader) != .int16 else {
                throw reader.unsupported(
                    "squares differences of int16 numbers (16×8 quantization), which LiteRT cannot run either: convert the "
                        + "model with int8 activations, or with dynamic range", found: "INT16")
            }
            isDelegated = false
        case .maximum, .minimum: isDelegated = false
        }
        try emit(
            reader, .integerArithmetic, try operands(reader),
            ["kind": .text(kind.rawValue), "activation": try range(activation), "rule": rule(isDelegated)])
    }

    // MARK: Products

    /// Whether XNNPACK takes constant int8 weights: their zero points are 0, several scales lie along `axis`. Of 4-bit weights
    /// it takes matrices with rows of an even number.
    private func areDelegated(weights tensor: Int, axis: Int, _ reader: OperatorReader) -> Bool {
        let content = reader.tensor(tensor)
        guard content.type != .int4 || (content.shape.count == 2 && content.shape[1].isMultiple(of: 2)) else {
            return false
        }
        guard isConstant(tensor), content.type.elementType == .int8, let quantization = content.quantization else {
            return false
        }
        return quantization.zeroPoints.allSatisfy { $0 == 0 }
            && (quantization.scales.count == 1 || quantization.axis == axis)
    }

    /// Whether XNNPACK takes a bias: a constant int32 with a scale. That of a convolution is a vector, too.
    private func isDelegated(bias tensor: Int, _ reader: OperatorReader) -> Bool {
        let content = reader.tensor(tensor)
        guard isConstant(tensor), content.type.elementType == .int32, let quantization = content.quantization else {
            return false
        }
        return quantization.axis == 0 && quantization.zeroPoints.allSatisfy { $0 == 0 }
    }

    private func integerFullyConnected(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...3)
        let options = try reader.options(8)
        guard try options.choice(1) == 0 else {
            throw reader.unsupported("has its weights in an order that is not supported", found: "SHUFFLED4x16INT8")
        }
        let (input, weights) = (try reader.input(0), try reader.input(1))
        _ = try quantization(input, reader)
        _ = try quantization(reader.outputs[0], reader)
        try checkIntegerWeights(weights, rank: 2, axis: 0, reader)
        let bias = reader.optionalInput(2)
        let isDelegated =
            areBytes([input, reader.outputs[0]], reader) && areDelegated(weights: weights, axis: 0, reader)
            && (bias.map { self.isDelegated(bias: $0, reader) } ?? true)
        try emit(
            reader, .integerFullyConnected, [value(input), value(weights), flatBias(reader)],
            [
                "keepDimensions": .boolean(try options.flag(2)), "activation": try range(try options.choice(0)),
                "rule": rule(isDelegated),
            ])
    }

    /// Weights of an integer product must be int8. Without a scale, or of another type, they are refused here.
    private func checkIntegerWeights(_ tensor: Int, rank: Int, axis: Int, _ reader: OperatorReader) throws(Fault) {
        guard isConstant(tensor) else {
            _ = try quantization(tensor, reader)
            return
        }
        let content = reader.tensor(tensor)
        guard content.shape.count == rank else {
            throw Fault(
                .shapeMismatch, at: reader.place(tensor), "weights with another number of axes were expected",
                found: "\(content.shape)", expected: "\(rank) axes")
        }
        guard content.type.elementType == .int8, let quantization = ConstantStore.quantization(of: content),
            quantization.axis == nil || (quantization.axis == axis && quantization.zeroPoints.allSatisfy { $0 == 0 }),
            quantization.scales.allSatisfy({ $0 > 0 })
        else {
            let way =
                content.type.elementType == .uint8
                ? " (uint8 weights are the quantization of TensorFlow 1: convert the float model again, to int8)" : ""
            throw reader.unsupported(
                "has weights that are not int8 numbers with positive scales along the output channels\(way)",
                found: "\(content.type.name) \(reader.place(tensor))")
        }
    }

    private func integerMatmul(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let options = try reader.options(101)
        let (first, second, output) = (try reader.input(0), try reader.input(1), reader.outputs[0])
        for tensor in [first, second, output] { _ = try quantization(tensor, reader) }
        let zeroPoint = try quantization(second, reader).zeroPoint
        let isDelegated =
            areBytes([first, second, output], reader) && elementType(second, reader) == .int8 && zeroPoint == 0
        try emit(
            reader, .integerMatmul, try operands(reader),
            [
                "transposeFirst": .boolean(try options.flag(0)), "transposeSecond": .boolean(try options.flag(1)),
                "rule": rule(isDelegated),
            ])
    }

    private func integerConvolution(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...3)
        let isDepthwise = reader.name == "DEPTHWISE_CONV_2D"
        let (input, weights, output) = (try reader.input(0), try reader.input(1), reader.outputs[0])
        _ = try quantization(input, reader)
        _ = try quantization(output, reader)
        guard isConstant(weights) else {
            throw reader.unsupported("has weights that it computes at run time", found: reader.place(weights))
        }
        let axis = isDepthwise ? 3 : 0
        try checkIntegerWeights(weights, rank: 4, axis: axis, reader)
        let isDelegated =
            areBytes([input, output], reader) && areDelegated(weights: weights, axis: axis, reader)
            && (reader.optionalInput(2).map {
                reader.tensor($0).shape.count == 1 && self.isDelegated(bias: $0, reader)
            } ?? false)
        var (attributes, activation) = try convolutionAttributes(reader)
        attributes["activation"] = try range(activation)
        attributes["rule"] = rule(isDelegated)
        try emit(
            reader, isDepthwise ? .integerDepthwiseConv2D : .integerConv2D,
            [value(input), value(weights), flatBias(reader)], attributes)
    }

    private func integerPooling(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let (source, result) = (
            try quantization(try reader.input(0), reader), try quantization(reader.outputs[0], reader)
        )
        guard source == result else {
            throw reader.unsupported("changes the scale, which LiteRT does not do either")
        }
        var (attributes, activation) = try poolingAttributes(reader)
        attributes["activation"] = try range(activation)
        try emit(reader, .integerPooling2D, try operands(reader), attributes)
    }

    // MARK: Rows

    private func integerReduction(_ reader: OperatorReader, _ kind: IntegerReduction.Kind) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let (input, output) = (try reader.input(0), reader.outputs[0])
        _ = try quantization(input, reader)
        _ = try quantization(output, reader)
        let axes = try knownIntegers(reader, 1, "axes")
        let list = reader.tensor(try reader.input(1))
        let isDelegated =
            areBytes([input, output], reader) && !axes.isEmpty && axes.count <= SubgraphImporter.largestRank
            && list.type.elementType == .int32 && list.shape.count <= 1
        try emit(
            reader, .integerReduction, [try value(input)],
            [
                "kind": .text(kind.rawValue), "axes": .integers(axes),
                "keepDimensions": .boolean(try reader.options(27).flag(0)), "rule": rule(isDelegated),
            ])
    }

    private func integerSequence(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 20...24)
        let options = try reader.options(71)
        for position in [9, 10, 11, 16, 17, 20, 21, 22, 23] {
            if let tensor = reader.optionalInput(position) {
                throw reader.unsupported(
                    "has peepholes, a projection or normalized gates in integers, which is not supported",
                    found: reader.place(tensor))
            }
        }
        guard try options.choice(0) == 4, try !options.flag(5) else {
            throw reader.unsupported("has another activation than tanh, or diagonal weights, which is not supported")
        }
        for position in [18, 19] {
            let tensor = try reader.input(position)
            guard startsFromZero(tensor) else {
                throw reader.unsupported(
                    "starts from a state other than zero, which is not supported", found: reader.place(tensor))
            }
        }
        let state = try quantization(try reader.input(18), reader)
        let cell = try quantization(try reader.input(19), reader)
        guard reader.operation.intermediates.count == 5, reader.operation.intermediates[4] != -1,
            let hidden = reader.tensor(reader.operation.intermediates[4]).quantization, hidden.scales.count == 1,
            hidden.scales[0] > 0, elementType(try reader.input(19), reader) == .int16
        else {
            throw reader.unsupported("has no scale of its hidden state, or a cell of another type than INT16")
        }
        _ = try quantization(reader.outputs[0], reader)
        var operands: [String?] = [try value(try reader.input(0))]
        for position in [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15] {
            guard let tensor = reader.optionalInput(position), isConstant(tensor) else {
                throw reader.unsupported("couples its gates, or computes its weights, which is not supported")
            }
            operands.append(try value(tensor))
        }
        let (before, after) = try keepStates(
            [try reader.input(18), try reader.input(19)], zero: [state.zeroPoint, 0], reader)
        try reader.expect(outputs: 1)
        emit(
            reader, .integerLSTM, operands + before, outputs: [name(reader.outputs[0])] + after,
            [
                "cellClip": .number(try finite(try options.float(1), "cell_clip")),
                "timeMajor": .boolean(try options.flag(3)), "stateScale": .number(Double(state.scale)),
                "stateZeroPoint": .integer(state.zeroPoint), "hiddenScale": .number(Double(hidden.scales[0])),
                "hiddenZeroPoint": .integer(Int(hidden.zeroPoints.first ?? 0)),
                "cellScale": .number(Double(cell.scale)),
            ])
    }
}
