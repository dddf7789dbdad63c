package import EmotionFormerCore

// The element types of which LiteRT has a kernel by a rule, each compared with it to the bit. Nothing says the numbers of
// the others.

extension IntegerFunction {
    /// The types of the operand.
    package func elementTypes(_ rule: IntegerRule) -> Set<ElementType> {
        switch (self, rule) {
        case (.linear, .builtin), (.gelu, .builtin), (.geluTanh, .builtin), (.leakyRelu, .builtin), (.relu, .builtin),
            (.relu6, .builtin):
            [.int8, .uint8, .int16]
        case (.reluN1To1, .builtin), (.relu0To1, .builtin), (.hardSilu, .builtin): [.int8, .uint8]
        case (.reciprocalSquareRoot, .builtin), (.squareRoot, .builtin), (.exponential, .builtin),
            (.logarithm, .builtin), (.absolute, .builtin):
            [.int8, .int16]
        case (.sigmoid, .builtin), (.tanh, .builtin): [.int16]
        case (.linear, .xnnpack), (.sigmoid, .xnnpack), (.tanh, .xnnpack), (.leakyRelu, .xnnpack): [.int8, .uint8]
        case (.elu, .xnnpack): [.int8]
        case (.elu, .builtin), (_, .xnnpack): []
        }
    }
}

extension IntegerPair.Kind {
    package func elementTypes(_ rule: IntegerRule) -> Set<ElementType> {
        switch (self, rule) {
        case (.add, .xnnpack), (.subtract, .xnnpack), (.multiply, .xnnpack), (.divide, .builtin): [.int8, .uint8]
        case (.squaredDifference, .builtin): [.int8]
        case (_, .builtin): [.int8, .uint8, .int16]
        case (_, .xnnpack): []
        }
    }
}

extension IntegerReduction.Kind {
    package func elementTypes(_ rule: IntegerRule) -> Set<ElementType> {
        rule == .xnnpack ? [.int8, .uint8] : [.int16]
    }
}

extension NodeContext {
    /// - Throws: unless LiteRT has a kernel for the first operand's type.
    func requireKernel(_ name: String, of types: Set<ElementType>, _ rule: IntegerRule) throws(Fault) {
        let type = try operand(0).elementType
        guard !types.contains(type) else { return }
        throw Fault(
            .unsupportedOperation, at: "attribute 'rule'", "LiteRT has no such kernel, so nothing says its numbers",
            found: "\(name) of \(type.rawValue) by the rule \(rule.rawValue)",
            expected: types.isEmpty ? "another rule" : types.map(\.rawValue).sorted().joined(separator: " or "))
    }

    /// - Throws: unless a result has the scale and the zero point that LiteRT demands.
    func requireOutput(_ output: IntegerOutput, scale: Float, zeroPoint: Int) throws(Fault) {
        guard output.scale == scale, output.zeroPoint == zeroPoint else {
            throw Fault(
                .unsupportedAttribute, at: "quantization",
                "LiteRT does not give this result another scale or zero point",
                found: "scale \(output.scale), zero point \(output.zeroPoint)",
                expected: "scale \(scale), zero point \(zeroPoint)")
        }
    }
}
