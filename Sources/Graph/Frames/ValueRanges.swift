import EmotionFormerCore

/// Bounds of a graph's values, computed as far as they are asked for.
struct ValueRanges {
    let graph: TypedGraph
    let sums: WeightSums
    private var ranges: [ValueRange?]
    /// The first node whose results are not computed yet.
    private var next = 0
    private let makers: [Int?]

    /// - Parameter inputs: bounds of the elements of each of the graph's inputs.
    init(_ graph: TypedGraph, inputs: [ValueRange], _ sums: WeightSums) {
        self.graph = graph
        self.sums = sums
        ranges = Array(repeating: nil, count: graph.values.count)
        for (input, range) in zip(graph.inputs, inputs) { ranges[input] = range }
        var makers = [Int?](repeating: nil, count: graph.values.count)
        for (index, node) in graph.nodes.enumerated() { for output in node.outputs { makers[output] = index } }
        self.makers = makers
    }

    /// nil if an element could be infinite or NaN, as far as is known.
    mutating func range(of value: Int?) -> ValueRange? {
        guard let value else { return nil }
        if let constant = graph.values[value].constant, ranges[value] == nil { ranges[value] = ValueRange(constant) }
        guard let maker = makers[value] else { return ranges[value] }
        while next <= maker {
            let node = graph.nodes[next]
            next += 1
            let result = results(node)
            for output in node.outputs { ranges[output] = boolean(output) ?? result }
        }
        return ranges[value]
    }

    private func boolean(_ value: Int) -> ValueRange? {
        graph.values[value].type.elementType == .bool ? ValueRange(0, 1) : nil
    }

    /// Bounds of all results of a node.
    private mutating func results(_ node: TypedGraph.Node) -> ValueRange? {
        guard let first = range(of: node.input(0)) else {
            // Functions with bounds of their own still need finite operands: a NaN goes through them.
            return nil
        }
        switch node.operation.family {
        case .layer(let kind): return layer(node, kind, first)
        case .normalization(let kind): return normalization(node, kind, first)
        case .window(let kind): return window(node, kind, first)
        case .recurrence(let kind): return recurrence(node, kind, first)
        case .product(let kind): return product(node, kind, first)
        case .arithmetic(let kind): return range(of: node.input(1)).flatMap { arithmetic(kind, first, $0) }
        case .function(let kind): return function(kind, first)
        case .pointwise(let kind): return pointwise(node, kind, first)
        case .reduction(let kind): return reduction(node, kind, first)
        case .arrangement: return first
        case .selection(let kind):
            return kind == .updateSlice ? range(of: node.input(1)).flatMap { first.union($0) } : first
        case .expansion(let kind): return expansion(node, kind, first)
        case .conversion(.cast): return cast(node, first)
        case .comparison, .logic, .scan, .generator, .conversion, .sequence, .control, .integer: return nil
        }
    }

    /// To integers numbers lose their fraction; beyond the integers' own limits they may become any.
    private func cast(_ node: TypedGraph.Node, _ range: ValueRange) -> ValueRange? {
        guard let output = node.outputs.first else { return nil }
        let type = graph.values[output].type.elementType
        let limits: ClosedRange<Double>? =
            switch type {
            case .float32, .bool: nil
            case .float16: -65_504...65_504
            case .int8: -128...127
            case .uint8: 0...255
            case .int16: -32_768...32_767
            case .int32, .int64: -2e9...2e9
            }
        guard let limits else { return range }
        guard limits.contains(range.lower), limits.contains(range.upper) else { return nil }
        return type == .float16
            ? range.widened.flatMap { ValueRange(magnitude: $0.magnitude * 1.001) }
            : ValueRange(range.lower.rounded(.down), range.upper.rounded(.up))
    }

    private func clip(_ node: TypedGraph.Node, _ range: ValueRange) -> ValueRange? {
        let least = (try? node.attributes.number("minimum")) ?? -.infinity
        let largest = (try? node.attributes.number("maximum")) ?? .infinity
        // As the operation does it, if the bounds cross.
        return ValueRange(min(max(range.lower, least), largest), min(max(range.upper, least), largest))?.widened
    }

    private func arithmetic(
        _ kind: OperationFamily.Arithmetic, _ first: ValueRange, _ second: ValueRange
    ) -> ValueRange? {
        switch kind {
        case .add: first + second
        case .subtract: first - second
        case .multiply: first * second
        case .divide: first / second
        case .maximum: ValueRange(max(first.lower, second.lower), max(first.upper, second.upper))
        case .minimum: ValueRange(min(first.lower, second.lower), min(first.upper, second.upper))
        case .squaredDifference: (first - second).flatMap(square)
        case .floorDivide, .floorModulo, .power: nil
        }
    }

    private func square(_ range: ValueRange) -> ValueRange? {
        let least = range.lower <= 0 && range.upper >= 0 ? 0 : min(range.lower.magnitude, range.upper.magnitude)
        return ValueRange(least * least, range.magnitude * range.magnitude)?.widened
    }

    private func function(_ kind: OperationFamily.Function, _ range: ValueRange) -> ValueRange? {
        switch kind {
        case .negate: ValueRange(-range.upper, -range.lower)
        case .absolute:
            ValueRange(range.lower > 0 ? range.lower : max(0, -range.upper), range.magnitude)
        case .square: square(range)
        case .squareRoot:
            range.lower < 0 ? nil : ValueRange(range.lower.squareRoot(), range.upper.squareRoot())?.widened
        case .reciprocalSquareRoot:
            range.lower < 1e-30
                ? nil : ValueRange(1 / range.upper.squareRoot(), 1 / range.lower.squareRoot())?.widened
        case .exponential: range.upper > 80 ? nil : ValueRange(0, 1e35)
        case .floor, .ceiling, .round: ValueRange(range.lower - 1, range.upper + 1)
        case .sign, .errorFunction: ValueRange(-1.001, 1.001)
        case .sine, .cosine: range.magnitude > 1e6 ? nil : ValueRange(-1.001, 1.001)
        case .logarithm: nil
        }
    }

    private mutating func pointwise(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Pointwise, _ first: ValueRange
    ) -> ValueRange? {
        switch kind {
        case .activation:
            guard let function = try? node.attributes.activation("function"),
                ["alpha", "threshold", "maximum", "value"].allSatisfy({ node.attributes[$0] == nil })
            else { return nil }
            return activation(function, first)
        case .rescaling:
            guard let scale = try? node.attributes.number("scale"), let offset = try? node.attributes.number("offset"),
                let factor = ValueRange(scale, scale), let summand = ValueRange(offset, offset)
            else { return nil }
            return (first * factor).flatMap { $0 + summand }
        case .prelu: return range(of: node.input(1)).flatMap { first * $0 }.flatMap { $0.union(first) }
        case .select:
            guard let one = range(of: node.input(1)), let other = range(of: node.input(2)) else { return nil }
            return one.union(other)
        case .clip: return clip(node, first)
        }
    }

    /// A function without parameters.
    func activation(_ function: ActivationFunction, _ range: ValueRange) -> ValueRange? {
        switch function {
        case .linear: return range
        case .relu, .relu6, .relu0To1: return ValueRange(max(range.lower, 0), max(range.upper, 0))
        case .reluN1To1, .tanh, .softsign: return ValueRange(-1.001, 1.001)
        case .sigmoid, .hardSigmoid, .hardSigmoidKeras2: return ValueRange(0, 1.001)
        case .leakyRelu, .elu, .selu, .gelu, .geluTanh, .silu, .hardSilu, .mish, .softplus, .logSigmoid:
            // Their formulas may take the third power.
            guard range.magnitude <= 1e12 else { return nil }
            return ValueRange(magnitude: 2 * range.magnitude + 2)
        case .celu, .exponential, .squareplus, .softShrink, .hardShrink, .tanhShrink, .threshold, .sparsePlus,
            .sparseSigmoid:
            return nil
        }
    }

    private func reduction(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Reduction, _ first: ValueRange
    ) -> ValueRange? {
        guard let input = node.input(0), let output = node.outputs.first, graph.shape(of: output).elementCount > 0
        else { return nil }
        let count = Double(graph.shape(of: input).elementCount / graph.shape(of: output).elementCount)
        switch kind {
        case .reduceMaximum, .reduceMinimum: return count >= 1 ? first : nil
        case .reduceSum: return count >= 1 ? sum(of: count, first) : nil
        case .reduceMean:
            guard count >= 1, sum(of: count, first) != nil else { return nil }
            return rounded(first, terms: count)
        case .reduceProduct, .reduceAny, .reduceAll: return nil
        }
    }

    private func sum(of count: Double, _ range: ValueRange) -> ValueRange? {
        ValueRange(min(range.lower * count, 0), max(range.upper * count, 0)).flatMap { rounded($0, terms: count) }
    }

    /// Sums of numbers of one sign have that sign, whatever their rounding.
    func rounded(_ range: ValueRange, terms: Double) -> ValueRange? {
        let error = range.magnitude * terms * 1e-6
        return ValueRange(
            range.lower >= 0 ? max(range.lower - error, 0) : range.lower - error,
            range.upper <= 0 ? min(range.upper + error, 0) : range.upper + error)
    }

    private mutating func expansion(
        _ node: TypedGraph.Node, _ kind: OperationFamily.Expansion, _ first: ValueRange
    ) -> ValueRange? {
        switch kind {
        case .concatenate, .pack:
            var result = first
            for operand in node.inputs.dropFirst() {
                guard let other = range(of: operand), let union = result.union(other) else { return nil }
                result = union
            }
            return result
        case .tile, .broadcastTo, .mirrorPad: return first
        case .pad:
            let value = node.input(2) == nil ? (try? node.attributes.number("value")) : nil
            guard let value, let other = ValueRange(value, value) else { return nil }
            return first.union(other)
        }
    }
}
