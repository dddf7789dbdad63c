/// Every operation that a graph can hold; raw values are the names in a manifest.
///
/// The operands, results and meaning of an operation are in its `OperationSpecification`. Its name stands twice in this
/// file: among all operations, and among the kinds of its family.
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
    // Quantized integers
    case integerFullyConnected, integerMatmul, integerConv2D, integerDepthwiseConv2D, integerPooling2D
    case integerArithmetic, integerComparison, integerReduction, integerFunction, integerSoftmax, integerPrelu
    case integerLSTM
    // Sequences and control
    case sequenceLSTM, `while`, `if`
}

/// An operation by its family and its kind there, as the operation's specification states it.
///
/// Shape inference, the reference executor, the engine and the importer switch over families and their kinds without
/// `default`, so the compiler reports every place where a new operation must be added.
package enum OperationFamily: Sendable, Hashable {
    case layer(Layer)
    case normalization(Normalization)
    case window(Window)
    case recurrence(Recurrence)
    case sequence(FusedSequence)
    case product(Product)
    case arithmetic(Arithmetic)
    case comparison(Comparison)
    case logic(Logic)
    case function(Function)
    case pointwise(Pointwise)
    case reduction(Reduction)
    case scan(Scan)
    case arrangement(Arrangement)
    case expansion(Expansion)
    case selection(Selection)
    case generator(Generator)
    case conversion(Conversion)
    case control(Control)
    case integer(Integer)

    /// Layers with weights, and constants.
    package enum Layer: String, Sendable {
        case constant, dense, multiHeadAttention, attention, positionalEncoding, embedding, masking
    }
    /// Elements are scaled by statistics or constants of their row or channel.
    package enum Normalization: String, Sendable {
        case layerNormalization, rmsNormalization, batchNormalization, softmax, logSoftmax
    }
    /// Convolution and pooling.
    package enum Window: String, Sendable {
        case conv1D, depthwiseConv1D, conv2D, depthwiseConv2D, pooling1D, pooling2D, globalPooling1D
    }
    /// Layers with a state from step to step.
    package enum Recurrence: String, Sendable { case lstm, gru, simpleRNN }
    /// TensorFlow Lite's layers over whole sequences.
    package enum FusedSequence: String, Sendable { case sequenceLSTM }
    /// Matrix products of two values.
    package enum Product: String, Sendable { case matmul, fullyConnected }
    /// A number from two numbers.
    package enum Arithmetic: String, Sendable {
        case add, subtract, multiply, divide, floorDivide, floorModulo, power, maximum, minimum, squaredDifference
    }
    /// A Boolean from two elements.
    package enum Comparison: String, Sendable { case equal, notEqual, less, lessEqual, greater, greaterEqual }
    /// A Boolean from Booleans.
    package enum Logic: String, Sendable { case logicalAnd, logicalOr, logicalNot }
    /// A number from one number.
    package enum Function: String, Sendable {
        case negate, absolute, square, squareRoot, reciprocalSquareRoot, exponential, logarithm, sine, cosine, floor
        case ceiling, round, sign, errorFunction
    }
    /// Element by element, with attributes or more operands.
    package enum Pointwise: String, Sendable { case activation, rescaling, prelu, select, clip }
    /// One element from all elements along some axes.
    package enum Reduction: String, Sendable {
        case reduceSum, reduceMean, reduceMaximum, reduceMinimum, reduceProduct, reduceAny, reduceAll
    }
    /// Along one axis, in order.
    package enum Scan: String, Sendable { case argMaximum, argMinimum, cumulativeSum }
    /// The same elements under other axes.
    package enum Arrangement: String, Sendable { case identity, reshape, transpose, expandDimensions, squeeze, reverse }
    /// More elements than one operand has: repeated, joined or padded.
    package enum Expansion: String, Sendable { case concatenate, pack, tile, pad, mirrorPad, broadcastTo }
    /// Parts of a tensor.
    package enum Selection: String, Sendable {
        case split, splitSizes, unpack, slice, updateSlice, stridedSlice, gather, gatherND
    }
    /// Tensors made from scalars, indices or shapes.
    package enum Generator: String, Sendable { case fill, range, shape, oneHot, onesLike, zerosLike }
    /// From one element type to another.
    package enum Conversion: String, Sendable { case cast, dequantize, quantize }
    /// Loops and branches.
    package enum Control: String, Sendable { case `while`, `if` }
    /// Of values that have a quantization, by the exact arithmetic of LiteRT's integer kernels. No rewrite makes them from
    /// other operations, or others from them: the integers are the model.
    package enum Integer: String, Sendable, CaseIterable {
        case integerFullyConnected, integerMatmul, integerConv2D, integerDepthwiseConv2D, integerPooling2D
        case integerArithmetic, integerComparison, integerReduction, integerFunction, integerSoftmax, integerPrelu
        case integerLSTM
    }

    /// Whether each element of the result depends only on the elements of the operands at the same index, after
    /// broadcasting.
    package var isElementwise: Bool {
        switch self {
        case .arithmetic, .comparison, .logic, .function, .pointwise, .conversion(.cast): true
        default: false
        }
    }

    /// The kind's name, which is the operation's.
    var name: String {
        switch self {
        case .layer(let kind): kind.rawValue
        case .normalization(let kind): kind.rawValue
        case .window(let kind): kind.rawValue
        case .recurrence(let kind): kind.rawValue
        case .sequence(let kind): kind.rawValue
        case .product(let kind): kind.rawValue
        case .arithmetic(let kind): kind.rawValue
        case .comparison(let kind): kind.rawValue
        case .logic(let kind): kind.rawValue
        case .function(let kind): kind.rawValue
        case .pointwise(let kind): kind.rawValue
        case .reduction(let kind): kind.rawValue
        case .scan(let kind): kind.rawValue
        case .arrangement(let kind): kind.rawValue
        case .expansion(let kind): kind.rawValue
        case .selection(let kind): kind.rawValue
        case .generator(let kind): kind.rawValue
        case .conversion(let kind): kind.rawValue
        case .control(let kind): kind.rawValue
        case .integer(let kind): kind.rawValue
        }
    }
}
