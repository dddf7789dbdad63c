import EmotionFormerCore
import EmotionFormerGraph

/// Operations on quantized integers, exact. Sums are held in double precision, which is exact up to 2⁵³.
extension ReferenceStep {
    func integer(_ kind: OperationFamily.Integer) throws(Fault) -> [[Double]] {
        let context = context
        switch kind {
        case .integerFullyConnected:
            let weights = try operand(1)
            let (columns, inner) = (weights.shape[0], weights.shape[1])
            let rows = try outputShape().elementCount / max(columns, 1)
            let zeroPoint = try context.integerWeights().zeroPoint
            let matrix = MatrixView(
                weights.elements.map { $0 - Double(zeroPoint) }, rows: columns, columns: inner
            ).transposed
            let sums = (MatrixView(try centered(0), rows: rows, columns: inner) * matrix).addingRow(
                optionalOperand(2)?.elements)
            return [try stored(sums, context.integerProduct(), channels: columns)]
        case .integerMatmul:
            let sums = try matmul(centered(0), centered(1))
            return [try stored(sums, context.integerProduct(), channels: 1)]
        case .integerConv2D, .integerDepthwiseConv2D:
            let sums = try convolution2D(isDepthwise: kind == .integerDepthwiseConv2D, centered(0))
            let channels = try outputShape().extents.last ?? 1
            return [try stored(sums, context.integerProduct(), channels: channels)]
        case .integerPooling2D: return [try integerPooling(context)]
        case .integerArithmetic: return [try integerArithmetic(context)]
        case .integerComparison: return [try integerComparison(context)]
        case .integerReduction:
            let input = try operand(0)
            let groups = Reduction(input.shape, try axes(of: input.shape)).groups()
            let reduction = try context.integerReduction(count: max(groups.first?.count ?? 1, 1))
            return [
                groups.map { group in Double(reduction.stored(Int(group.reduce(0) { $0 + input.elements[$1] }))) }
            ]
        case .integerFunction:
            let table = try context.integerTable()
            let input = try operand(0)
            let whole = input.elements.count / IntegerTable.block * IntegerTable.block
            return [
                input.elements.enumerated().map { index, q in
                    let values = index < whole ? table.values : table.restValues ?? table.values
                    return Double(values[Int(q) - table.lowest])
                }
            ]
        case .integerSoftmax:
            let softmax = try context.integerSoftmax()
            let input = try operand(0)
            let columns = input.shape.extents.last ?? 1
            var result: [Double] = []
            for start in stride(from: 0, to: input.elements.count, by: columns) {
                result += softmax.stored(input.elements[start..<start + columns].map { Int($0) }).map(Double.init)
            }
            return [result]
        case .integerPrelu:
            let prelu = try context.integerPrelu()
            let (input, alpha) = (try operand(0), try operand(1))
            let places = try Offsets.broadcasting(alpha.shape, to: input.shape)
            return [
                input.elements.enumerated().map { index, q in
                    Double(prelu.stored(Int(q), Int(alpha.elements[places[index]])))
                }
            ]
        case .integerLSTM: return try integerLSTM(context)
        }
    }

    /// The node as shape inference sees it.
    var context: NodeContext {
        NodeContext(
            operation: node.operation, attributes: attributes, weights: node.weights,
            inputTypes: operands.map { $0?.type },
            inputConstants: operands.map { value in
                value.flatMap { value in
                    value.quantization.map { StoredTensor(value.tensor, quantization: $0) }
                }
            }, outputCount: outputTypes.count, quantizations: node.quantizations)
    }

    /// An operand's integers, counted from the zero point.
    private func centered(_ index: Int) throws(Fault) -> [Double] {
        let zeroPoint = Double(try context.quantization(index).zeroPoint)
        return try operand(index).elements.map { $0 - zeroPoint }
    }

    private func stored(_ sums: [Double], _ product: IntegerProduct, channels: Int) throws(Fault) -> [Double] {
        sums.enumerated().map { Double(product.stored(Int($1), channel: $0 % max(channels, 1))) }
    }

    private func integerArithmetic(_ context: NodeContext) throws(Fault) -> [Double] {
        let (first, second) = (try operand(0), try operand(1))
        let pair = try context.integerPair()
        let target = try outputShape()
        let places = zip(
            try Offsets.broadcasting(first.shape, to: target), try Offsets.broadcasting(second.shape, to: target))
        let blocks =
            first.type.elementType == .int16 && first.shape == second.shape && attributes["kind"] == .text("add")
            ? target.elementCount / IntegerPair.sumBlock * IntegerPair.sumBlock : 0
        return places.enumerated().map { index, place in
            Double(
                pair.stored(
                    Int(first.elements[place.0]), Int(second.elements[place.1]), isInBlock: index < blocks))
        }
    }

    private func integerComparison(_ context: NodeContext) throws(Fault) -> [Double] {
        let (first, second) = (try operand(0), try operand(1))
        let comparison = try context.integerComparison()
        let kind = try attributes.text("kind")
        let target = try outputShape()
        let places = zip(
            try Offsets.broadcasting(first.shape, to: target), try Offsets.broadcasting(second.shape, to: target))
        return places.map { place in
            let (a, b) = comparison.scaled(Int(first.elements[place.0]), Int(second.elements[place.1]))
            let holds =
                switch kind {
                case "equal": a == b
                case "notEqual": a != b
                case "less": a < b
                case "lessEqual": a <= b
                case "greater": a > b
                default: a >= b
                }
            return holds ? 1 : 0
        }
    }

    private func integerPooling(_ context: NodeContext) throws(Fault) -> [Double] {
        let input = try operand(0)
        let output = try context.integerOutput(input.type.elementType)
        let (size, strides) = (try attributes.integers("poolSize"), try attributes.integers("strides"))
        let rows = try SlidingWindow(
            over: input.shape[1], extent: size[0], stride: strides[0], dilation: 1, padding: padding())
        let columns = try SlidingWindow(
            over: input.shape[2], extent: size[1], stride: strides[1], dilation: 1, padding: padding())
        let isMaximum = try attributes.text("kind") == "maximum"
        var result: [Double] = []
        for places in Convolution.places(input.shape, rows: rows, columns: columns) {
            let inside = places.compactMap(\.self)
            for channel in 0..<input.shape[3] {
                let values = inside.map { Int(input.elements[$0 + channel]) }
                let value =
                    isMaximum ? values.max() ?? 0 : IntegerMean.rounded(values.reduce(0, +), values.count)
                result.append(Double(FixedPoint.clamped(value, output.range)))
            }
        }
        return result
    }

    private func integerLSTM(_ context: NodeContext) throws(Fault) -> [[Double]] {
        let input = try operand(0)
        let isTimeMajor = try attributes.boolean("timeMajor")
        let arithmetic = try context.integerLSTM()
        let (inputZero, stateZero) = (try context.quantization(0).zeroPoint, try context.stated("state").zeroPoint)
        let (batches, steps) = (input.shape[isTimeMajor ? 1 : 0], input.shape[isTimeMajor ? 0 : 1])
        let width = input.shape[2]
        let units = try outputShape()[2]
        let weights = try (1..<9).map { (index) throws(Fault) in try operand(index).elements.map { Int($0) } }
        let biases = try (9..<13).map { (index) throws(Fault) in try operand(index).elements.map { Int($0) } }
        var result = [Double](repeating: 0, count: input.elements.count / max(width, 1) * units)
        var finalState: [Double] = []
        var finalCells: [Double] = []
        for batch in 0..<batches {
            var state = start(13, batch, units) ?? [Int](repeating: stateZero, count: units)
            var cells = start(14, batch, units) ?? [Int](repeating: 0, count: units)
            for step in 0..<steps {
                let place = isTimeMajor ? step * batches + batch : batch * steps + step
                let x = input.elements[place * width..<(place + 1) * width].map { Int($0) - inputZero }
                var next = state
                for unit in 0..<units {
                    let gates = (0..<4).map { gate in
                        var first = biases[gate][unit]
                        for index in 0..<width { first += weights[gate][unit * width + index] * x[index] }
                        var second = 0
                        for index in 0..<units {
                            second += weights[4 + gate][unit * units + index] * (state[index] - stateZero)
                        }
                        return arithmetic.gate(first, second, gate)
                    }
                    cells[unit] = arithmetic.cell(gates[0], gates[1], gates[2], cells[unit])
                    next[unit] = arithmetic.hidden(gates[3], cells[unit])
                    result[place * units + unit] = Double(next[unit])
                }
                state = next
            }
            finalState += state.map(Double.init)
            finalCells += cells.map(Double.init)
        }
        return [result, finalState, finalCells]
    }

    /// A clip's initial state, where the node has one.
    private func start(_ position: Int, _ clip: Int, _ count: Int) -> [Int]? {
        optionalOperand(position)?.elements[clip * count..<(clip + 1) * count].map { Int($0) }
    }
}
