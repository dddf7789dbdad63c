extension OperationTable {
    /// Whose arithmetic an integer operation follows.
    private static let rule = OperationSpecification.Attribute.required(
        "rule", .text(IntegerRule.allCases.map(\.rawValue)))

    /// A fused activation: a range of the result's integers.
    private static let activation = OperationSpecification.Attribute.text(
        "activation", "linear", among: ["linear", "relu", "relu6", "reluN1To1"])

    private static let window: [OperationSpecification.Attribute] = [
        .integers("strides", [1, 1]), .integers("dilations", [1, 1]),
        .text("padding", "valid", among: ["valid", "same"]),
    ]

    /// Operations on values that have a quantization in the graph: int8, uint8 or int16 numbers q that stand for
    /// (q − zeroPoint) · scale.
    static let integers: [OperationSpecification] = [
        OperationSpecification(
            .integer(.integerFullyConnected), ["input", "weights", "bias?"],
            attributes: [.boolean("keepDimensions", false), activation, rule], since: 2,
            """
            As `fullyConnected`. Weights int8, one scale or one an output; bias int32 or int64 in units of both scales. The sum is \
            exact; it becomes the output's integer by the rule.
            """),
        OperationSpecification(
            .integer(.integerMatmul), ["first", "second"],
            attributes: [.boolean("transposeFirst", false), .boolean("transposeSecond", false), rule], since: 2,
            "As `matmul`, with exact sums."),
        OperationSpecification(
            .integer(.integerConv2D), ["input", "weights", "bias?"], attributes: window + [activation, rule], since: 2,
            "As `conv2D`, with exact sums; outside of the input lies its zero point."),
        OperationSpecification(
            .integer(.integerDepthwiseConv2D), ["input", "weights", "bias?"],
            attributes: window + [.integer("multiplier", 1), activation, rule], since: 2,
            "As `depthwiseConv2D`, with exact sums; outside of the input lies its zero point."),
        OperationSpecification(
            .integer(.integerPooling2D), ["input"],
            attributes: [
                .required("kind", .text(["maximum", "average"])), .required("poolSize", .integers),
                .required("strides", .integers), .text("padding", "valid", among: ["valid", "same"]), activation,
            ], since: 2,
            "As `pooling2D`, of one quantization; an average is rounded half away from zero."),
        OperationSpecification(
            .integer(.integerArithmetic), ["first", "second"],
            attributes: [
                .required("kind", .text(IntegerPair.Kind.allCases.map(\.rawValue))), activation, rule,
            ], since: 2,
            "first ± second, their product, quotient, squared difference, maximum or minimum; the shapes broadcast."),
        OperationSpecification(
            .integer(.integerComparison), ["first", "second"],
            attributes: [
                .required(
                    "kind", .text(["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"]))
            ], since: 2, "A Boolean from two 8-bit numbers, each first scaled to a fixed point; the shapes broadcast."),
        OperationSpecification(
            .integer(.integerReduction), ["input"],
            attributes: [
                .required("kind", .text(IntegerReduction.Kind.allCases.map(\.rawValue))),
                .required("axes", .integers), .boolean("keepDimensions", false), rule,
            ], since: 2, "The mean or the sum over `axes`; the sum of the integers is exact."),
        OperationSpecification(
            .integer(.integerFunction), ["input"],
            attributes: [
                .required("function", .text(IntegerFunction.allCases.map(\.rawValue))),
                .required("to", .elementType), .number("alpha", 0), rule,
            ], since: 2,
            """
            A function of each number; `linear` is another quantization, of the type `to`. By the rule `builtin` 8-bit numbers \
            after the last whole block of 16 are converted with another rounding.
            """),
        OperationSpecification(
            .integer(.integerSoftmax), ["input"], attributes: [.number("beta", 1)], since: 2,
            "softmax(beta · x) over the last axis; exponentials come from a table."),
        OperationSpecification(
            .integer(.integerPrelu), ["input", "alpha"], since: 2,
            "x ≥ 0 ? x : alpha · x of 8-bit numbers; alpha broadcasts."),
        OperationSpecification(
            .integer(.integerLSTM),
            [
                "input", "inputToInput", "inputToForget", "inputToCell", "inputToOutput", "recurrentToInput",
                "recurrentToForget", "recurrentToCell", "recurrentToOutput", "inputBias", "forgetBias", "cellBias",
                "outputBias", "initialHidden?", "initialCell?",
            ], outputs: ["output", "finalHidden?", "finalCell?"],
            attributes: [
                .number("cellClip", 0), .boolean("timeMajor", false), .required("stateScale", .number),
                .required("stateZeroPoint", .integer), .required("hiddenScale", .number),
                .required("hiddenZeroPoint", .integer), .required("cellScale", .number),
            ], since: 2,
            """
            TensorFlow Lite's LSTM of int8 numbers: input (B, T, F), or (T, B, F) if timeMajor → (B, T, U); int8 weights of one \
            scale each, int32 biases. Gates are int16 numbers in units of 2⁻¹², the cell in units of `cellScale`, a power of 2. The \
            state that goes to the next step has `stateScale` and `stateZeroPoint`. Without an initial state, int8 and int16 (B, U), \
            it is zero before the first step.
            """),
    ]
}
