import EmotionFormerGraph
import EmotionFormerTensors

extension SubgraphImporter {
    private static let functions: [String: ActivationFunction] = [
        "LOGISTIC": .sigmoid, "TANH": .tanh, "RELU": .relu, "RELU6": .relu6, "RELU_N1_TO_1": .reluN1To1,
        "RELU_0_TO_1": .relu0To1, "ELU": .elu, "HARD_SWISH": .hardSilu,
    ]

    /// - Returns: whether the operation is of this family.
    func activations(_ reader: OperatorReader) throws(Fault) -> Bool {
        if let function = SubgraphImporter.functions[reader.name] {
            try activation(reader, function)
            return true
        }
        switch reader.name {
        case "GELU": try activation(reader, try reader.options(116).flag(0) ? .geluTanh : .gelu)
        case "LEAKY_RELU":
            try activation(reader, .leakyRelu, alpha: try finite(try reader.options(75).float(0), "alpha"))
        case "PRELU":
            try reader.expect(inputs: 2...2)
            try emit(reader, .prelu, try operands(reader))
        case "SOFTMAX":
            try reader.expect(inputs: 1...1)
            let beta = try finite(try reader.options(9).float(0), "beta")
            try emit(reader, .softmax, try operands(reader), ["beta": .number(beta)])
        case "LOG_SOFTMAX":
            try reader.expect(inputs: 1...1)
            try emit(reader, .logSoftmax, try operands(reader))
        default: return false
        }
        return true
    }

    private func activation(
        _ reader: OperatorReader, _ function: ActivationFunction, alpha: Double? = nil
    ) throws(Fault) {
        try reader.expect(inputs: 1...1)
        var attributes: Attributes = ["function": .text(function.rawValue)]
        if let alpha { attributes["alpha"] = .number(alpha) }
        try emit(reader, .activation, try operands(reader), attributes)
    }

    /// A float32 option as a number; the shortest decimal is not looked for, its exact value is kept.
    func finite(_ value: Float, _ what: String) throws(Fault) -> Double {
        guard value.isFinite else { throw Fault(.notFinite, at: what, "the option is not finite", found: "\(value)") }
        return Double(value)
    }
}
