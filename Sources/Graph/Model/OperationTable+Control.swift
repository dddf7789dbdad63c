extension OperationTable {
    static let control: [OperationSpecification] = [
        OperationSpecification(
            .sequence(.sequenceLSTM),
            [
                "input", "inputToInput?", "inputToForget", "inputToCell", "inputToOutput", "recurrentToInput?",
                "recurrentToForget", "recurrentToCell", "recurrentToOutput", "cellToInput?", "cellToForget?",
                "cellToOutput?", "inputBias?", "forgetBias", "cellBias", "outputBias", "projection?", "projectionBias?",
                "initialHidden?", "initialCell?",
            ],
            outputs: ["output", "finalHidden?", "finalCell?"],
            attributes: [
                .text(
                    "activation", "tanh",
                    among: ["linear", "relu", "reluN1To1", "relu6", "tanh", "sigmoid"]),
                .number("cellClip", 0), .number("projectionClip", 0), .boolean("timeMajor", false),
                .boolean("goBackwards", false), .boolean("asymmetricQuantizeInputs", false),
            ],
            """
            TensorFlow Lite's fused LSTM: input (B, T, F), or (T, B, F) if timeMajor → (B, T, U); weights (U, F) and (U, U) a gate, \
            biases (U). Without input-gate weights input and forget gate are coupled: i = 1 − f. int8 weights: dynamic \
            range, input and state quantized at each step. Without an initial state, (B, U) each, it is zero before the first \
            step. goBackwards: from the last step to the first, the outputs at their own steps.
            """),
        OperationSpecification(
            .control(.while), ["operands..."], outputs: ["outputs..."],
            attributes: [
                .required("condition", .graph), .required("body", .graph), .optional("maximumTripCount", .integer),
            ],
            "As long as the condition graph of the operands gives true, the body graph's outputs are the next operands."
        ),
        OperationSpecification(
            .control(.if), ["condition", "operands..."], outputs: ["outputs..."],
            attributes: [.required("then", .graph), .required("else", .graph)],
            "The outputs of one of two graphs of the operands."),
    ]
}
