import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// Products of int8 numbers by the kernels that dynamic-range products have: exact sums of bytes.
extension StepBuilder {
    /// A fully connected layer with constant weights about zero.
    /// - Returns: false if the kernel does not take it.
    mutating func appendIntegerLayer(_ node: TypedGraph.Node) throws(Fault) -> Bool {
        let (input, output) = (try operand(node, 0), try output(node))
        guard let weights = graph.constant(try operand(node, 1))?.tensor, weights.elementType == .int8,
            type(input).elementType == .int8
        else { return false }
        let context = integerContext(node)
        let (n, k) = (weights.shape[0], weights.shape[1])
        guard try context.integerWeights().zeroPoint == 0, n > 0, k > 0, k <= QuantizedProduct.largestK,
            shape(input).elementCount > 0,
            let layer = try packedLayer(
                node, weights, k: k, n: n, zeroPoint: context.quantization(0).zeroPoint, context.integerProduct())
        else { return false }
        let rows = shape(input).elementCount / k
        let stride = kernels.quantized.rowStride(k)
        let quantized = kernels.quantized
        var draft = StepDraft(
            name: node.name, label: "integer \(rows)×\(k)×\(n)", reads: [input], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, range in
                let bytes = execution.scratch
                let start = range.lowerBound
                quantized.biasIntegers(
                    input.elements(execution, as: Int8.self) + start &* k, bytes, stride, range.count, k)
                quantized.matmulIntegers(
                    IntegerMatrixProduct(
                        a: bytes, aStride: stride, b: layer.packed.bytes, offsets: layer.offsets, rowOffsets: nil,
                        scaling: layer.factors.scaling,
                        c: output.elements(execution, as: Int8.self) + start &* n, cStride: n, m: range.count, k: k,
                        n: n), 0..<range.count)
            }
        }
        draft.rows = rows
        draft.rowBlock = kernels.quantized.rowBlock
        draft.alignedReads = [input]
        draft.scratchByteCount = rows * stride + 64
        draft.products = [ProductShape(count: 1, m: rows, k: k, n: n)]
        draft.part = .quantizedProducts
        draft.floatingPointOperations = Work.product(2, rows, k, n)
        append(draft)
        return true
    }

    /// Packed weights with what is added to their sums.
    struct IntegerLayer: Sendable {
        let packed: ConstantAddress
        private let memory: ConstantAddress
        let factors: IntegerFactors

        init(packed: ConstantAddress, offsets: ConstantAddress, factors: IntegerFactors) {
            self.packed = packed
            memory = offsets
            self.factors = factors
        }

        var offsets: UnsafePointer<Int32> { memory.bytes.assumingMemoryBound(to: Int32.self) }
    }

    /// - Parameters:
    ///   - weights: n × k.
    ///   - zeroPoint: of the input.
    ///   - first: the first row of the weights that is packed.
    /// - Returns: nil if the bias does not fit 32 bits, or for a form that only int16 products have.
    mutating func packedLayer(
        _ node: TypedGraph.Node, _ weights: Tensor, k: Int, n: Int, zeroPoint: Int, _ product: IntegerProduct
    ) throws(Fault) -> IntegerLayer? {
        var biases = [Int](repeating: 0, count: n)
        if let bias = node.input(2) {
            guard let given = graph.constant(bias)?.tensor.integers, given.count == n,
                given.allSatisfy({ Int32(exactly: $0) != nil })
            else { return nil }
            biases = given
        }
        guard let factors = IntegerFactors(product, count: n, in: &self) else { return nil }
        let kernels = self.kernels
        let numbers = weights.stableBytes.assumingMemoryBound(to: Int8.self)
        let packed = makeBuffer(byteCount: kernels.quantized.packedByteCount(k, n)) { packed in
            kernels.quantized.packMatrix(numbers, k, n, packed)
        }
        let offsets = makeBuffer(byteCount: n * 4) { bytes in
            let offsets = bytes.assumingMemoryBound(to: Int32.self)
            for column in 0..<n {
                var sum = 0
                for index in 0..<k { sum += Int(numbers[column * k + index]) }
                // The kernel's input has 128 added.
                offsets[column] = Int32(truncatingIfNeeded: biases[column] - (zeroPoint + 128) * sum)
            }
        }
        return IntegerLayer(packed: ConstantAddress(packed), offsets: ConstantAddress(offsets), factors: factors)
    }

    /// A product of two values: the second is packed each time.
    /// - Parameter turned: where the transposed product goes, which is the product of the transposed operands, the second
    ///   one first; nil for the product itself.
    /// - Returns: false if the kernel does not take it.
    mutating func appendIntegerKernelMatmul(
        _ node: TypedGraph.Node, turnedInto turned: Int? = nil
    ) throws(Fault) -> Bool {
        let isTurned = turned != nil
        let (first, second) = (try operand(node, isTurned ? 1 : 0), try operand(node, isTurned ? 0 : 1))
        let output: Int
        if let turned { output = turned } else { output = try self.output(node) }
        let matrices = try matrixBatches(node)
        let extents = isTurned ? matrices.1.turned : matrices.1
        let batches = isTurned ? matrices.0.map(\.turned) : matrices.0
        let (m, k, n) = (extents.m, extents.k, extents.n)
        let context = integerContext(node)
        let quantization = try context.quantization(0)
        let zeroPoints = (quantization.zeroPoint, try context.integerWeights().zeroPoint)
        guard type(first).elementType == .int8, type(second).elementType == .int8, !batches.isEmpty,
            k <= QuantizedProduct.largestK,
            let factors = IntegerFactors(try context.integerProduct(), count: n, in: &self),
            factors.isUniform || !isTurned
        else { return false }
        // Softmax has this scale and zero point: a row adds up to about 256.
        let isProbability = quantization.scale == 1 / 256 && quantization.zeroPoint == -128
        let hasSmallRows =
            !isTurned && isProbability && factors.isTied && k >= 16 && k <= IntegerSmallRowProduct.largestK
            && !extents.transposesFirst && !extents.transposesSecond
        let run = IntegerMatmul(
            extents: extents, firstZeroPoint: Int32(truncatingIfNeeded: isTurned ? zeroPoints.1 : zeroPoints.0),
            secondZeroPoint: Int32(truncatingIfNeeded: isTurned ? zeroPoints.0 : zeroPoints.1), factors: factors,
            stride: kernels.quantized.rowStride(k), packedByteCount: kernels.quantized.packedByteCount(k, n),
            pack: extents.transposesSecond ? kernels.quantized.packMatrix : kernels.quantized.packRows,
            quantized: kernels.quantized, sum: kernels.integers.sum,
            smallRows: hasSmallRows ? kernels.quantized.smallRows : nil)
        var draft = StepDraft(
            name: node.name, label: "integer \(batches.count == 1 ? "" : "\(batches.count)×")\(m)×\(k)×\(n)",
            reads: [first, second], writes: [output]
        ) { layout in
            let a = layout.operand(first)
            let b = layout.operand(second)
            let c = layout.destination(output)
            return { execution, range in
                for index in range {
                    let batch = batches[index]
                    run.run(
                        execution.scratch, a.elements(execution, as: Int8.self) + batch.first,
                        b.elements(execution, as: Int8.self) + batch.second,
                        c.elements(execution, as: Int8.self) + batch.output)
                }
            }
        }
        draft.rows = batches.count
        draft.scratchByteCount = run.scratchByteCount
        draft.products = [ProductShape(count: batches.count, m: m, k: k, n: n)]
        draft.part = .quantizedProducts
        draft.floatingPointOperations = Work.product(2, batches.count, m, k, n)
        append(draft)
        return true
    }
}

/// One product of two int8 matrices that change from run to run.
private struct IntegerMatmul: Sendable {
    let extents: MatrixExtents
    let firstZeroPoint: Int32
    let secondZeroPoint: Int32
    let factors: IntegerFactors
    let stride: Int
    let packedByteCount: Int
    let pack: QuantizedKernels.Packing
    let quantized: QuantizedKernels
    let sum: IntegerKernels.Sums
    let smallRows: IntegerSmallRowKernel?

    private static func rounded(_ count: Int) -> Int { (count + 63) / 64 * 64 }
    private var packedOffset: Int { IntegerMatmul.rounded(extents.m * stride + 64) }
    private var turnedOffset: Int { packedOffset + IntegerMatmul.rounded(packedByteCount) }
    private var offsetsOffset: Int {
        turnedOffset + (extents.transposesFirst ? IntegerMatmul.rounded(extents.m * extents.k) : 0)
    }
    /// Rows of the first operand, the packed second one, the first one transposed, and the offsets.
    var scratchByteCount: Int {
        if let smallRows { return smallRows.scratchByteCount(extents.m, extents.k, extents.n) }
        return offsetsOffset + IntegerMatmul.rounded((extents.m + extents.n) * 4)
    }

    func run(
        _ scratch: UnsafeMutableRawPointer, _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>,
        _ c: UnsafeMutablePointer<Int8>
    ) {
        let (m, k, n) = (extents.m, extents.k, extents.n)
        if let smallRows {
            smallRows.matmul(
                IntegerSmallRowProduct(
                    a: a, aStride: k, b: b, bStride: n, secondZeroPoint: secondZeroPoint, scaling: factors.scaling,
                    c: c, cStride: n, m: m, k: k, n: n, scratch: scratch))
            return
        }
        let packed = scratch + packedOffset
        let offsets = (scratch + offsetsOffset).assumingMemoryBound(to: Int32.self)
        let rowOffsets = offsets + n
        var left = a
        if extents.transposesFirst {
            let turned = (scratch + turnedOffset).assumingMemoryBound(to: Int8.self)
            IntegerMatmul.turn(a, turned, rows: k, columns: m)
            left = UnsafePointer(turned)
        }
        quantized.biasIntegers(left, scratch, stride, m, k)
        if secondZeroPoint != 0 {
            let zero = 0 &- Int32(truncatingIfNeeded: k) &* firstZeroPoint
            sum(left, rowOffsets, m, k, 1)
            for row in 0..<m {
                rowOffsets[row] = 0 &- secondZeroPoint &* (rowOffsets[row] &+ zero)
            }
        }
        pack(b, k, n, packed)
        let sums = packed.assumingMemoryBound(to: Int32.self)
        let firstZero = firstZeroPoint &+ 128
        for column in 0..<n { offsets[column] = 0 &- firstZero &* sums[column] }
        quantized.matmulIntegers(
            IntegerMatrixProduct(
                a: scratch, aStride: stride, b: packed, offsets: offsets,
                rowOffsets: secondZeroPoint == 0 ? nil : UnsafePointer(rowOffsets), scaling: factors.scaling, c: c,
                cStride: n, m: m, k: k, n: n), 0..<m)
    }

    /// rows × columns → columns × rows
    private static func turn(
        _ input: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<Int8>, rows: Int, columns: Int
    ) {
        for row in 0..<rows {
            let from = input + row &* columns
            for column in 0..<columns { output[column &* rows &+ row] = from[column] }
        }
    }
}
