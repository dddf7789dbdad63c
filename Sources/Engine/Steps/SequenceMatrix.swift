import EmotionFormerKernels

/// A packed matrix of the fused LSTM, float32 or int8 by the rule of the builtin kernels (which LiteRT always uses for
/// it).
struct SequenceMatrix: Sendable {
    let k: Int
    let n: Int
    let isQuantized: Bool
    /// Whether rows are quantized symmetrically around zero and not by their own range.
    let isSymmetric: Bool
    let packed: ConstantAddress
    /// A scale for each column, for int8 matrices only.
    let scales: ConstantAddress
    let bias: ConstantAddress?
    private let block: Int
    private let rowStride: Int
    private let element: QuantizedRowElement
    private let matmul: @Sendable (PackedProduct, Range<Int>) -> Void
    private let matmulQuantized: @Sendable (QuantizedProduct, Range<Int>) -> Void
    private let quantizeRows:
        @Sendable (
            QuantizationRule, UnsafePointer<Float>, Int, UnsafeMutableRawPointer, Int,
            UnsafeMutablePointer<RowQuantization>, Int, Int
        ) -> Void

    init(
        k: Int, n: Int, isQuantized: Bool, isSymmetric: Bool, packed: ConstantAddress, scales: ConstantAddress,
        bias: ConstantAddress?, kernels: KernelSet
    ) {
        self.k = k
        self.n = n
        self.isQuantized = isQuantized
        self.isSymmetric = isSymmetric
        self.packed = packed
        self.scales = scales
        self.bias = bias
        block = max(kernels.quantized.rowBlock, 1) * 4
        rowStride = (kernels.quantized.rowStride(k) + 63) / 64 * 64
        element = kernels.quantized.element
        matmul = kernels.matmul
        matmulQuantized = kernels.quantized.matmul
        quantizeRows = kernels.quantized.quantizeRows
    }

    private var quantizationByteCount: Int { (block * MemoryLayout<RowQuantization>.stride + 63) / 64 * 64 }
    /// The quantization of some rows, then these rows.
    var scratchByteCount: Int { isQuantized ? quantizationByteCount + block * rowStride : 0 }

    /// output = input · matrix + bias + addend, for a range of `rows` rows.
    @inline(__always)
    func multiply(
        _ scratch: UnsafeMutableRawPointer, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        adding addend: UnsafePointer<Float>? = nil, rows: Int, _ range: Range<Int>
    ) {
        let epilogue = Epilogue(bias: bias?.floats, residual: addend, residualStride: n)
        guard isQuantized else {
            matmul(
                PackedProduct(
                    a: input, aStride: k, b: packed.bytes, c: output, cStride: n, m: rows, k: k, n: n,
                    epilogue: epilogue), range)
            return
        }
        let quantization = scratch.assumingMemoryBound(to: RowQuantization.self)
        let quantized = scratch + quantizationByteCount
        var first = range.lowerBound
        while first < range.upperBound {
            let count = min(block, range.upperBound &- first)
            if isSymmetric {
                for row in 0..<count {
                    SymmetricQuantization.quantize(
                        input + (first &+ row) &* k, count: k, stride: rowStride, quantized + row &* rowStride,
                        as: element, quantization + row)
                }
            } else {
                quantizeRows(.builtin, input + first &* k, k, quantized, rowStride, quantization, count, k)
            }
            var epilogue = epilogue
            epilogue.residual = addend.map { $0 + first &* n }
            matmulQuantized(
                QuantizedProduct(
                    a: quantized, aStride: rowStride, rowQuantization: quantization, b: packed.bytes,
                    weightScales: scales.floats, rule: .builtin, c: output + first &* n, cStride: n, m: count, k: k,
                    n: n, epilogue: epilogue), 0..<count)
            first &+= count
        }
    }
}
