/// Every operation that a graph can hold; raw values are the names in a manifest.
///
/// The operands, results and meaning of an operation are in its `OperationSpecification`.
package enum Operation: String, Sendable, CaseIterable, Hashable {
    // Layers
    case constant, dense, multiHeadAttention, attention, layerNormalization, rmsNormalization, batchNormalization
    case positionalEncoding, embedding, lstm, gru, simpleRNN
    case conv1D, depthwiseConv1D, masking, pooling1D, globalPooling1D, activation, softmax, logSoftmax, rescaling
    // Elementwise
    case add, subtract, multiply, divide, floorDivide, floorModulo, power, maximum, minimum, squaredDifference
    case equal, notEqual, less, lessEqual, greater, greaterEqual, logicalAnd, logicalOr, logicalNot
    case negate, absolute, square, squareRoot, reciprocalSquareRoot, exponential, logarithm, sine, cosine
    case floor, ceiling, round, sign, errorFunction, prelu, select, clip
    // Matrix products
    case matmul, fullyConnected, conv2D, depthwiseConv2D, pooling2D
    // Reductions and scans
    case reduceSum, reduceMean, reduceMaximum, reduceMinimum, reduceProduct, reduceAny, reduceAll
    case argMaximum, argMinimum, cumulativeSum
    // Shapes
    case identity, reshape, transpose, expandDimensions, squeeze, concatenate, split, splitSizes, slice, stridedSlice
    case updateSlice
    case gather, gatherND, pack, unpack, tile, pad, mirrorPad, fill, range, shape, broadcastTo, reverse, oneHot
    case onesLike, zerosLike
    // Types and quantization
    case cast, dequantize, quantize
    // Sequences and control
    case sequenceLSTM, `while`, `if`
}

/// The functions of an `activation` node, and of operations with an activation of their own. Formulas: `x` is an element.
package enum ActivationFunction: String, Sendable, CaseIterable, Hashable {
    /// x
    case linear
    /// x > threshold ? min(x, maximum) : alpha (x − threshold); alpha 0, threshold 0 and no maximum if they are absent
    case relu
    /// min(max(x, 0), 6)
    case relu6
    /// min(max(x, −1), 1); also Keras's hard_tanh
    case reluN1To1
    /// min(max(x, 0), 1)
    case relu0To1
    /// x < 0 ? alpha x : x; alpha 0.2 if absent
    case leakyRelu
    /// x > 0 ? x : alpha (eˣ − 1); alpha 1 if absent
    case elu
    /// 1.05070098… (x > 0 ? x : 1.67326324… (eˣ − 1))
    case selu
    /// max(x, 0) + min(0, alpha (e^(x / alpha) − 1)); alpha 1 if absent
    case celu
    /// x/2 (1 + erf(x / √2))
    case gelu
    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
    case geluTanh
    /// x sigmoid(x)
    case silu
    /// x relu6(x + 3) / 6
    case hardSilu
    /// x tanh(softplus(x))
    case mish
    /// 1 / (1 + e⁻ˣ)
    case sigmoid
    /// relu6(x + 3) / 6, as Keras 3 has it
    case hardSigmoid
    /// min(max(0.2 x + 0.5, 0), 1), as Keras 2 has it
    case hardSigmoidKeras2
    /// log(1 + eˣ)
    case softplus
    /// x / (1 + |x|)
    case softsign
    case tanh
    /// eˣ
    case exponential
    /// log(sigmoid(x))
    case logSigmoid
    /// (x + √(x² + alpha)) / 2; alpha 4 if absent
    case squareplus
    /// x > threshold ? x − threshold : x < −threshold ? x + threshold : 0; threshold 0.5 if absent
    case softShrink
    /// |x| > threshold ? x : 0; threshold 0.5 if absent
    case hardShrink
    /// x − tanh(x)
    case tanhShrink
    /// x > threshold ? x : value; both 0 if absent
    case threshold
    /// x ≤ −1 ? 0 : x < 1 ? (x + 1)²/4 : x
    case sparsePlus
    /// x ≤ −1 ? 0 : x < 1 ? (x + 1)/2 : 1
    case sparseSigmoid

    /// The functions without a parameter that layers with an activation of their own may name.
    package static let parameterless: [ActivationFunction] = [
        .linear, .relu, .relu6, .reluN1To1, .relu0To1, .elu, .selu, .gelu, .geluTanh, .silu, .hardSilu, .mish, .sigmoid,
        .hardSigmoid, .hardSigmoidKeras2, .softplus, .softsign, .tanh, .exponential, .logSigmoid,
    ]
}
