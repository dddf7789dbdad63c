import EmotionFormerCore
import EmotionFormerGraph

/// Matrix products of quantized numbers.
extension StepBuilder {
    mutating func appendIntegerFullyConnected(_ node: TypedGraph.Node) throws(Fault) {
        if try appendIntegerLayer(node) { return }
        let (input, weights) = (try operand(node, 0), try operand(node, 1))
        let (n, k) = (shape(weights)[0], shape(weights)[1])
        let rows = k == 0 ? 0 : shape(input).elementCount / k
        let context = integerContext(node)
        let product = IntegerMatrices(
            m: rows, k: k, n: n, first: (k, 1), second: (1, k), firstZeroPoint: try context.quantization(0).zeroPoint,
            secondZeroPoint: try context.integerWeights().zeroPoint, bias: try makeIntegerBias(node, count: n),
            output: try context.integerProduct())
        try append(product, node, batches: [MatrixBatch(first: 0, second: 0, output: 0)], splits: true)
    }

    mutating func appendIntegerMatmul(_ node: TypedGraph.Node) throws(Fault) {
        if try appendIntegerKernelMatmul(node) { return }
        let (batches, extents) = try matrixBatches(node)
        let context = integerContext(node)
        let product = IntegerMatrices(
            m: extents.m, k: extents.k, n: extents.n,
            first: extents.transposesFirst ? (1, extents.m) : (extents.k, 1),
            second: extents.transposesSecond ? (1, extents.k) : (extents.n, 1),
            firstZeroPoint: try context.quantization(0).zeroPoint,
            secondZeroPoint: try context.integerWeights().zeroPoint, bias: nil, output: try context.integerProduct())
        try append(product, node, batches: batches, splits: false)
    }

    /// The bias of an integer product as Int64; nil if there is none.
    mutating func makeIntegerBias(_ node: TypedGraph.Node, count: Int) throws(Fault) -> ConstantAddress? {
        guard let value = node.input(2) else { return nil }
        guard let integers = graph.constant(value)?.tensor.integers, integers.count == count else {
            throw unsupported(node, "a bias that is not known before the model runs")
        }
        return ConstantAddress(
            makeBuffer(byteCount: count * 8) { bytes in
                bytes.assumingMemoryBound(to: Int.self).update(from: integers, count: count)
            })
    }

    private mutating func append(
        _ product: IntegerMatrices, _ node: TypedGraph.Node, batches: [MatrixBatch], splits: Bool
    ) throws(Fault) {
        switch (type(try operand(node, 0)).elementType, type(try operand(node, 1)).elementType) {
        case (.int8, .int8): try append(product, node, batches, splits, Int8.self, Int8.self)
        case (.int16, .int8): try append(product, node, batches, splits, Int16.self, Int8.self)
        case (.int16, .int16): try append(product, node, batches, splits, Int16.self, Int16.self)
        case (let type, _): throw notQuantized(node, type)
        }
    }

    private mutating func append<First: QuantizedElement, Second: QuantizedElement>(
        _ product: IntegerMatrices, _ node: TypedGraph.Node, _ batches: [MatrixBatch], _ splits: Bool,
        _ first: First.Type, _ second: Second.Type
    ) throws(Fault) {
        let (input, weights, output) = (try operand(node, 0), try operand(node, 1), try output(node))
        let (m, k, n) = (product.m, product.k, product.n)
        guard m > 0, k > 0, n > 0 else { throw unsupported(node, "a matrix product of nothing") }
        var draft = StepDraft(
            name: node.name,
            label: "\(node.operation.rawValue) \(batches.count == 1 ? "" : "\(batches.count)×")\(m)×\(k)×\(n)",
            reads: [input, weights], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let weights = layout.operand(weights)
            let output = layout.destination(output)
            return { execution, rows in
                let a = input.elements(execution, as: First.self)
                let b = weights.elements(execution, as: Second.self)
                let c = output.elements(execution, as: First.self)
                let range = splits ? rows : 0..<m
                for batch in batches {
                    product.run(a + batch.first, b + batch.second, c + batch.output, range)
                }
            }
        }
        draft.products = [ProductShape(count: batches.count, m: m, k: k, n: n)]
        draft.floatingPointOperations = Work.product(2, batches.count, m, k, n)
        if splits {
            draft.rows = m
            draft.alignedReads = [input]
        }
        append(draft)
    }
}

/// One product of two matrices of quantized numbers, with strides in elements: of rows and of columns.
struct IntegerMatrices: Sendable {
    let m: Int
    let k: Int
    let n: Int
    let first: (row: Int, column: Int)
    let second: (row: Int, column: Int)
    let firstZeroPoint: Int
    let secondZeroPoint: Int
    let bias: ConstantAddress?
    let output: IntegerProduct

    func run<First: QuantizedElement, Second: QuantizedElement>(
        _ a: UnsafePointer<First>, _ b: UnsafePointer<Second>, _ c: UnsafeMutablePointer<First>, _ rows: Range<Int>
    ) {
        let bias = bias?.bytes.assumingMemoryBound(to: Int.self)
        for row in rows {
            let left = a + row &* first.row
            for column in 0..<n {
                let right = b + column &* second.column
                var sum = bias?[column] ?? 0
                for index in 0..<k {
                    let x = Int(left[index &* first.column]) &- firstZeroPoint
                    sum &+= x &* (Int(right[index &* second.row]) &- secondZeroPoint)
                }
                c[row &* n &+ column] = First(truncatingIfNeeded: output.stored(sum, channel: column))
            }
        }
    }
}
