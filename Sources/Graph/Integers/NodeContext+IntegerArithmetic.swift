package import EmotionFormerCore

/// The arithmetic of an integer operation, from its attributes and quantizations.
extension NodeContext {
    /// The one scale and zero point of an operand: the value's, or the constant's own if the value has none.
    /// - Throws: for a constant with a scale for each index of an axis, among others.
    package func quantization(_ index: Int) throws(Fault) -> ValueQuantization {
        if let axis = constant(index)?.quantization?.axis {
            throw Fault(
                .unsupportedAttribute, at: place(index),
                "the operation does not take a scale for each index of an axis",
                found: "axis \(axis)", expected: "one scale a tensor")
        }
        guard let quantization = quantizations.input(index) ?? constant(index)?.quantization?.single else {
            throw Fault(.missingField, at: place(index), "the integers have no quantization")
        }
        guard quantization.scale > 0, quantization.scale.isFinite else {
            throw Fault(
                .invalidValue, at: place(index), "the scale is not positive and finite", found: "\(quantization.scale)")
        }
        let type = try operand(index).elementType
        try quantization.check(type)
        try requireNoZeroPoint(quantization, type, at: place(index))
        return quantization
    }

    /// LiteRT takes int16 numbers about zero only.
    private func requireNoZeroPoint(
        _ quantization: ValueQuantization, _ type: ElementType, at place: String
    ) throws(Fault) {
        guard type != .int16 || quantization.zeroPoint == 0 else {
            throw Fault(
                .unsupportedAttribute, at: place, "int16 numbers have a zero point, which LiteRT does not take",
                found: "\(quantization.zeroPoint)", expected: "0")
        }
    }

    /// The quantization of an operand that may be a constant with a scale for each index of an axis; for others as
    /// `quantization(index)`.
    package func quantizationAlongAxis(_ index: Int) throws(Fault) -> Quantization {
        guard let own = constant(index)?.quantization, own.axis != nil else {
            let value = try quantization(index)
            return Quantization(scales: [value.scale], zeroPoints: [value.zeroPoint], axis: nil)
        }
        try own.check(against: operand(index), at: place(index))
        guard own.scales.allSatisfy({ $0 > 0 }) else {
            throw Fault(.invalidValue, at: place(index), "a scale is not positive")
        }
        return own
    }

    /// - Parameter elementType: of the result.
    package func integerOutput(_ elementType: ElementType) throws(Fault) -> IntegerOutput {
        guard let quantization = quantizations.output() else {
            throw Fault(.missingField, at: "outputs", "the integers have no quantization")
        }
        try requireNoZeroPoint(quantization, elementType, at: "outputs")
        let activation: ActivationFunction =
            attributes["activation"] == nil ? .linear : try attributes.activation()
        let rule: IntegerRule = attributes["rule"] == nil ? .builtin : try attributes.integerRule()
        return try IntegerOutput(elementType, quantization, activation: activation, rule: rule)
    }

    package func integerPair() throws(Fault) -> IntegerPair {
        guard let kind = IntegerPair.Kind(rawValue: try attributes.text("kind")) else {
            throw Fault(.unsupportedAttribute, at: "attribute 'kind'", "there is no such kind")
        }
        let rule = try attributes.integerRule()
        try requireKernel(kind.rawValue, of: kind.elementTypes(rule), rule)
        return try IntegerPair(
            kind, rule: rule, first: quantization(0), second: quantization(1),
            output: integerOutput(operand(0).elementType))
    }

    /// The axis of the output channels in the weights of a product; nil if the weights have one scale.
    private var channelAxis: Int? {
        switch operation {
        case .integerFullyConnected, .integerConv2D: 0
        case .integerDepthwiseConv2D: 3
        default: nil
        }
    }

    /// The scales and the zero point of the second operand of a product: one scale, or one for each output channel.
    package func integerWeights() throws(Fault) -> (scales: [Float], zeroPoint: Int) {
        guard let channelAxis else {
            let value = try quantization(1)
            return ([value.scale], value.zeroPoint)
        }
        let weights = try quantizationAlongAxis(1)
        guard let axis = weights.axis else { return (weights.scales, weights.zeroPoints[0]) }
        guard axis == channelAxis else {
            throw Fault(
                .unsupportedAttribute, at: place(1), "the axis of the quantization does not fit", found: "\(axis)",
                expected: "\(channelAxis)")
        }
        guard weights.zeroPoints.allSatisfy({ $0 == 0 }) else {
            throw Fault(.invalidValue, at: place(1), "the zero points of the weights are not 0")
        }
        return (weights.scales, 0)
    }

    package func integerProduct() throws(Fault) -> IntegerProduct {
        let bias = optionalOperand(2)?.elementType
        let kind: IntegerProduct.Kind =
            switch operation {
            case .integerMatmul: .matmul
            case .integerFullyConnected: .fullyConnected(hasWideBias: bias == .int64)
            default: .convolution
            }
        let rule = try attributes.integerRule()
        let types: Set<ElementType> =
            switch (operation, rule) {
            case (_, .xnnpack): [.int8]
            case (.integerDepthwiseConv2D, .builtin): [.int16]
            case (_, .builtin): [.int8, .int16]
            }
        try requireKernel(operation.rawValue, of: types, rule)
        return try IntegerProduct(
            kind, rule: rule, input: quantization(0).scale, weightScales: integerWeights().scales,
            output: integerOutput(operand(0).elementType))
    }

    /// - Parameter count: the number of elements of a sum.
    package func integerReduction(count: Int) throws(Fault) -> IntegerReduction {
        guard let kind = IntegerReduction.Kind(rawValue: try attributes.text("kind")) else {
            throw Fault(.unsupportedAttribute, at: "attribute 'kind'", "there is no such kind")
        }
        let rule = try attributes.integerRule()
        try requireKernel(kind.rawValue, of: kind.elementTypes(rule), rule)
        return try IntegerReduction(
            kind, rule: rule, count: count, input: quantization(0),
            output: integerOutput(operand(0).elementType))
    }

    package func integerTable() throws(Fault) -> IntegerTable {
        let function = try integerFunction()
        let alpha = Float(try attributes.number("alpha"))
        guard alpha.isFinite else { throw Fault(.notFinite, at: "attribute 'alpha'", "the number is not finite") }
        return try IntegerTable(
            function, alpha: alpha, rule: attributes.integerRule(), inputType: operand(0).elementType,
            input: quantization(0), output: integerOutput(attributes.elementType("to")))
    }

    /// What `integerTable` checks, without the table where it is large.
    func checkIntegerTable() throws(Fault) {
        guard try operand(0).elementType == .int16 else {
            _ = try integerTable()
            return
        }
        _ = try integerFunction()
        let output = try integerOutput(attributes.elementType("to"))
        _ = try FixedPointScale(Double(quantization(0).scale) / Double(output.scale))
    }

    /// The function, if LiteRT has it for the types and scales.
    private func integerFunction() throws(Fault) -> IntegerFunction {
        guard let function = IntegerFunction(rawValue: try attributes.text("function")) else {
            throw Fault(.unsupportedAttribute, at: "attribute 'function'", "there is no such function")
        }
        let rule = try attributes.integerRule()
        try requireKernel(function.rawValue, of: function.elementTypes(rule), rule)
        let (source, target) = (try operand(0).elementType, try attributes.elementType("to"))
        guard source == target || (rule == .builtin && Set([source, target]) != [.uint8, .int16]) else {
            throw Fault(
                .unsupportedOperation, at: "attribute 'to'",
                "LiteRT has no such conversion, so nothing says its numbers",
                found: "\(source.rawValue) to \(target.rawValue) by the rule \(rule.rawValue)")
        }
        let output = try integerOutput(target)
        switch (function, source) {
        case (.sigmoid, .int16), (.tanh, .int16): try requireOutput(output, scale: 0x1p-15, zeroPoint: 0)
        case (.sigmoid, _):
            try requireOutput(output, scale: 0x1p-8, zeroPoint: target.quantizedRange?.lowerBound ?? 0)
        default: break
        }
        return function
    }

    package func integerSoftmax() throws(Fault) -> IntegerSoftmax {
        let beta = Float(try attributes.number("beta"))
        guard beta.isFinite, beta >= 0 else {
            throw Fault(.invalidValue, at: "attribute 'beta'", "the number is negative or not finite", found: "\(beta)")
        }
        let type = try operand(0).elementType
        let output = try integerOutput(type)
        try requireOutput(
            output, scale: type == .int16 ? 0x1p-15 : 0x1p-8,
            zeroPoint: type == .int16 ? 0 : type.quantizedRange?.lowerBound ?? 0)
        return try IntegerSoftmax(inputType: type, input: quantization(0), beta: beta, output: output)
    }

    package func integerComparison() throws(Fault) -> IntegerComparison {
        try IntegerComparison(first: quantization(0), second: quantization(1))
    }

    package func integerPrelu() throws(Fault) -> IntegerPrelu {
        try IntegerPrelu(
            input: quantization(0), alpha: quantization(1), output: integerOutput(operand(0).elementType))
    }
}
