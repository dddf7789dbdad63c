/// The kernels of products of bytes. They share a layout of rows and of packed operands, so a level takes all of them from
/// one module.
package struct QuantizedKernels: Sendable {
    package typealias Packing =
        @Sendable (_ weights: UnsafePointer<Int8>, _ k: Int, _ n: Int, _ packed: UnsafeMutableRawPointer) -> Void
    /// Bytes between two rows of k quantized values, in the level's `element`.
    package typealias RowStride = @Sendable (_ k: Int) -> Int
    package typealias Quantization =
        @Sendable (
            _ rule: QuantizationRule, _ input: UnsafePointer<Float>, _ inputStride: Int,
            _ output: UnsafeMutableRawPointer, _ outputStride: Int,
            _ quantization: UnsafeMutablePointer<RowQuantization>, _ rows: Int, _ columns: Int
        ) -> Void
    /// Rows of k numbers with 128 added, in the level's `element`, `stride` bytes apart in the output.
    package typealias Biasing =
        @Sendable (
            _ input: UnsafePointer<Int8>, _ output: UnsafeMutableRawPointer, _ stride: Int, _ rows: Int, _ k: Int
        ) -> Void

    /// As `KernelSet.rowBlock`.
    package var rowBlock: Int
    /// How quantized rows keep their values.
    package var element: QuantizedRowElement
    /// With room for the kernels to read past the end.
    package var rowStride: RowStride
    /// Quantizes each row by its own range, the output's stride in bytes; what follows the first k values of a row becomes 0.
    package var quantizeRows: Quantization
    /// Quantizes all rows by their common range (for convolutions); writes one `RowQuantization`.
    package var quantizeMatrix: Quantization
    package var packedByteCount: KernelSet.PackedByteCount
    /// Packs weights as TensorFlow Lite stores them: n × k, row after row, with the sums of the rows.
    package var packMatrix: Packing
    /// Packs int8 numbers that are k × n, row after row, in the same way; the sums are those of the columns.
    package var packRows: Packing
    package var matmul: KernelSet.ProductFunction<QuantizedProduct>
    package var matmulIntegers: KernelSet.ProductFunction<IntegerMatrixProduct>
    package var biasIntegers: Biasing
    /// nil if such rows are multiplied like all others.
    package var smallRows: IntegerSmallRowKernel?

    package init(
        rowBlock: Int, element: QuantizedRowElement, rowStride: @escaping RowStride,
        quantizeRows: @escaping Quantization, quantizeMatrix: @escaping Quantization,
        packedByteCount: @escaping KernelSet.PackedByteCount, packMatrix: @escaping Packing,
        packRows: @escaping Packing, matmul: @escaping KernelSet.ProductFunction<QuantizedProduct>,
        matmulIntegers: @escaping KernelSet.ProductFunction<IntegerMatrixProduct>, biasIntegers: @escaping Biasing,
        smallRows: IntegerSmallRowKernel?
    ) {
        self.rowBlock = rowBlock
        self.element = element
        self.rowStride = rowStride
        self.quantizeRows = quantizeRows
        self.quantizeMatrix = quantizeMatrix
        self.packedByteCount = packedByteCount
        self.packMatrix = packMatrix
        self.packRows = packRows
        self.matmul = matmul
        self.matmulIntegers = matmulIntegers
        self.biasIntegers = biasIntegers
        self.smallRows = smallRows
    }
}
