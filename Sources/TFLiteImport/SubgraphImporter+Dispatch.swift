import EmotionFormerGraph
import EmotionFormerTensors

/// Operators of a file that become several operations.
enum CompositeOperator: String {
    case addN = "ADD_N"
    case l2Normalization = "L2_NORMALIZATION"
    case segmentProducts = "UNSORTED_SEGMENT_PROD"
    case spaceToBatch = "SPACE_TO_BATCH_ND"
    case batchToSpace = "BATCH_TO_SPACE_ND"
}

extension SubgraphImporter {
    /// The operation of each operator that becomes a single operation.
    static let operations: [String: Operation] = [
        "ADD": .add, "SUB": .subtract, "MUL": .multiply, "DIV": .divide, "FLOOR_DIV": .floorDivide,
        "FLOOR_MOD": .floorModulo, "POW": .power, "MAXIMUM": .maximum, "MINIMUM": .minimum,
        "SQUARED_DIFFERENCE": .squaredDifference, "EQUAL": .equal, "NOT_EQUAL": .notEqual, "LESS": .less,
        "LESS_EQUAL": .lessEqual, "GREATER": .greater, "GREATER_EQUAL": .greaterEqual, "LOGICAL_AND": .logicalAnd,
        "LOGICAL_OR": .logicalOr, "LOGICAL_NOT": .logicalNot, "NEG": .negate, "ABS": .absolute, "SQUARE": .square,
        "SQRT": .squareRoot, "RSQRT": .reciprocalSquareRoot, "EXP": .exponential, "LOG": .logarithm, "SIN": .sine,
        "COS": .cosine, "FLOOR": .floor, "CEIL": .ceiling, "ROUND": .round, "SIGN": .sign, "SELECT": .select,
        "SELECT_V2": .select, "PRELU": .prelu, "SOFTMAX": .softmax, "LOG_SOFTMAX": .logSoftmax,
        "FULLY_CONNECTED": .fullyConnected, "BATCH_MATMUL": .matmul, "CONV_2D": .conv2D,
        "DEPTHWISE_CONV_2D": .depthwiseConv2D, "AVERAGE_POOL_2D": .pooling2D, "MAX_POOL_2D": .pooling2D,
        "MEAN": .reduceMean, "SUM": .reduceSum, "REDUCE_MAX": .reduceMaximum, "REDUCE_MIN": .reduceMinimum,
        "REDUCE_PROD": .reduceProduct, "REDUCE_ANY": .reduceAny, "REDUCE_ALL": .reduceAll, "ARG_MAX": .argMaximum,
        "ARG_MIN": .argMinimum, "CUMSUM": .cumulativeSum, "RESHAPE": .reshape, "TRANSPOSE": .transpose,
        "EXPAND_DIMS": .expandDimensions, "SQUEEZE": .squeeze, "REVERSE_V2": .reverse, "CONCATENATION": .concatenate,
        "PACK": .pack, "TILE": .tile, "PAD": .pad, "PADV2": .pad, "MIRROR_PAD": .mirrorPad,
        "BROADCAST_TO": .broadcastTo, "SPLIT": .split, "SPLIT_V": .splitSizes, "UNPACK": .unpack, "SLICE": .slice,
        "STRIDED_SLICE": .stridedSlice, "DYNAMIC_UPDATE_SLICE": .updateSlice, "GATHER": .gather,
        "EMBEDDING_LOOKUP": .gather, "GATHER_ND": .gatherND, "FILL": .fill, "RANGE": .range, "SHAPE": .shape,
        "ONE_HOT": .oneHot, "ZEROS_LIKE": .zerosLike, "CAST": .cast, "DEQUANTIZE": .dequantize, "QUANTIZE": .quantize,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": .sequenceLSTM, "BIDIRECTIONAL_SEQUENCE_LSTM": .sequenceLSTM, "WHILE": .while,
        "IF": .if,
    ].merging(activationFunctions.mapValues { _ in .activation }) { operation, _ in operation }

    func importOperation(_ reader: OperatorReader, _ operation: Operation) throws(Fault) {
        switch operation.family {
        case .layer, .recurrence: throw reader.notImported()
        case .normalization(let kind): try normalization(reader, kind)
        case .window(let kind): try window(reader, kind)
        case .sequence(.sequenceLSTM): try sequence(reader)
        case .product(let kind): try product(reader, kind)
        case .arithmetic(let kind): try arithmetic(reader, operation, kind)
        case .comparison, .logic(.logicalAnd), .logic(.logicalOr): try plain(reader, operation, operandCount: 2)
        case .function, .logic(.logicalNot): try plain(reader, operation, operandCount: 1)
        case .pointwise(let kind): try pointwise(reader, kind)
        case .reduction: try reduction(reader, operation)
        case .scan(let kind): try scan(reader, kind)
        case .arrangement(let kind): try arrangement(reader, kind)
        case .expansion(let kind): try expansion(reader, kind)
        case .selection(let kind): try selection(reader, kind)
        case .generator(let kind): try generator(reader, kind)
        case .conversion(let kind): try conversion(reader, kind)
        case .control(let kind): try control(reader, kind)
        }
    }

    func importComposite(_ reader: OperatorReader, _ operator: CompositeOperator) throws(Fault) {
        switch `operator` {
        case .addN: try sum(reader)
        case .l2Normalization: try l2Normalization(reader)
        case .segmentProducts: try segmentProducts(reader)
        case .spaceToBatch: try dealOut(reader, try blocks(reader))
        case .batchToSpace: try collect(reader, try blocks(reader))
        }
    }

    /// An operation without attributes.
    func plain(_ reader: OperatorReader, _ operation: Operation, operandCount: Int) throws(Fault) {
        try reader.expect(inputs: operandCount...operandCount)
        try emit(reader, operation, try operands(reader))
    }
}
