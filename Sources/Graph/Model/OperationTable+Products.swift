extension OperationTable {
    static let products: [OperationSpecification] = [
        OperationSpecification(
            .product(.matmul), ["first", "second"],
            attributes: [.boolean("transposeFirst", false), .boolean("transposeSecond", false)],
            "(…, m, k) · (…, k, n) → (…, m, n); the leading axes broadcast; a transposed operand has its last two axes swapped."
        ),
        OperationSpecification(
            .product(.fullyConnected), ["input", "weights", "bias?"],
            attributes: [.boolean("keepDimensions", false), .boolean("asymmetricQuantizeInputs", false), dynamicRule],
            """
            TensorFlow Lite's: weights (out, in). The input is taken as rows of `in` elements; the result is (rows, out), or \
            (…, out) with keepDimensions. int8 weights with a quantization and a float32 input mean dynamic-range \
            arithmetic: each row is quantized on its own, asymmetrically if asked, by XNNPACK's rule or that of the builtin \
            kernels.
            """),
        OperationSpecification(
            .window(.conv2D), ["input", "weights", "bias?"],
            attributes: window + [.boolean("asymmetricQuantizeInputs", true), dynamicRule],
            "(B, H, W, C) → (B, H′, W′, out); weights (out, KH, KW, C / groups), the number of groups follows. int8 weights: dynamic range, the whole input quantized at once."
        ),
        OperationSpecification(
            .window(.depthwiseConv2D), ["input", "weights", "bias?"],
            attributes: window + [.integer("multiplier", 1), .boolean("asymmetricQuantizeInputs", true)],
            "(B, H, W, C) → (B, H′, W′, C·multiplier); weights (1, KH, KW, C·multiplier)."),
        OperationSpecification(
            .window(.pooling2D), ["input"],
            attributes: [
                .required("kind", .text(["maximum", "average"])), .required("poolSize", .integers),
                .required("strides", .integers), .text("padding", "valid", among: ["valid", "same"]),
            ],
            "(B, H, W, C) → (B, H′, W′, C); an average counts only elements inside the input."),
    ]

    /// Whose arithmetic quantizes an input at run time.
    private static let dynamicRule = OperationSpecification.Attribute.text(
        "rule", IntegerRule.xnnpack.rawValue, among: IntegerRule.allCases.map(\.rawValue))

    private static let window: [OperationSpecification.Attribute] = [
        .integers("strides", [1, 1]), .integers("dilations", [1, 1]),
        .text("padding", "valid", among: ["valid", "same"]),
    ]

    static let reductions: [OperationSpecification] =
        ([
            (.reduceSum, "The sum"), (.reduceMean, "The mean"), (.reduceMaximum, "The largest element"),
            (.reduceMinimum, "The smallest element"), (.reduceProduct, "The product"),
            (.reduceAny, "Whether any is true"),
            (.reduceAll, "Whether all are true"),
        ] as [(OperationFamily.Reduction, String)]).map {
            OperationSpecification(
                .reduction($0.0), ["input"],
                attributes: [.required("axes", .integers), .boolean("keepDimensions", false)],
                "\($0.1) over `axes` (no axes: the input itself); a reduced axis goes, or stays with extent 1.")
        }
        + [
            OperationSpecification(
                .scan(.argMaximum), ["input"], attributes: [.integer("axis", -1), .elementType("elementType", .int64)],
                "The index of the first largest element along `axis`, which goes."),
            OperationSpecification(
                .scan(.argMinimum), ["input"], attributes: [.integer("axis", -1), .elementType("elementType", .int64)],
                "The index of the first smallest element along `axis`, which goes."),
            OperationSpecification(
                .scan(.cumulativeSum), ["input"],
                attributes: [.integer("axis", -1), .boolean("exclusive", false), .boolean("reverse", false)],
                "Sums along `axis` up to each element, without it if exclusive, from the end if reverse."),
        ]
}
