import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// Quantized numbers element by element.
extension StepBuilder {
    mutating func appendIntegerArithmetic(_ node: TypedGraph.Node) throws(Fault) {
        let inputs = [try operand(node, 0), try operand(node, 1)]
        let pair = try integerContext(node).integerPair()
        let elementType = type(inputs[0]).elementType
        if elementType == .int16, node.attributes["kind"] == .text("add"), shape(inputs[0]) == shape(inputs[1]) {
            return try appendWideSum(node, inputs, pair)
        }
        if elementType == .int8, try appendIdentity(node, inputs, pair) { return }
        let run: ElementRun
        switch elementType {
        case .int8:
            if let pairing = IntegerPairing(pair) { return try appendPairing(node, inputs, pairing) }
            run = arithmetic(pair, Int8.self)
        case .uint8: run = arithmetic(pair, UInt8.self)
        case .int16: run = arithmetic(pair, Int16.self)
        default: throw notQuantized(node, elementType)
        }
        try appendElementwise(node, inputs: inputs, run: run)
    }

    private mutating func appendPairing(
        _ node: TypedGraph.Node, _ inputs: [Int], _ pairing: IntegerPairing
    ) throws(Fault) {
        let pair = kernels.integers.pair
        try appendElementwise(node, inputs: inputs) { a, b, output, strides, rowStrides, rows, columns in
            pair(
                pairing,
                IntegerOperand(
                    a.assumingMemoryBound(to: Int8.self), step: strides.x, rowStride: rowStrides.x),
                IntegerOperand(
                    b.assumingMemoryBound(to: Int8.self), step: strides.y, rowStride: rowStrides.y),
                output.assumingMemoryBound(to: Int8.self), rows, columns)
        }
    }

    /// A pair with a constant that gives every integer back: what it changes is the scale alone, as where attention scores
    /// are divided by a constant.
    /// - Returns: whether the output is the other operand.
    private mutating func appendIdentity(
        _ node: TypedGraph.Node, _ inputs: [Int], _ pair: IntegerPair
    ) throws(Fault) -> Bool {
        let output = try output(node)
        for (index, input) in inputs.enumerated() {
            guard let constant = graph.constant(inputs[1 - index])?.tensor.integers, let number = constant.first,
                constant.allSatisfy({ $0 == number }), shape(input) == shape(output)
            else { continue }
            let isIdentity = (-128...127).allSatisfy {
                (index == 0 ? pair.stored($0, number) : pair.stored(number, $0)) == $0
            }
            if isIdentity {
                alias(output, to: input)
                return true
            }
        }
        return false
    }

    private func arithmetic<Element: QuantizedElement>(_ pair: IntegerPair, _ type: Element.Type) -> ElementRun {
        ElementRuns.binary { (a: Element, b: Element) in
            Element(truncatingIfNeeded: pair.stored(Int(a), Int(b)))
        }
    }

    /// Int16 sums of one shape round differently in whole blocks, which are counted over the whole tensor.
    private mutating func appendWideSum(_ node: TypedGraph.Node, _ inputs: [Int], _ pair: IntegerPair) throws(Fault) {
        let output = try output(node)
        let count = shape(output).elementCount
        let whole = count / IntegerPair.sumBlock * IntegerPair.sumBlock
        append(
            StepDraft(name: node.name, label: label(node, output), reads: inputs, writes: [output]) { layout in
                let first = layout.operand(inputs[0])
                let second = layout.operand(inputs[1])
                let output = layout.destination(output)
                return { execution, _ in
                    let a = first.elements(execution, as: Int16.self)
                    let b = second.elements(execution, as: Int16.self)
                    let c = output.elements(execution, as: Int16.self)
                    for index in 0..<count {
                        c[index] = Int16(
                            truncatingIfNeeded: pair.stored(Int(a[index]), Int(b[index]), isInBlock: index < whole))
                    }
                }
            })
    }

    mutating func appendIntegerComparison(_ node: TypedGraph.Node) throws(Fault) {
        let inputs = [try operand(node, 0), try operand(node, 1)]
        let comparison = try integerContext(node).integerComparison()
        let kind = try node.attributes.text("kind")
        let elementType = type(inputs[0]).elementType
        let run: ElementRun
        switch elementType {
        case .int8: run = self.comparison(comparison, kind, Int8.self)
        case .uint8: run = self.comparison(comparison, kind, UInt8.self)
        case .int16: run = self.comparison(comparison, kind, Int16.self)
        default: throw notQuantized(node, elementType)
        }
        try appendElementwise(node, inputs: inputs, run: run)
    }

    private func comparison<Element: QuantizedElement>(
        _ comparison: IntegerComparison, _ kind: String, _ type: Element.Type
    ) -> ElementRun {
        func run(_ holds: @escaping @Sendable (Int, Int) -> Bool) -> ElementRun {
            ElementRuns.binary { (a: Element, b: Element) in
                let (a, b) = comparison.scaled(Int(a), Int(b))
                return holds(a, b) ? 1 as UInt8 : 0
            }
        }
        return switch kind {
        case "equal": run { $0 == $1 }
        case "notEqual": run { $0 != $1 }
        case "less": run { $0 < $1 }
        case "lessEqual": run { $0 <= $1 }
        case "greater": run { $0 > $1 }
        default: run { $0 >= $1 }
        }
    }

    mutating func appendIntegerPrelu(_ node: TypedGraph.Node) throws(Fault) {
        let inputs = [try operand(node, 0), try operand(node, 1)]
        let prelu = try integerContext(node).integerPrelu()
        let elementType = type(inputs[0]).elementType
        let run: ElementRun
        switch elementType {
        case .int8: run = self.prelu(prelu, Int8.self)
        case .uint8: run = self.prelu(prelu, UInt8.self)
        default: throw notQuantized(node, elementType)
        }
        try appendElementwise(node, inputs: inputs, run: run)
    }

    private func prelu<Element: QuantizedElement>(_ prelu: IntegerPrelu, _ type: Element.Type) -> ElementRun {
        ElementRuns.binary { (x: Element, alpha: Element) in
            Element(truncatingIfNeeded: prelu.stored(Int(x), Int(alpha)))
        }
    }

    mutating func appendIntegerFunction(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let table = try integerContext(node).integerTable()
        switch type(input).elementType {
        case .int8: try appendTable(node, input, table, Int8.self)
        case .uint8: try appendTable(node, input, table, UInt8.self)
        case .int16: try appendTable(node, input, table, Int16.self)
        default: throw notQuantized(node, type(input).elementType)
        }
    }

    private mutating func appendTable<Element: QuantizedElement>(
        _ node: TypedGraph.Node, _ input: Int, _ table: IntegerTable, _ element: Element.Type
    ) throws(Fault) {
        let output = try output(node)
        switch type(output).elementType {
        case .int8: try appendTable(node, input, table, element, Int8.self)
        case .uint8: try appendTable(node, input, table, element, UInt8.self)
        case .int16: try appendTable(node, input, table, element, Int16.self)
        default: throw notQuantized(node, type(output).elementType)
        }
    }

    private mutating func appendTable<Element: QuantizedElement, Result: QuantizedElement>(
        _ node: TypedGraph.Node, _ input: Int, _ table: IntegerTable, _ element: Element.Type, _ result: Result.Type
    ) throws(Fault) {
        let lowest = table.lowest
        guard let restValues = table.restValues, restValues != table.values else {
            if Element.self == Int8.self, Result.self == Int8.self {
                let isIdentity = zip(table.values, -128...127).allSatisfy { Int($0) == $1 }
                if isIdentity { return alias(try output(node), to: input) }
                return try appendLookup(node, input, table.values)
            }
            let values = makeTable(table.values, Result.self)
            return try appendElementwise(
                node, inputs: [input],
                run: ElementRuns.unary { (x: Element) in
                    values.bytes.assumingMemoryBound(to: Result.self)[Int(x) &- lowest]
                })
        }
        let values = makeTable(table.values, Result.self)
        let rest = makeTable(restValues, Result.self)
        let output = try output(node)
        let count = shape(output).elementCount
        let whole = count / IntegerTable.block * IntegerTable.block
        append(
            StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
                let input = layout.operand(input)
                let output = layout.destination(output)
                return { execution, _ in
                    let x = input.elements(execution, as: Element.self)
                    let y = output.elements(execution, as: Result.self)
                    for index in 0..<count {
                        let table = index < whole ? values : rest
                        y[index] = table.bytes.assumingMemoryBound(to: Result.self)[Int(x[index]) &- lowest]
                    }
                }
            })
    }

    /// Int8 numbers looked up in a table of 256, from that of −128 on.
    private mutating func appendLookup(_ node: TypedGraph.Node, _ input: Int, _ values: [Int32]) throws(Fault) {
        let table = makeTable(values.reversed(), Int8.self)
        let look = kernels.integers.look
        try appendElementwise(node, inputs: [input]) { x, _, _, output, strides, count in
            let table = table.bytes.assumingMemoryBound(to: Int8.self)
            let x = x.assumingMemoryBound(to: Int8.self)
            let output = output.assumingMemoryBound(to: Int8.self)
            if strides.x == 1 {
                look(table, x, output, count)
            } else {
                output.update(repeating: table[127 &- Int(x[0])], count: count)
            }
        }
    }

    private mutating func makeTable<Result: QuantizedElement>(
        _ values: [Int32], _ type: Result.Type
    ) -> ConstantAddress {
        ConstantAddress(
            makeBuffer(byteCount: values.count * MemoryLayout<Result>.stride) { bytes in
                let table = bytes.assumingMemoryBound(to: Result.self)
                for (index, value) in values.enumerated() { table[index] = Result(truncatingIfNeeded: value) }
            })
    }
}
