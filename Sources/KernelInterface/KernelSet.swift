/// The kernels of one instruction set, as a table of functions on raw pointers.
///
/// Nothing here allocates, throws or checks bounds: whoever compiles a plan has checked every extent. Extents are ≥ 1
/// unless said otherwise; strides count elements. Packed operands and scratch want an alignment of 64 bytes; a
/// level's packed operands are for that level only.
///
/// A row range splits rows over threads. With `splitsRows` a row's result does not depend on the range, to the bit;
/// without it (BLAS gives other bits for a part of a matrix) every call must get all rows. That goes for
/// `matmul`, `matmulStrided` and `attention` alone: all other kernels work row by row on every level.
package struct KernelSet: Sendable {
    package var instructionSet: InstructionSet
    package var splitsRows: Bool
    /// Ranges that begin at a multiple of this waste no work.
    package var rowBlock: Int
    package var quantizedRowBlock: Int

    /// Columns that stand together in a packed matrix: those before a multiple of this take what they would take alone,
    /// `packedMatrixByteCount` bytes, and the others follow. nil if a matrix must be packed as a whole.
    package var packedPanelWidth: Int?
    /// Bytes of a packed k × n matrix.
    package var packedMatrixByteCount: @Sendable (_ k: Int, _ n: Int) -> Int
    /// Packs B, k × n, with any row and column stride.
    package var packMatrix:
        @Sendable (
            _ b: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, _ k: Int, _ n: Int,
            _ packed: UnsafeMutableRawPointer
        ) -> Void
    package var matmul: @Sendable (_ product: PackedProduct, _ rows: Range<Int>) -> Void

    package var stridedScratchByteCount: @Sendable (_ m: Int, _ k: Int, _ n: Int) -> Int
    package var matmulStrided:
        @Sendable (_ product: StridedProduct, _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer) -> Void

    package var attentionScratchByteCount:
        @Sendable (_ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) -> Int
    package var attention:
        @Sendable (_ head: AttentionHead, _ queries: Range<Int>, _ scratch: UnsafeMutableRawPointer) -> Void

    /// Rows of `columns` values, `inputStride` and `outputStride` apart; in place if both are the same.
    package var softmax:
        @Sendable (
            _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
            _ outputStride: Int, _ rows: Int, _ columns: Int
        ) -> Void
    package var logSoftmax:
        @Sendable (
            _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
            _ outputStride: Int, _ rows: Int, _ columns: Int
        ) -> Void
    /// gamma·(x − mean)/sqrt(variance + epsilon) + beta
    package var layerNormalization: @Sendable (RowNormalization) -> Void
    /// gamma·x/sqrt(mean of squares + epsilon) + beta
    package var rootMeanSquareNormalization: @Sendable (RowNormalization) -> Void

    package var unary:
        @Sendable (
            _ operation: UnaryOperation, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
            _ count: Int, _ alpha: Float, _ beta: Float
        ) -> Void
    /// Two operands of the same count.
    package var binary:
        @Sendable (
            _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
            _ output: UnsafeMutablePointer<Float>, _ count: Int
        ) -> Void
    /// The right operand is one number; `isReversed` makes it the left one.
    package var binaryScalar:
        @Sendable (
            _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: Float, _ isReversed: Bool,
            _ output: UnsafeMutablePointer<Float>, _ count: Int
        ) -> Void
    /// The right operand is one row of `columns` values for every row; `isReversed` makes it the left one.
    package var binaryRow:
        @Sendable (
            _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ row: UnsafePointer<Float>,
            _ isReversed: Bool, _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
        ) -> Void

    /// rows × columns → rows.
    package var reduceRows:
        @Sendable (
            _ operation: Reduction, _ input: UnsafePointer<Float>, _ stride: Int,
            _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
        ) -> Void
    /// rows × columns → columns: over time.
    package var reduceColumns:
        @Sendable (
            _ operation: Reduction, _ input: UnsafePointer<Float>, _ stride: Int,
            _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
        ) -> Void
    /// rows × columns → columns: the mean of the rows whose mask byte is 1; 0 if there is none.
    package var maskedMeanOfColumns:
        @Sendable (
            _ input: UnsafePointer<Float>, _ stride: Int, _ mask: UnsafePointer<UInt8>,
            _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
        ) -> Void

    package var lstmStep: @Sendable (LSTMStep) -> Void
    package var gruStep: @Sendable (GRUStep) -> Void

    /// Bytes between two rows of k quantised values: room for the kernels to read past the end.
    package var quantizedRowStride: @Sendable (_ k: Int) -> Int
    /// Quantises each row by its own range; bytes past the k-th of a row become 0.
    package var quantizeRows:
        @Sendable (
            _ rule: QuantizationRule, _ input: UnsafePointer<Float>, _ inputStride: Int,
            _ output: UnsafeMutablePointer<UInt8>, _ outputStride: Int,
            _ quantization: UnsafeMutablePointer<RowQuantization>, _ rows: Int, _ columns: Int
        ) -> Void
    /// Quantises all rows by their common range (convolutions); writes one `RowQuantization`.
    package var quantizeMatrix:
        @Sendable (
            _ rule: QuantizationRule, _ input: UnsafePointer<Float>, _ inputStride: Int,
            _ output: UnsafeMutablePointer<UInt8>, _ outputStride: Int,
            _ quantization: UnsafeMutablePointer<RowQuantization>, _ rows: Int, _ columns: Int
        ) -> Void
    package var packedQuantizedByteCount: @Sendable (_ k: Int, _ n: Int) -> Int
    /// Packs weights as TensorFlow Lite stores them: n × k, row after row, with the sums of the rows.
    package var packQuantizedMatrix:
        @Sendable (_ weights: UnsafePointer<Int8>, _ k: Int, _ n: Int, _ packed: UnsafeMutableRawPointer) -> Void
    package var matmulQuantized: @Sendable (_ product: QuantizedProduct, _ rows: Range<Int>) -> Void

    /// Multiplications and additions in registers alone, for measuring the processor's peak: `rounds` rounds of
    /// x·factor + addend; returns the floating-point operations done.
    package var multiplyAddPeak:
        @Sendable (_ rounds: Int, _ factor: Float, _ addend: Float, _ result: UnsafeMutablePointer<Float>) -> Int

    package init(
        instructionSet: InstructionSet,
        splitsRows: Bool,
        rowBlock: Int,
        quantizedRowBlock: Int,
        packedPanelWidth: Int?,
        packedMatrixByteCount: @escaping @Sendable (_ k: Int, _ n: Int) -> Int,
        packMatrix:
            @escaping @Sendable (
                _ b: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, _ k: Int, _ n: Int,
                _ packed: UnsafeMutableRawPointer
            ) -> Void,
        matmul: @escaping @Sendable (_ product: PackedProduct, _ rows: Range<Int>) -> Void,
        stridedScratchByteCount: @escaping @Sendable (_ m: Int, _ k: Int, _ n: Int) -> Int,
        matmulStrided:
            @escaping @Sendable (_ product: StridedProduct, _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer) ->
            Void,
        attentionScratchByteCount:
            @escaping @Sendable (_ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) -> Int,
        attention:
            @escaping @Sendable (_ head: AttentionHead, _ queries: Range<Int>, _ scratch: UnsafeMutableRawPointer) ->
            Void,
        softmax:
            @escaping @Sendable (
                _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
                _ outputStride: Int, _ rows: Int, _ columns: Int
            ) -> Void,
        logSoftmax:
            @escaping @Sendable (
                _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
                _ outputStride: Int, _ rows: Int, _ columns: Int
            ) -> Void,
        layerNormalization: @escaping @Sendable (RowNormalization) -> Void,
        rootMeanSquareNormalization: @escaping @Sendable (RowNormalization) -> Void,
        unary:
            @escaping @Sendable (
                _ operation: UnaryOperation, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
                _ count: Int, _ alpha: Float, _ beta: Float
            ) -> Void,
        binary:
            @escaping @Sendable (
                _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
                _ output: UnsafeMutablePointer<Float>, _ count: Int
            ) -> Void,
        binaryScalar:
            @escaping @Sendable (
                _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: Float, _ isReversed: Bool,
                _ output: UnsafeMutablePointer<Float>, _ count: Int
            ) -> Void,
        binaryRow:
            @escaping @Sendable (
                _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ row: UnsafePointer<Float>,
                _ isReversed: Bool, _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
            ) -> Void,
        reduceRows:
            @escaping @Sendable (
                _ operation: Reduction, _ input: UnsafePointer<Float>, _ stride: Int,
                _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
            ) -> Void,
        reduceColumns:
            @escaping @Sendable (
                _ operation: Reduction, _ input: UnsafePointer<Float>, _ stride: Int,
                _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
            ) -> Void,
        maskedMeanOfColumns:
            @escaping @Sendable (
                _ input: UnsafePointer<Float>, _ stride: Int, _ mask: UnsafePointer<UInt8>,
                _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
            ) -> Void,
        lstmStep: @escaping @Sendable (LSTMStep) -> Void,
        gruStep: @escaping @Sendable (GRUStep) -> Void,
        quantizedRowStride: @escaping @Sendable (_ k: Int) -> Int,
        quantizeRows:
            @escaping @Sendable (
                _ rule: QuantizationRule, _ input: UnsafePointer<Float>, _ inputStride: Int,
                _ output: UnsafeMutablePointer<UInt8>, _ outputStride: Int,
                _ quantization: UnsafeMutablePointer<RowQuantization>, _ rows: Int, _ columns: Int
            ) -> Void,
        quantizeMatrix:
            @escaping @Sendable (
                _ rule: QuantizationRule, _ input: UnsafePointer<Float>, _ inputStride: Int,
                _ output: UnsafeMutablePointer<UInt8>, _ outputStride: Int,
                _ quantization: UnsafeMutablePointer<RowQuantization>, _ rows: Int, _ columns: Int
            ) -> Void,
        packedQuantizedByteCount: @escaping @Sendable (_ k: Int, _ n: Int) -> Int,
        packQuantizedMatrix:
            @escaping @Sendable (_ weights: UnsafePointer<Int8>, _ k: Int, _ n: Int, _ packed: UnsafeMutableRawPointer)
            -> Void,
        matmulQuantized: @escaping @Sendable (_ product: QuantizedProduct, _ rows: Range<Int>) -> Void,
        multiplyAddPeak:
            @escaping @Sendable (
                _ rounds: Int, _ factor: Float, _ addend: Float, _ result: UnsafeMutablePointer<Float>
            ) -> Int
    ) {
        self.instructionSet = instructionSet
        self.splitsRows = splitsRows
        self.rowBlock = rowBlock
        self.packedPanelWidth = packedPanelWidth
        self.quantizedRowBlock = quantizedRowBlock
        self.packedMatrixByteCount = packedMatrixByteCount
        self.packMatrix = packMatrix
        self.matmul = matmul
        self.stridedScratchByteCount = stridedScratchByteCount
        self.matmulStrided = matmulStrided
        self.attentionScratchByteCount = attentionScratchByteCount
        self.attention = attention
        self.softmax = softmax
        self.logSoftmax = logSoftmax
        self.layerNormalization = layerNormalization
        self.rootMeanSquareNormalization = rootMeanSquareNormalization
        self.unary = unary
        self.binary = binary
        self.binaryScalar = binaryScalar
        self.binaryRow = binaryRow
        self.reduceRows = reduceRows
        self.reduceColumns = reduceColumns
        self.maskedMeanOfColumns = maskedMeanOfColumns
        self.lstmStep = lstmStep
        self.gruStep = gruStep
        self.quantizedRowStride = quantizedRowStride
        self.quantizeRows = quantizeRows
        self.quantizeMatrix = quantizeMatrix
        self.packedQuantizedByteCount = packedQuantizedByteCount
        self.packQuantizedMatrix = packQuantizedMatrix
        self.matmulQuantized = matmulQuantized
        self.multiplyAddPeak = multiplyAddPeak
    }
}
