import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let layerNames: [String: Operation] = [
        "SELECT": .select, "SELECT_V2": .select, "PRELU": .prelu, "SOFTMAX": .softmax, "LOG_SOFTMAX": .logSoftmax,
    ]

    static let activationFunctions: [String: ActivationFunction] = [
        "LOGISTIC": .sigmoid, "TANH": .tanh, "RELU": .relu, "RELU6": .relu6, "RELU_N1_TO_1": .reluN1To1,
        "RELU_0_TO_1": .relu0To1, "ELU": .elu, "HARD_SWISH": .hardSilu, "GELU": .gelu, "LEAKY_RELU": .leakyRelu,
    ]

    func pointwise(_ reader: OperatorReader, _ kind: OperationFamily.Pointwise) throws(Fault) {
        switch kind {
        case .activation: try activation(reader)
        case .prelu: try plain(reader, .prelu, operandCount: 2)
        case .select: try select(reader)
        case .rescaling, .clip: throw reader.notImported()
        }
    }

    func normalization(_ reader: OperatorReader, _ kind: OperationFamily.Normalization) throws(Fault) {
        switch kind {
        case .softmax:
            try reader.expect(inputs: 1...1)
            let beta = try finite(try reader.options(9).float(0), "beta")
            try emit(reader, .softmax, try operands(reader), ["beta": .number(beta)])
        case .logSoftmax: try plain(reader, .logSoftmax, operandCount: 1)
        case .layerNormalization, .rmsNormalization, .batchNormalization: throw reader.notImported()
        }
    }

    private func activation(_ reader: OperatorReader) throws(Fault) {
        guard var function = SubgraphImporter.activationFunctions[reader.name] else { throw reader.notImported() }
        try reader.expect(inputs: 1...1)
        if function == .gelu, try reader.options(116).flag(0) { function = .geluTanh }
        var attributes: Attributes = ["function": .text(function.rawValue)]
        if function == .leakyRelu {
            attributes["alpha"] = .number(try finite(try reader.options(75).float(0), "alpha"))
        }
        try emit(reader, .activation, try operands(reader), attributes)
    }

    /// A float32 option as a double of exactly the same value.
    func finite(_ value: Float, _ what: String) throws(Fault) -> Double {
        guard value.isFinite else { throw Fault(.notFinite, at: what, "the option is not finite", found: "\(value)") }
        return Double(value)
    }
}
