import EmotionFormerCore

/// Outputs have the input's shape.
extension ShapeInference {
    static func normalization(_ context: NodeContext, _ kind: OperationFamily.Normalization) throws(Fault)
        -> [ValueType]
    {
        switch kind {
        case .layerNormalization, .rmsNormalization:
            let input = try context.operand(0, [.float32])
            let axes = try context.axes(of: input.shape)
            guard !axes.isEmpty else {
                throw Fault(.invalidValue, at: "attribute 'axes'", "there is no axis to normalize over")
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
        case .softmax:
            let input = try context.operand(0, [.float32])
            guard try !context.axes(of: input.shape).isEmpty else {
                throw Fault(.invalidValue, at: "attribute 'axes'", "there is no axis to normalize over")
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
        }
    }
}
