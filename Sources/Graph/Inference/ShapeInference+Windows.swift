import EmotionFormerCore

/// Convolutions and pooling over time, and over height and width.
extension ShapeInference {
    static func window(_ context: NodeContext, _ kind: OperationFamily.Window) throws(Fault) -> [ValueType] {
        switch kind {
        case .conv1D: return try convolution1D(context)
        case .depthwiseConv1D:
            let input = try context.features(0, rank: 3)
            let kernel = try context.weight("kernel", rank: 3)
            guard kernel[1] == input[2] else {
                throw Fault(
                    .shapeMismatch, at: "weight 'kernel'", "the kernel's channels differ from the input's",
                    found: "\(kernel)", expected: "\(input[2]) channels")
            }
            let channels = try Extent.product(kernel[1], kernel[2])
            try context.requireOptionalWeight("bias", [channels])
            let window = try timeWindow(context, input: input, kernel: kernel)
            return [ValueType(.float32, try Shape([input[0], window.count, channels]))]
        case .pooling1D:
            let input = try context.features(0, rank: 3)
            let window = try SlidingWindow(
                over: input[1], extent: context.positive("poolSize"), stride: context.positive("stride"), dilation: 1,
                padding: context.padding())
            return [ValueType(.float32, try Shape([input[0], window.count, input[2]]))]
        case .globalPooling1D: return try globalPooling(context)
        case .conv2D: return try convolution2D(context)
        case .depthwiseConv2D: return try depthwiseConvolution2D(context)
        case .pooling2D:
            return [ValueType(.float32, try pooled(context, context.features(0, rank: 4)))]
        }
    }

    /// The shape of a pooling over height and width.
    static func pooled(_ context: NodeContext, _ input: Shape) throws(Fault) -> Shape {
        try context.require(input, hasRank: 4, at: context.place(0))
        let extents = try context.positivePair("poolSize")
        let strides = try context.positivePair("strides")
        let padding = try context.padding()
        let rows = try SlidingWindow(
            over: input[1], extent: extents.0, stride: strides.0, dilation: 1, padding: padding)
        let columns = try SlidingWindow(
            over: input[2], extent: extents.1, stride: strides.1, dilation: 1, padding: padding)
        return try Shape([input[0], rows.count, columns.count, input[3]])
    }

    private static func timeWindow(_ context: NodeContext, input: Shape, kernel: Shape) throws(Fault) -> SlidingWindow {
        try SlidingWindow(
            over: input[1], extent: kernel[0], stride: context.positive("stride"),
            dilation: context.positive("dilation"), padding: context.padding())
    }

    private static func convolution1D(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let input = try context.features(0, rank: 3)
        let kernel = try context.weight("kernel", rank: 3)
        let groups = try context.positive("groups")
        guard input[2] % groups == 0, kernel[2] % groups == 0, kernel[1] == input[2] / groups, kernel[1] > 0 else {
            throw Fault(
                .shapeMismatch, at: "weight 'kernel'", "the kernel does not fit the input and its groups",
                found: "\(kernel)", expected: "\(input[2]) channels in \(groups) groups")
        }
        try context.requireOptionalWeight("bias", [kernel[2]])
        let window = try timeWindow(context, input: input, kernel: kernel)
        return [ValueType(.float32, try Shape([input[0], window.count, kernel[2]]))]
    }

    private static func globalPooling(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let input = try context.features(0, rank: 3)
        guard input[1] > 0 else { throw Fault(.shapeMismatch, at: "operand 'input'", "there are no steps to pool") }
        if context.optionalOperand(1) != nil, try context.attributes.text("kind") != "average" {
            throw Fault(.unsupportedAttribute, at: "operand 'mask'", "only an average takes a mask")
        }
        try context.requireMask(1, [input[0], input[1]])
        let keeps = try context.attributes.boolean("keepDimensions")
        return [ValueType(.float32, Shape(unchecked: keeps ? [input[0], 1, input[2]] : [input[0], input[2]]))]
    }

    /// Float32 weights with four axes, or dynamic-range int8 ones with a scale for each index of `axis`.
    private static func weights2D(_ context: NodeContext, axis: Int) throws(Fault) -> Shape {
        let type = try context.operand(1, [.float32, .int8])
        try context.require(type.shape, hasRank: 4, at: "operand 'weights'")
        if type.elementType == .int8 {
            try context.requireDynamicRange(context.constant(1), axis: axis, at: "operand 'weights'")
        }
        return type.shape
    }

    private static func convolution2D(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let input = try context.features(0, rank: 4)
        let weights = try weights2D(context, axis: 0)
        try context.requireOptional(2, [try channels(context, input, weights)])
        return [
            ValueType(.float32, try output2D(context, input: input, weights: weights, channels: weights[0]))
        ]
    }

    /// The output channels of a convolution with weights (out, KH, KW, in / groups).
    static func channels(_ context: NodeContext, _ input: Shape, _ weights: Shape) throws(Fault) -> Int {
        guard weights[3] > 0, input[3] > 0, input[3] % weights[3] == 0, weights[0] % (input[3] / weights[3]) == 0 else {
            throw Fault(
                .shapeMismatch, at: "operand 'weights'", "the weights do not fit the input's channels",
                found: "\(weights)", expected: "\(input[3]) channels, or an equal part of them a group")
        }
        return weights[0]
    }

    private static func depthwiseConvolution2D(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let input = try context.features(0, rank: 4)
        let weights = try weights2D(context, axis: 3)
        let channels = try depthwiseChannels(context, input, weights)
        try context.requireOptional(2, [channels])
        return [ValueType(.float32, try output2D(context, input: input, weights: weights, channels: channels))]
    }

    /// The output channels of a depthwise convolution with weights (1, KH, KW, out).
    static func depthwiseChannels(_ context: NodeContext, _ input: Shape, _ weights: Shape) throws(Fault) -> Int {
        let channels = try Extent.product(input[3], context.positive("multiplier"))
        guard weights[0] == 1, weights[3] == channels else {
            throw Fault(
                .shapeMismatch, at: "operand 'weights'", "the weights do not fit the input's channels",
                found: "\(weights)", expected: "[1, height, width, \(channels)]")
        }
        return channels
    }

    static func output2D(
        _ context: NodeContext, input: Shape, weights: Shape, channels: Int
    ) throws(Fault) -> Shape {
        let strides = try context.positivePair("strides")
        let dilations = try context.positivePair("dilations")
        let padding = try context.padding()
        let rows = try SlidingWindow(
            over: input[1], extent: weights[1], stride: strides.0, dilation: dilations.0, padding: padding)
        let columns = try SlidingWindow(
            over: input[2], extent: weights[2], stride: strides.1, dilation: dilations.1, padding: padding)
        return try Shape([input[0], rows.count, columns.count, channels])
    }
}
