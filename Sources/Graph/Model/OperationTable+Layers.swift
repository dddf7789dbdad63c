extension OperationTable {
    static let layers: [OperationSpecification] = [
        OperationSpecification(
            .layer(.constant), [], weights: ["value"],
            "A tensor of the weight file as a value."),
        OperationSpecification(
            .layer(.dense), ["input"], weights: ["kernel", "bias?"],
            attributes: [
                .activation(),
                .text("kernelLayout", "inputOutput", among: ["inputOutput", "outputInput"]),
            ],
            """
            activation(input · kernel + bias) over the last axis: (…, in) → (…, out). The kernel is (in, out), or (out, in) \
            with kernelLayout outputInput; bias is (out). An int8 kernel with a quantization means dynamic-range \
            arithmetic: each row of the input is quantized on its own.
            """),
        OperationSpecification(
            .layer(.multiHeadAttention), ["query", "key", "value", "mask?"], outputs: ["output", "scores?"],
            weights: [
                "queryKernel", "queryBias?", "keyKernel", "keyBias?", "valueKernel", "valueBias?", "outputKernel",
                "outputBias?",
            ],
            attributes: [
                .required("headCount", .integer), .required("keyDimension", .integer),
                .required("valueDimension", .integer), .boolean("causal", false), .optional("scale", .number),
            ],
            """
            query (B, Tq, Dq), key (B, Tk, Dk), value (B, Tk, Dv) → (B, Tq, out): the projections by queryKernel \
            (Dq, H, K), keyKernel (Dk, H, K), valueKernel (Dv, H, V) with biases (H, K), (H, K), (H, V); `attention` of H \
            heads; then outputKernel (H, V, out) with bias (out). scale is 1/√K unless given. mask as in `attention`. \
            scores: the softmax's (B, H, Tq, Tk).
            """),
        OperationSpecification(
            .layer(.attention), ["query", "key", "value", "mask?"], outputs: ["output", "scores?"],
            attributes: [.required("headCount", .integer), .boolean("causal", false), .required("scale", .number)],
            """
            query (B, Tq, H·K), key (B, Tk, H·K), value (B, Tk, H·V) → (B, Tq, H·V); each head has its own block of columns. \
            softmax(scale · query keyᵀ) value a head. mask: bool, true = attend, of shape (B, Tk), (B, Tq, Tk), \
            (B, 1, Tk), (B, 1, Tq, Tk), (B, 1, 1, Tk) or (B, H, Tq, Tk); causal lets query i see keys up to i. A masked \
            score is replaced by −1e30, so that a row with nothing to attend to weights all keys alike.
            """),
        OperationSpecification(
            .normalization(.layerNormalization), ["input"], weights: ["gamma?", "beta?"],
            attributes: [.integers("axes", [-1]), .required("epsilon", .number)],
            """
            (x − mean) / √(variance + epsilon) · gamma + beta over `axes`; gamma and beta have those axes' extents, in the \
            axes' ascending order.
            """),
        OperationSpecification(
            .normalization(.rmsNormalization), ["input"], weights: ["gamma?"],
            attributes: [.integers("axes", [-1]), .required("epsilon", .number)],
            "x / √(mean(x²) + epsilon) · gamma over `axes`."),
        OperationSpecification(
            .normalization(.batchNormalization), ["input"], weights: ["gamma?", "beta?", "mean", "variance"],
            attributes: [.integer("axis", -1), .required("epsilon", .number)],
            "(x − mean) / √(variance + epsilon) · gamma + beta; the weights run along `axis`."),
        OperationSpecification(
            .layer(.positionalEncoding), ["input"], weights: ["table?"],
            attributes: [
                .text("kind", "table", among: ["table", "sinusoidal"]), .number("scale", 1),
                .text("arrangement", "concatenated", among: ["concatenated", "interleaved"]),
                .number("maximumWavelength", 10000),
            ],
            """
            (B, T, D) → scale · input + encoding[position]. table: the weight's first T rows, (≥ T, D). sinusoidal: angle \
            position / maximumWavelength^(2⌊i/2⌋/D) for interleaved (sine at even, cosine at odd columns), or all sines then \
            all cosines for concatenated (angle index i mod ⌈D/2⌉, exponent 2i/D).
            """),
        OperationSpecification(
            .layer(.embedding), ["indices"], weights: ["table"],
            "indices (…) of any number type, truncated to integers → (…, D): rows of the table (V, D). An index outside is an error."
        ),
        OperationSpecification(
            .window(.conv1D), ["input"], weights: ["kernel", "bias?"],
            attributes: [
                .activation(), .integer("stride", 1), .integer("dilation", 1), .integer("groups", 1),
                .text("padding", "valid", among: ["valid", "same", "causal"]),
            ],
            """
            (B, T, C) → (B, T′, out); kernel (K, C / groups, out). same: T′ = ⌈T / stride⌉, zeros split with the odd one at the \
            end. causal: dilation·(K − 1) zeros in front.
            """),
        OperationSpecification(
            .window(.depthwiseConv1D), ["input"], weights: ["kernel", "bias?"],
            attributes: [
                .activation(), .integer("stride", 1), .integer("dilation", 1),
                .text("padding", "valid", among: ["valid", "same", "causal"]),
            ],
            "(B, T, C) → (B, T′, C·M); kernel (K, C, M): output channel c·M + m sees input channel c. bias (C·M)."),
        OperationSpecification(
            .layer(.masking), ["input"], outputs: ["output", "mask"], attributes: [.number("maskValue", 0)],
            """
            (B, T, F) → output: input with masked steps set to zero; mask (B, T), bool: whether any feature of the step \
            differs from maskValue.
            """),
        OperationSpecification(
            .window(.pooling1D), ["input"],
            attributes: [
                .text("kind", "maximum", among: ["maximum", "average"]), .required("poolSize", .integer),
                .required("stride", .integer), .text("padding", "valid", among: ["valid", "same"]),
            ],
            "(B, T, C) → (B, T′, C) over windows of time; an average counts only steps inside the input."),
        OperationSpecification(
            .window(.globalPooling1D), ["input", "mask?"],
            attributes: [
                .text("kind", "average", among: ["maximum", "average"]), .boolean("keepDimensions", false),
            ],
            """
            (B, T, C) → (B, C), or (B, 1, C) with keepDimensions. With a mask (B, T), which only average takes: the sum of the \
            kept steps over their number (NaN if there is none).
            """),
        OperationSpecification(
            .pointwise(.activation), ["input"],
            attributes: [
                .text("function", "linear", among: ActivationFunction.allCases.map(\.rawValue)),
                .optional("alpha", .number), .optional("threshold", .number), .optional("maximum", .number),
                .optional("value", .number),
            ],
            "An activation function, element by element; which parameter a function takes: `ActivationFunction`."),
        OperationSpecification(
            .normalization(.softmax), ["input", "mask?"], attributes: [.integers("axes", [-1]), .number("beta", 1)],
            """
            softmax(beta · x) over `axes` together. mask: bool, broadcast; a masked element is replaced by −1e30 before.
            """),
        OperationSpecification(
            .normalization(.logSoftmax), ["input"], attributes: [.integer("axis", -1)], "x − log Σ eˣ over `axis`."),
        OperationSpecification(
            .pointwise(.rescaling), ["input"], attributes: [.required("scale", .number), .number("offset", 0)],
            "x · scale + offset, in float32."),
    ]

    static let recurrent: [OperationSpecification] = [
        OperationSpecification(
            .recurrence(.lstm), ["input", "mask?", "initialHidden?", "initialCell?"],
            outputs: ["output", "finalHidden?", "finalCell?"],
            weights: ["kernel", "recurrentKernel", "bias?"],
            attributes: recurrence + [.activation("activation", .tanh), .activation("recurrentActivation", .sigmoid)]
                + [.number("cellClip", 0)],
            """
            (B, T, F) → (B, T, U), or the last step (B, U). kernel (F, 4U), recurrentKernel (U, 4U), bias (4U); gates in the \
            order input, forget, cell, output. cellClip > 0 clamps the cell to ± that. goBackwards goes through time from \
            the end and gives its outputs in that order. mask (B, T): a step that is not kept repeats the state and the \
            output before it (zeros with zeroOutputForMask). Initial states (B, U) are zero unless given.
            """),
        OperationSpecification(
            .recurrence(.gru), ["input", "mask?", "initialHidden?"], outputs: ["output", "finalHidden?"],
            weights: ["kernel", "recurrentKernel", "bias?", "recurrentBias?"],
            attributes: recurrence + [
                .activation("activation", .tanh), .activation("recurrentActivation", .sigmoid),
                .boolean("resetAfter", true),
            ],
            """
            As `lstm`, with kernel (F, 3U), recurrentKernel (U, 3U), bias (3U) and recurrentBias (3U, with resetAfter only); \
            gates in the order update z, reset r, candidate; h = z · h₋₁ + (1 − z) · candidate. resetAfter applies r to the \
            recurrent product, otherwise r applies to h₋₁ before it.
            """),
        OperationSpecification(
            .recurrence(.simpleRNN), ["input", "mask?", "initialHidden?"], outputs: ["output", "finalHidden?"],
            weights: ["kernel", "recurrentKernel", "bias?"],
            attributes: recurrence + [.activation("activation", .tanh)],
            "As `lstm`, with h = activation(x · kernel + bias + h₋₁ · recurrentKernel); kernel (F, U), recurrentKernel (U, U)."
        ),
    ]

    private static let recurrence: [OperationSpecification.Attribute] = [
        .required("units", .integer), .boolean("returnSequences", false), .boolean("goBackwards", false),
        .boolean("zeroOutputForMask", false),
    ]
}
