extension OperationTable {
    static let elementwise: [OperationSpecification] =
        binary + unary + [
            OperationSpecification(
                .pointwise(.prelu), ["input", "alpha"], "x < 0 ? alpha x : x; alpha broadcasts to the input."),
            OperationSpecification(
                .pointwise(.select), ["condition", "first", "second"],
                "condition ? first : second; all three broadcast together, condition is bool."),
            OperationSpecification(
                .pointwise(.clip), ["input"],
                attributes: [.optional("minimum", .number), .optional("maximum", .number)],
                "min(max(x, minimum), maximum); a bound that is absent does not bind."),
        ]

    private static let binary: [OperationSpecification] =
        ([
            (.add, "a + b"), (.subtract, "a − b"), (.multiply, "a · b"),
            (.divide, "a / b; integers towards zero"), (.floorDivide, "⌊a / b⌋"),
            (.floorModulo, "a − b ⌊a / b⌋: the sign of b"), (.power, "aᵇ"), (.maximum, "the larger"),
            (.minimum, "the smaller"), (.squaredDifference, "(a − b)²"),
        ] as [(OperationFamily.Arithmetic, String)]).map {
            OperationSpecification(
                .arithmetic($0.0), ["first", "second"], "\($0.1); the two broadcast together and have one element type."
            )
        }
        + ([
            (.equal, "a = b"), (.notEqual, "a ≠ b"), (.less, "a < b"), (.lessEqual, "a ≤ b"), (.greater, "a > b"),
            (.greaterEqual, "a ≥ b"),
        ] as [(OperationFamily.Comparison, String)]).map {
            OperationSpecification(
                .comparison($0.0), ["first", "second"],
                "\($0.1), as bool; the two broadcast together and have one element type.")
        }
        + [
            OperationSpecification(.logic(.logicalAnd), ["first", "second"], "Both; bool, broadcasting."),
            OperationSpecification(.logic(.logicalOr), ["first", "second"], "Either; bool, broadcasting."),
            OperationSpecification(.logic(.logicalNot), ["input"], "The opposite; bool."),
        ]

    private static let unary: [OperationSpecification] =
        ([
            (.negate, "−x"), (.absolute, "|x|"), (.square, "x²"),
            (.squareRoot, "√x"), (.reciprocalSquareRoot, "1/√x"), (.exponential, "eˣ"), (.logarithm, "ln x"),
            (.sine, "sin x"), (.cosine, "cos x"), (.floor, "⌊x⌋"), (.ceiling, "⌈x⌉"),
            (.round, "The nearest integer, ties to the even one."), (.sign, "−1, 0 or 1; NaN stays."),
            (.errorFunction, "erf x"),
        ] as [(OperationFamily.Function, String)]).map { OperationSpecification(.function($0.0), ["input"], $0.1) }
}
