package import EmotionFormerTensors

/// The arithmetic of an integer operation, from its attributes and quantizations.
extension NodeContext {
    package func quantization(_ index: Int) throws(Fault) -> ValueQuantization {
        guard let quantization = quantizations.input(index) else {
            throw Fault(.missingField, at: place(index), "the integers have no quantization")
        }
        return quantization
    }

    /// - Parameter elementType: of the result.
    package func integerOutput(_ elementType: ElementType) throws(Fault) -> IntegerOutput {
        guard let quantization = quantizations.output() else {
            throw Fault(.missingField, at: "outputs", "the integers have no quantization")
        }
        let activation: ActivationFunction =
            attributes["activation"] == nil ? .linear : try attributes.activation()
        let rule: IntegerRule = attributes["rule"] == nil ? .builtin : try attributes.integerRule()
        return try IntegerOutput(elementType, quantization, activation: activation, rule: rule)
    }

    package func integerPair() throws(Fault) -> IntegerPair {
        guard let kind = IntegerPair.Kind(rawValue: try attributes.text("kind")) else {
            throw Fault(.unsupportedAttribute, at: "attribute 'kind'", "there is no such kind")
        }
        return try IntegerPair(
            kind, rule: attributes.integerRule(), first: quantization(0), second: quantization(1),
            output: integerOutput(operand(0).elementType))
    }

    /// The scales and the zero point of the weights of a product, which may be a constant or a value.
    package func integerWeights() throws(Fault) -> (scales: [Float], zeroPoint: Int) {
        if let stored = constant(1)?.quantization {
            let zeroPoints = Set(stored.zeroPoints)
            guard let zeroPoint = zeroPoints.first, zeroPoints.count == 1, stored.axis == nil || zeroPoint == 0 else {
                throw Fault(.invalidValue, at: place(1), "the zero points of the weights are not 0")
            }
            return (stored.scales, zeroPoint)
        }
        let value = try quantization(1)
        return ([value.scale], value.zeroPoint)
    }

    package func integerProduct() throws(Fault) -> IntegerProduct {
        let bias = optionalOperand(2)?.elementType
        let kind: IntegerProduct.Kind =
            switch operation {
            case .integerMatmul: .matmul
            case .integerFullyConnected: .fullyConnected(hasWideBias: bias == .int64)
            default: .convolution(hasNarrowBias: bias == .int32)
            }
        return try IntegerProduct(
            kind, rule: attributes.integerRule(), input: quantization(0).scale, weightScales: integerWeights().scales,
            output: integerOutput(operand(0).elementType))
    }

    /// - Parameter count: the number of elements of a sum.
    package func integerReduction(count: Int) throws(Fault) -> IntegerReduction {
        guard let kind = IntegerReduction.Kind(rawValue: try attributes.text("kind")) else {
            throw Fault(.unsupportedAttribute, at: "attribute 'kind'", "there is no such kind")
        }
        return try IntegerReduction(
            kind, rule: attributes.integerRule(), count: count, input: quantization(0),
            output: integerOutput(operand(0).elementType))
    }

    package func integerTable() throws(Fault) -> IntegerTable {
        guard let function = IntegerFunction(rawValue: try attributes.text("function")) else {
            throw Fault(.unsupportedAttribute, at: "attribute 'function'", "there is no such function")
        }
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
        let output = try integerOutput(attributes.elementType("to"))
        _ = try FixedPointScale(Double(quantization(0).scale) / Double(output.scale))
    }

    package func integerSoftmax() throws(Fault) -> IntegerSoftmax {
        let beta = Float(try attributes.number("beta"))
        guard beta.isFinite, beta >= 0 else {
            throw Fault(.invalidValue, at: "attribute 'beta'", "the number is negative or not finite", found: "\(beta)")
        }
        let type = try operand(0).elementType
        return try IntegerSoftmax(inputType: type, input: quantization(0), beta: beta, output: integerOutput(type))
    }

    package func integerComparison() throws(Fault) -> IntegerComparison {
        try IntegerComparison(first: quantization(0), second: quantization(1))
    }

    package func integerPrelu() throws(Fault) -> IntegerPrelu {
        try IntegerPrelu(
            input: quantization(0), alpha: quantization(1), output: integerOutput(operand(0).elementType))
    }

    /// What `integerLSTM` checks, without its tables.
    func checkIntegerLSTM() throws(Fault) { _ = try integerLSTMScales() }

    package func integerLSTM() throws(Fault) -> IntegerLSTM { IntegerLSTM(try integerLSTMScales()) }

    private func integerLSTMScales() throws(Fault) -> IntegerLSTMScales {
        func scales(_ positions: Range<Int>) throws(Fault) -> [Float] {
            var scales: [Float] = []
            for position in positions {
                guard let weights = constant(position)?.quantization?.single, weights.zeroPoint == 0 else {
                    throw Fault(.missingField, at: place(position), "the weights have no scale, or a zero point")
                }
                scales.append(weights.scale)
            }
            return scales
        }
        return try IntegerLSTMScales(
            input: quantization(0), weights: scales(1..<5), recurrentWeights: scales(5..<9),
            state: try stated("state"), hidden: try stated("hidden"), cellScale: Float(attributes.number("cellScale")),
            cellClip: Float(attributes.number("cellClip")))
    }

    /// A quantization that attributes state: `stateScale` and `stateZeroPoint`.
    package func stated(_ name: String) throws(Fault) -> ValueQuantization {
        let scale = Float(try attributes.number("\(name)Scale"))
        let zeroPoint = try attributes.integer("\(name)ZeroPoint")
        guard scale > 0, scale.isFinite else {
            throw Fault(
                .invalidValue, at: "attribute '\(name)Scale'", "the scale is not positive and finite", found: "\(scale)"
            )
        }
        guard (-128...127).contains(zeroPoint) else {
            throw Fault(
                .invalidValue, at: "attribute '\(name)ZeroPoint'", "the zero point is out of range",
                found: "\(zeroPoint)", expected: "-128 to 127")
        }
        return ValueQuantization(scale: scale, zeroPoint: zeroPoint)
    }
}
