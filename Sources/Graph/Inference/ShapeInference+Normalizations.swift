import EmotionFormerTensors

/// Normalisations and activations: outputs have the input's shape.
extension ShapeInference {
    static func normalizations(_ context: NodeContext) throws(Fault) -> [ValueType]? {
        switch context.operation {
        case .layerNormalization, .rmsNormalization:
            let input = try context.operand(0, [.float32])
            let axes = try context.axes(of: input.shape)
            guard !axes.isEmpty else {
                throw Fault(.invalidValue, at: "attribute 'axes'", "there is no axis to normalise over")
            }
            try context.nonNegative("epsilon")
            let extents = axes.map { input.shape[$0] }
            try context.requireOptionalWeight("gamma", extents)
            try context.requireOptionalWeight("beta", extents)
            return [input]
        case .batchNormalization:
            let input = try context.operand(0, [.float32])
            let extent = input.shape[try context.axis(of: input.shape)]
            try context.nonNegative("epsilon")
            try context.requireWeight("mean", [extent])
            try context.requireWeight("variance", [extent])
            try context.requireOptionalWeight("gamma", [extent])
            try context.requireOptionalWeight("beta", [extent])
            return [input]
        case .activation:
            let input = try context.operand(0, [.float32])
            try checkParameters(context)
            return [input]
        case .softmax:
            let input = try context.operand(0, [.float32])
            guard try !context.axes(of: input.shape).isEmpty else {
                throw Fault(.invalidValue, at: "attribute 'axes'", "there is no axis to normalise over")
            }
            if let mask = context.optionalOperand(1) {
                try context.require(mask, isOneOf: [.bool], at: "operand 'mask'")
                do throws(Fault) {
                    _ = try mask.shape.strides(broadcastTo: input.shape)
                } catch {
                    throw error.within("operand 'mask'")
                }
            }
            return [input]
        case .logSoftmax:
            let input = try context.operand(0, [.float32])
            _ = try context.axis(of: input.shape)
            return [input]
        case .rescaling:
            return [ValueType(.float32, try context.operand(0, numbers).shape)]
        default: return nil
        }
    }

    /// A parameter that the function does not take would be ignored silently, so it is refused.
    private static func checkParameters(_ context: NodeContext) throws(Fault) {
        let function = try context.attributes.activation("function")
        let taken: [String] =
            switch function {
            case .relu: ["alpha", "threshold", "maximum"]
            case .leakyRelu, .elu, .celu, .squareplus: ["alpha"]
            case .softShrink, .hardShrink: ["threshold"]
            case .threshold: ["threshold", "value"]
            default: []
            }
        for name in ["alpha", "threshold", "maximum", "value"] where !taken.contains(name) {
            guard try context.attributes.optionalNumber(name) == nil else {
                throw Fault(
                    .unsupportedAttribute, at: "attribute '\(name)'", "the function takes no such parameter",
                    found: function.rawValue)
            }
        }
        if function == .celu, try context.attributes.optionalNumber("alpha") == 0 {
            throw Fault(.invalidValue, at: "attribute 'alpha'", "the number is zero")
        }
    }
}
