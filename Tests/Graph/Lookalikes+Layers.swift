import EmotionFormerCore
import EmotionFormerGraph

extension Lookalike {
    /// Of dense layers, convolutions, activations and pooling.
    static let layers: [Lookalike] = [
        Lookalike("expandMultiHeadAttention", "a scale of its own, and causal") { builder in
            let query = try builder.input("query", [2, 4, 5])
            let key = try builder.input("key", [2, 4, 6])
            let (heads, width) = (2, 3)
            let weights = [
                "queryKernel": try builder.weight([5, heads, width]),
                "keyKernel": try builder.weight([6, heads, width]),
                "valueKernel": try builder.weight([6, heads, 4]), "outputKernel": try builder.weight([heads, 4, 7]),
                "keyBias": try builder.weight([heads, width]),
            ]
            return [
                try builder.node(
                    .multiHeadAttention, [query, key, key], [2, 4, 7],
                    attributes: [
                        "headCount": .integer(heads), "keyDimension": .integer(width), "valueDimension": .integer(4),
                        "scale": .number(1.5), "causal": .boolean(true),
                    ], weights: weights)
            ]
        },
        Lookalike("expandPositionalEncoding", "more positions than frames, a scale, an odd width") { builder in
            let input = try builder.input("input", [2, 3, 5])
            let table = try builder.node(
                .positionalEncoding, [input], [2, 3, 5], attributes: ["scale": .number(2)],
                weights: ["table": builder.weight([9, 5])])
            return [
                try builder.node(
                    .positionalEncoding, [table], [2, 3, 5],
                    attributes: ["kind": .text("sinusoidal"), "maximumWavelength": .number(50), "scale": .number(3)])
            ]
        },
        Lookalike("expandRescaling", "integers, which the arithmetic of floats would not take", absent: ["multiply"]) {
            builder in
            let input = try builder.input("input", [1, 4], .int32)
            return [
                try builder.node(
                    .rescaling, [input], [1, 4], attributes: ["scale": .number(0.5), "offset": .number(1)])
            ]
        },
        Lookalike("expandBatchNormalization", "channels along another axis of the same extent") { builder in
            let input = try builder.input("input", [1, 4, 4])
            let variance = StoredTensor(Tensor([Float(0.5), 1, 2, 3]))
            return [
                try builder.node(
                    .batchNormalization, [input], [1, 4, 4],
                    attributes: ["axis": .integer(1), "epsilon": .number(0.01)],
                    weights: ["mean": builder.weight([4]), "variance": variance, "gamma": builder.weight([4])])
            ]
        },
        Lookalike("raiseDense", "a square matrix that is the first operand, or turned, or one a clip") { builder in
            let input = try builder.input("input", [2, 4, 4])
            let matrix = try builder.constant([4, 4])
            let first = try builder.node(.matmul, [matrix, input], [2, 4, 4])
            let turned = try builder.node(
                .matmul, [first, matrix], [2, 4, 4], attributes: ["transposeFirst": .boolean(true)])
            let other = try builder.node(
                .matmul, [turned, matrix], [2, 4, 4], attributes: ["transposeSecond": .boolean(true)])
            return [try builder.node(.matmul, [other, builder.constant([2, 4, 4])], [2, 4, 4])]
        },
        Lookalike("foldAffine", "a constant a row, not a column, of a square result") { builder in
            let input = try builder.input("input", [1, 4, 4])
            let sum = try builder.binary(.add, builder.dense(input, 4), builder.constant([4, 1]))
            return [try builder.binary(.multiply, builder.dense(sum, 4), builder.constant([1, 4, 1]))]
        },
        Lookalike("foldAffine", "an activation between, another user, a constant that makes the result larger") {
            builder in
            let input = try builder.input("input", [1, 4])
            let activated = try builder.dense(input, 4, .relu)
            let scaled = try builder.binary(.multiply, activated, builder.constant([4]))
            let shared = try builder.dense(scaled, 4)
            let larger = try builder.binary(.add, builder.dense(scaled, 4), builder.constant([4, 4]))
            return [try builder.binary(.add, shared, builder.constant([4])), shared, larger]
        },
        Lookalike("foldAffine", "rows of a normalization over the axis before the last") { builder in
            let input = try builder.input("input", [1, 4, 4])
            let normal = try builder.node(
                .layerNormalization, [input], [1, 4, 4],
                attributes: ["axes": .integers([1]), "epsilon": .number(0.001)])
            let scaled = try builder.binary(.multiply, normal, builder.constant([4]))
            return [try builder.binary(.add, scaled, builder.constant([4, 1]))]
        },
        Lookalike("foldAffine", "a beta before gamma: (normalized + a) · b") { builder in
            let input = try builder.input("input", [1, 3, 4])
            let normal = try builder.node(
                .layerNormalization, [input], [1, 3, 4], attributes: ["epsilon": .number(0.001)])
            let sum = try builder.binary(.add, normal, builder.constant([4]))
            return [try builder.binary(.multiply, sum, builder.constant([4]))]
        },
        Lookalike("mergeConstants", "sum and product in turn, a constant that grows the result, another user") {
            builder in
            let input = try builder.input("input", [1, 4])
            let sum = try builder.binary(.add, input, builder.constant([4]))
            let product = try builder.binary(.multiply, sum, builder.constant([4]))
            let first = try builder.binary(.add, product, builder.constant([4]))
            let second = try builder.binary(.add, first, builder.constant([4]))
            let grown = try builder.binary(.multiply, product, builder.constant([4, 1]))
            return [first, second, try builder.binary(.multiply, grown, builder.constant([4, 4]))]
        },
        Lookalike("raiseActivations", "x · Φ(y), x · σ(y), 3 in the wrong place, max(x, 0.1)", absent: ["square"]) {
            builder in
            let x = try builder.input("x", [1, 8])
            let y = try builder.input("y", [1, 8])
            let scaled = try builder.binary(.multiply, y, builder.scalar(0.707_106_78))
            let error = try builder.binary(.add, builder.function(.errorFunction, scaled), builder.scalar(1))
            let gelu = try builder.binary(.multiply, builder.binary(.multiply, x, builder.scalar(0.5)), error)
            let silu = try builder.binary(.multiply, x, builder.activation(.sigmoid, y))
            let clipped = try builder.activation(.relu6, builder.binary(.add, x, builder.scalar(2)))
            let hard = try builder.binary(.multiply, clipped, builder.scalar(1 / 6))
            let third = try builder.activation(.relu6, builder.binary(.add, x, builder.scalar(3)))
            let fifth = try builder.binary(.multiply, third, builder.scalar(0.2))
            let most = try builder.binary(.maximum, x, builder.scalar(0.1))
            return [gelu, silu, hard, fifth, most]
        },
        Lookalike("raiseActivations", "gelu's tangent with another coefficient, power or factor") { builder in
            let x = try builder.input("x", [1, 8])
            func curve(_ exponent: Float, _ coefficient: Float, _ factor: Float, _ half: Float) throws -> Int {
                let power = try builder.binary(.power, x, builder.scalar(exponent))
                let sum = try builder.binary(
                    .add, x, builder.binary(.multiply, power, builder.scalar(coefficient)))
                let tangent = try builder.activation(
                    .tanh, builder.binary(.multiply, sum, builder.scalar(factor)))
                return try builder.binary(
                    .multiply, builder.binary(.multiply, x, builder.scalar(half)),
                    builder.binary(.add, tangent, builder.scalar(1)))
            }
            return [
                try curve(3, 0.0448, 0.797_884_56, 0.5), try curve(2, 0.044_715, 0.797_884_56, 0.5),
                try curve(3, 0.044_715, 0.79, 0.5), try curve(3, 0.044_715, 0.797_884_56, 0.4),
            ]
        },
        Lookalike("joinActivations", "a layer with another user, with an activation, a function with a parameter") {
            builder in
            let input = try builder.input("input", [1, 3, 4])
            let shared = try builder.dense(input, 4)
            let active = try builder.activation(.tanh, builder.dense(input, 4, .relu))
            let leaky = try builder.node(
                .activation, [builder.dense(input, 4)], [1, 3, 4],
                attributes: ["function": .text("leakyRelu"), "alpha": .number(0.3)])
            return [try builder.activation(.relu, shared), shared, active, leaky]
        },
        Lookalike("raiseConvolution", "zeros behind, too few of them, or no zeros in front of a convolution") {
            builder in
            let input = try builder.input("input", [1, 7, 3])
            func padded(_ paddings: [Int], _ value: Double, _ frames: Int) throws -> Int {
                let padded = try builder.node(
                    .pad, [input], [1, frames, 3],
                    attributes: ["paddings": .integers(paddings), "value": .number(value)])
                return try builder.node(
                    .conv1D, [padded], [1, frames - 2, 5], weights: ["kernel": builder.weight([3, 3, 5])])
            }
            return [
                try padded([0, 0, 0, 2, 0, 0], 0, 9), try padded([0, 0, 1, 0, 0, 0], 0, 8),
                try padded([0, 0, 2, 0, 0, 0], 0.5, 9), try padded([0, 0, 1, 1, 0, 0], 0, 9),
            ]
        },
        Lookalike("raiseConvolution", "an image of two rows, or a kernel of two", absent: ["conv1D"]) { builder in
            let tall = try builder.input("tall", [1, 2, 7, 3])
            let flat = try builder.input("flat", [1, 1, 7, 3])
            let first = try builder.node(.conv2D, [tall, builder.constant([5, 1, 3, 3])], [1, 2, 5, 5])
            let second = try builder.node(
                .conv2D, [flat, builder.constant([5, 3, 3, 3])], [1, 1, 7, 5],
                attributes: ["padding": .text("same")])
            return [first, second]
        },
        Lookalike("raiseConvolution", "single places that are left out, or of groups of channels", absent: ["dense"]) {
            builder in
            let picture = try builder.input("picture", [1, 4, 6, 4])
            let first = try builder.node(
                .conv2D, [picture, builder.constant([5, 1, 1, 4])], [1, 2, 3, 5],
                attributes: ["strides": .integers([2, 2])])
            let second = try builder.node(.conv2D, [picture, builder.constant([6, 1, 1, 2])], [1, 4, 6, 6])
            return [first, second]
        },
        Lookalike("foldAffine", "numbers for each place behind convolutions of pictures") { builder in
            let picture = try builder.input("picture", [1, 4, 6, 3])
            let first = try builder.node(.conv2D, [picture, builder.constant([5, 2, 1, 3])], [1, 3, 6, 5])
            let second = try builder.node(.depthwiseConv2D, [picture, builder.constant([1, 2, 1, 3])], [1, 3, 6, 3])
            return [
                try builder.binary(.multiply, first, builder.constant([6, 1])),
                try builder.binary(.add, second, builder.constant([1, 3, 6, 3])),
            ]
        },
        Lookalike("raisePooling", "windows over two rows, means over features", absent: ["pooling1D"]) { builder in
            let image = try builder.input("image", [1, 2, 7, 3])
            let pooled = try builder.node(
                .pooling2D, [image], [1, 1, 3, 3],
                attributes: [
                    "kind": .text("maximum"), "poolSize": .integers([2, 3]), "strides": .integers([1, 2]),
                ])
            let square = try builder.input("square", [1, 4, 4])
            return [
                pooled, try builder.mean(square, [2], keep: false), try builder.mean(square, [0], keep: false),
                try builder.reduce(.reduceMaximum, square, 2),
            ]
        },
        Lookalike("raisePooling", "a masked sum over the count of another mask") { builder in
            let input = try builder.input("input", [1, 6, 3])
            let kept = try builder.cast(builder.input("kept", [1, 6, 1], .bool))
            let other = try builder.cast(builder.input("other", [1, 6, 1], .bool))
            let sum = try builder.reduce(.reduceSum, builder.binary(.multiply, input, kept), 1)
            let count = try builder.reduce(.reduceSum, other, 1)
            return [try builder.binary(.divide, sum, builder.binary(.maximum, count, builder.scalar(0.5)))]
        },
    ]
}
