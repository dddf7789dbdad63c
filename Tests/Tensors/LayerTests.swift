import EmotionFormerGraph
import EmotionFormerTensors
import Testing

@Suite("Layers by hand, the plan and the float64 reference agree") struct LayerTests {
    @Test("dense, with every activation", arguments: Activation.allCases)
    func dense(activation: Activation) throws {
        let (x, kernel, bias) = (try numbers([2, 5, 7], 1), try numbers([7, 20], 2), try numbers([20], 3))
        try LayerCase(
            operation: .dense, inputs: [x], attributes: ["activation": .text(activation.rawValue)],
            weights: ["kernel": kernel, "bias": bias]
        ).check(Dense(kernel: kernel, bias: bias, activation: activation)(x))
    }

    @Test("layer normalization")
    func layerNormalization() throws {
        let (x, gamma, beta) = (try numbers([3, 4, 33], 1), try numbers([33], 2), try numbers([33], 3))
        try LayerCase(
            operation: .layerNormalization, inputs: [x], attributes: ["epsilon": .number(1e-3)],
            weights: ["gamma": gamma, "beta": beta]
        ).check(LayerNormalization(gamma: gamma, beta: beta)(x))
    }

    @Test("attention: of itself and of a context, masked, causal")
    func attention() throws {
        let (heads, keyDimension, valueDimension) = (2, 8, 4)
        let weights = [
            "queryKernel": try numbers([6, heads, keyDimension], 2),
            "queryBias": try numbers([heads, keyDimension], 3),
            "keyKernel": try numbers([6, heads, keyDimension], 4),
            "valueKernel": try numbers([6, heads, valueDimension], 5),
            "valueBias": try numbers([heads, valueDimension], 6),
            "outputKernel": try numbers([heads, valueDimension, 9], 7), "outputBias": try numbers([9], 8),
        ]
        func weight(_ name: String) throws -> Tensor<Float> { try #require(weights[name]) }
        let layer = try MultiHeadAttention(
            queryKernel: weight("queryKernel"), queryBias: weight("queryBias"), keyKernel: weight("keyKernel"),
            valueKernel: weight("valueKernel"), valueBias: weight("valueBias"), outputKernel: weight("outputKernel"),
            outputBias: weight("outputBias"))
        let (x, context) = (try numbers([2, 5, 6], 11), try numbers([2, 7, 6], 12))
        let attributes: Attributes = [
            "headCount": .integer(heads), "keyDimension": .integer(keyDimension),
            "valueDimension": .integer(valueDimension),
        ]
        func node(_ context: Tensor<Float>, _ mask: Tensor<Bool>? = nil) -> LayerCase {
            LayerCase(
                operation: .multiHeadAttention, inputs: [x, context, context], mask: mask, maskPlace: 3,
                attributes: attributes, weights: weights)
        }
        try node(x).check(layer(x))
        try node(context).check(layer(x, context: context))
        let mask = try numbers([2, 5, 7], 13) .> -0.2
        try node(context, mask).check(layer(x, context: context, mask: mask))
        // A causal mask is the one below the diagonal.
        let below = try Tensor<Int32>.range(5).expanded(at: 1) .>= Tensor<Int32>.range(5)
        try node(x, below.broadcast(to: [2, 5, 5]).contiguous()).check(layer(x, isCausal: true))
        #expect(try layer(x, isCausal: true) != layer(x))
    }

    private var recurrentOptions: [RecurrentOptions] {
        [
            RecurrentOptions(), RecurrentOptions(returnsSequences: true),
            RecurrentOptions(returnsSequences: true, goesBackwards: true, zeroOutputForMask: true),
            RecurrentOptions(goesBackwards: true),
        ]
    }

    private func attributes(_ options: RecurrentOptions, units: Int) -> Attributes {
        [
            "units": .integer(units), "returnSequences": .boolean(options.returnsSequences),
            "goBackwards": .boolean(options.goesBackwards), "zeroOutputForMask": .boolean(options.zeroOutputForMask),
        ]
    }

    @Test("LSTM: all steps or the last, backwards, masked")
    func lstm() throws {
        let (kernel, recurrent) = (try numbers([6, 20], 1), try numbers([5, 20], 2))
        let (bias, x) = (try numbers([20], 3), try numbers([2, 9, 6], 4))
        for mask in [nil, try numbers([2, 9], 5) .> -0.3] {
            for options in recurrentOptions {
                try LayerCase(
                    operation: .lstm, inputs: [x], mask: mask, attributes: attributes(options, units: 5),
                    weights: ["kernel": kernel, "recurrentKernel": recurrent, "bias": bias]
                ).check(LSTM(kernel: kernel, recurrentKernel: recurrent, bias: bias, options: options)(x, mask: mask))
            }
        }
    }

    @Test("GRU: reset before and after the product", arguments: [true, false])
    func gru(resetAfter: Bool) throws {
        let (kernel, recurrent) = (try numbers([6, 15], 1), try numbers([5, 15], 2))
        let (biases, x) = (try numbers([2, 15], 3), try numbers([2, 9, 6], 4))
        let bias = resetAfter ? biases : try biases.slice(0)
        var weights = ["kernel": kernel, "recurrentKernel": recurrent, "bias": try biases.slice(0)]
        if resetAfter { weights["recurrentBias"] = try biases.slice(1) }
        for mask in [nil, try numbers([2, 9], 5) .> -0.3] {
            for options in recurrentOptions {
                var attributes = attributes(options, units: 5)
                attributes["resetAfter"] = .boolean(resetAfter)
                let layer = try GRU(
                    kernel: kernel, recurrentKernel: recurrent, bias: bias, resetAfter: resetAfter, options: options)
                try LayerCase(
                    operation: .gru, inputs: [x], mask: mask, attributes: attributes, weights: weights
                ).check(layer(x, mask: mask))
            }
        }
    }

    @Test("convolution over time, with every padding", arguments: Conv1D.Padding.allCases)
    func convolution(padding: Conv1D.Padding) throws {
        for (width, stride, dilation) in [(1, 1, 1), (3, 1, 1), (4, 2, 1), (2, 3, 1), (3, 1, 2)] {
            let (x, kernel, bias) = (try numbers([2, 11, 5], 1), try numbers([width, 5, 7], 2), try numbers([7], 3))
            try LayerCase(
                operation: .conv1D, inputs: [x],
                attributes: [
                    "stride": .integer(stride), "dilation": .integer(dilation), "padding": .text(padding.rawValue),
                    "activation": .text("relu"),
                ],
                weights: ["kernel": kernel, "bias": bias]
            ).check(
                Conv1D(
                    kernel: kernel, bias: bias, stride: stride, dilation: dilation, padding: padding, activation: .relu
                )(x))
        }
    }

    @Test("an encoder block is its parts in their order", arguments: TransformerEncoderBlock.Order.allCases)
    func block(order: TransformerEncoderBlock.Order) throws {
        let kernel = try numbers([6, 2, 3], 1)
        let attention = try MultiHeadAttention(
            queryKernel: kernel, keyKernel: numbers([6, 2, 3], 2), valueKernel: numbers([6, 2, 3], 3),
            outputKernel: numbers([2, 3, 6], 4))
        let (first, second) = (
            try LayerNormalization(gamma: numbers([6], 5)), try LayerNormalization(beta: numbers([6], 6))
        )
        let wide = try Dense(kernel: numbers([6, 8], 7), activation: .gelu)
        let narrow = try Dense(kernel: numbers([8, 6], 8))
        let block = TransformerEncoderBlock(
            attention: attention, attentionNormalization: first, expansion: wide, contraction: narrow,
            forwardNormalization: second, order: order)
        let x = try numbers([1, 4, 6], 9)
        let expected: Tensor<Float>
        switch order {
        case .normalizesAfter:
            let middle = try first(x + attention(x))
            expected = try second(middle + narrow(wide(middle)))
        case .normalizesBefore:
            let middle = try x + attention(first(x))
            expected = try middle + narrow(wide(second(middle)))
        }
        #expect(try block(x) == expected)
    }

    @Test("positions: those of the paper, and a table for at most as many places")
    func positions() throws {
        let sinusoidal = try PositionalEncoding.sinusoidal(places: 50, features: 8)
        #expect(sinusoidal.table[0].scalars == [0, 1, 0, 1, 0, 1, 0, 1])
        // sin(3) and cos(3/10000^(2/8)), from the formula.
        #expect(abs(sinusoidal.table[element: 3, 0] - 0.141_120_01) < 1e-7)
        #expect(abs(sinusoidal.table[element: 3, 3] - 0.955_336_49) < 1e-7)
        let x = try numbers([2, 20, 8], 1)
        #expect(try sinusoidal(x) == x + sinusoidal.table[0..<20])
        #expect(throws: TensorError.self) { try sinusoidal(numbers([1, 51, 8], 1)) }
        #expect(throws: TensorError.self) { try sinusoidal(numbers([1, 5, 7], 1)) }
    }

    @Test("weights and inputs of other shapes are refused by their name")
    func refusals() throws {
        let square = try numbers([4, 4], 1)
        for call: () throws -> Void in [
            { _ = try Dense(kernel: square, bias: numbers([3], 1)) },
            { _ = try Dense(kernel: numbers([4], 1)) },
            { _ = try Dense(kernel: square)(numbers([2, 3], 1)) },
            { _ = try LayerNormalization(gamma: numbers([4], 1), beta: numbers([3], 1)) },
            { _ = try LayerNormalization(gamma: numbers([4], 1))(numbers([2, 5], 1)) },
            { _ = try LSTM(kernel: square, recurrentKernel: square) },
            { _ = try GRU(kernel: square, recurrentKernel: numbers([2, 6], 1)) },
            { _ = try Conv1D(kernel: square) },
            { _ = try Conv1D(kernel: numbers([2, 4, 4], 1), stride: 0) },
            { _ = try Conv1D(kernel: numbers([2, 4, 4], 1))(numbers([1, 5, 3], 1)) },
            { _ = try PositionalEncoding(table: numbers([4], 1)) },
            {
                _ = try MultiHeadAttention(
                    queryKernel: numbers([4, 2, 3], 1), keyKernel: numbers([4, 2, 2], 1),
                    valueKernel: numbers([4, 2, 3], 1), outputKernel: numbers([2, 3, 4], 1))
            },
        ] {
            #expect(throws: TensorError.self) { try call() }
        }
    }
}
