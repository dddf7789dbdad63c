import EmotionFormerCore
import EmotionFormerGraph

/// Operators of a file that become several operations.
enum CompositeOperator: String {
    case addN = "ADD_N"
    case l2Normalization = "L2_NORMALIZATION"
    case segmentProducts = "UNSORTED_SEGMENT_PROD"
    case spaceToBatch = "SPACE_TO_BATCH_ND"
    case batchToSpace = "BATCH_TO_SPACE_ND"
    case resizeNearest = "RESIZE_NEAREST_NEIGHBOR"
    case resizeBilinear = "RESIZE_BILINEAR"
    case depthToSpace = "DEPTH_TO_SPACE"
    case spaceToDepth = "SPACE_TO_DEPTH"
    case squarePooling = "L2_POOL_2D"
    case rank = "RANK"
}

extension SubgraphImporter {
    /// The operation that an operator becomes, whatever stands beside it. Each family's names are in its file.
    private static let operations: [String: Operation] = [
        elementwiseNames, layerNames, activationFunctions.mapValues { _ in .activation }, productNames, windowNames,
        reductionNames, arrangementNames, expansionNames, selectionNames, conversionNames, sequenceNames, controlNames,
    ].reduce(into: [:]) { $0.merge($1) { operation, _ in operation } }

    func importOperator(_ reader: OperatorReader) throws(Fault) {
        if let list = ListOperator(operatorName: reader.name) {
            try importList(reader, list)
        } else if let variable = VariableOperator(rawValue: reader.name) {
            try importVariable(reader, variable)
        } else if computesWithIntegers(reader) {
            try importInteger(reader)
        } else if let composite = CompositeOperator(rawValue: reader.name) {
            try importComposite(reader, composite)
        } else if let operation = SubgraphImporter.operations[reader.name] {
            try importOperation(reader, operation)
        } else {
            throw reader.notImported()
        }
    }

    private func importOperation(_ reader: OperatorReader, _ operation: Operation) throws(Fault) {
        switch operation.family {
        case .layer, .recurrence, .integer: throw reader.notImported()
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

    private func importComposite(_ reader: OperatorReader, _ composite: CompositeOperator) throws(Fault) {
        switch composite {
        case .addN: try sum(reader)
        case .l2Normalization: try l2Normalization(reader)
        case .segmentProducts: try segmentProducts(reader)
        case .spaceToBatch: try dealOut(reader, try blocks(reader))
        case .batchToSpace: try collect(reader, try blocks(reader))
        case .resizeNearest: try resizeNearest(reader)
        case .resizeBilinear: try resizeBilinear(reader)
        case .depthToSpace: try moveDepth(reader, toSpace: true)
        case .spaceToDepth: try moveDepth(reader, toSpace: false)
        case .squarePooling: try squarePooling(reader)
        case .rank: try rank(reader)
        }
    }

    /// An operation without attributes.
    func plain(_ reader: OperatorReader, _ operation: Operation, operandCount: Int) throws(Fault) {
        try reader.expect(inputs: operandCount...operandCount)
        try emit(reader, operation, try operands(reader))
    }
}
