/// The kernels of one instruction set, as a table of functions on raw pointers.
///
/// Kernels do not allocate, throw or check bounds: all extents are checked when a plan is compiled. Extents are ≥ 1
/// unless stated otherwise; strides count elements. Packed operands and scratch must be aligned to 64 bytes. The layout
/// of packed operands differs between levels.
///
/// A row range divides rows among threads. With `splitsRows` a row's result does not depend on the range, bit for bit.
/// Without it every call must get all rows, because BLAS may compute parts of a matrix with different roundings. This
/// applies to `matmul`, `matmulStrided` and `attention` only: all other kernels work row by row at every level.
package struct KernelSet: Sendable {
    /// Bytes that a k × n matrix takes when it is packed.
    package typealias PackedByteCount = @Sendable (_ k: Int, _ n: Int) -> Int
    package typealias MatrixPacking =
        @Sendable (
            _ b: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, _ k: Int, _ n: Int,
            _ packed: UnsafeMutableRawPointer
        ) -> Void
    /// Computes a range of a product's rows.
    package typealias ProductFunction<Product> = @Sendable (_ product: Product, _ rows: Range<Int>) -> Void
    /// The same with scratch memory.
    package typealias ScratchFunction<Product> =
        @Sendable (_ product: Product, _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer) -> Void
    package typealias CallFunction<Call> = @Sendable (_ call: Call) -> Void
    package typealias StridedScratchByteCount = @Sendable (_ m: Int, _ k: Int, _ n: Int) -> Int
    package typealias AttentionScratchByteCount =
        @Sendable (_ keyCount: Int, _ keyDimension: Int, _ valueDimension: Int) -> Int
    /// Rows of `columns` values, `inputStride` and `outputStride` apart; in place if both are the same.
    package typealias RowFunction =
        @Sendable (
            _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
            _ outputStride: Int, _ rows: Int, _ columns: Int
        ) -> Void
    package typealias UnaryFunction =
        @Sendable (
            _ operation: UnaryOperation, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
            _ count: Int, _ alpha: Float, _ beta: Float
        ) -> Void
    package typealias BinaryFunction =
        @Sendable (
            _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
            _ output: UnsafeMutablePointer<Float>, _ count: Int
        ) -> Void
    package typealias ScalarFunction =
        @Sendable (
            _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: Float, _ isReversed: Bool,
            _ output: UnsafeMutablePointer<Float>, _ count: Int
        ) -> Void
    package typealias ReductionFunction =
        @Sendable (
            _ operation: Reduction, _ input: UnsafePointer<Float>, _ stride: Int,
            _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
        ) -> Void
    package typealias MaskedReduction =
        @Sendable (
            _ input: UnsafePointer<Float>, _ stride: Int, _ mask: UnsafePointer<UInt8>,
            _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
        ) -> Void
    package typealias PeakMeasurement =
        @Sendable (_ rounds: Int, _ factor: Float, _ addend: Float, _ result: UnsafeMutablePointer<Float>) -> Int

    package var instructionSet: InstructionSet
    package var splitsRows: Bool
    /// The efficient granularity of row ranges: they should begin at a multiple of this.
    package var rowBlock: Int

    /// The number of columns of a panel of a packed matrix. The columns before a multiple of this can be packed
    /// separately, in `packedMatrixByteCount` bytes, followed by the others. nil if a matrix must be packed as a whole.
    package var packedPanelWidth: Int?
    package var packedMatrixByteCount: PackedByteCount
    /// Packs B, k × n, with any row and column stride.
    package var packMatrix: MatrixPacking
    package var matmul: ProductFunction<PackedProduct>

    package var stridedScratchByteCount: StridedScratchByteCount
    package var matmulStrided: ScratchFunction<StridedProduct>

    /// All three for a range of the windows, counted through all lines of all images.
    package var gatherWindows: ProductFunction<WindowGathering>
    package var poolWindows: ProductFunction<WindowPooling>
    package var depthwiseConvolution: ProductFunction<DepthwiseConvolution>

    package var attentionScratchByteCount: AttentionScratchByteCount
    /// Computes a range of a head's queries.
    package var attention: ScratchFunction<AttentionHead>

    package var softmax: RowFunction
    package var logSoftmax: RowFunction
    /// gamma·(x − mean)/sqrt(variance + epsilon) + beta
    package var layerNormalization: CallFunction<RowNormalization>
    /// gamma·x/sqrt(mean of squares + epsilon) + beta
    package var rootMeanSquareNormalization: CallFunction<RowNormalization>

    package var unary: UnaryFunction
    /// Two operands of the same count.
    package var binary: BinaryFunction
    /// The right operand is one number; `isReversed` makes it the left one.
    package var binaryScalar: ScalarFunction

    /// rows × columns → rows.
    package var reduceRows: ReductionFunction
    /// rows × columns → columns: over time.
    package var reduceColumns: ReductionFunction
    /// rows × columns → columns: the mean of the rows whose mask byte is 1; 0 if there is none.
    package var maskedMeanOfColumns: MaskedReduction

    package var lstmStep: CallFunction<LSTMStep>
    package var gruStep: CallFunction<GRUStep>

    /// Products of bytes.
    package var quantized: QuantizedKernels

    /// Of models with quantized activations.
    package var integers: IntegerKernels

    /// Multiplications and additions in registers only, to measure the processor's peak: `rounds` rounds of x·factor +
    /// addend; returns the floating-point operations done.
    package var multiplyAddPeak: PeakMeasurement

    package init(
        instructionSet: InstructionSet,
        splitsRows: Bool,
        rowBlock: Int,
        packedPanelWidth: Int?,
        packedMatrixByteCount: @escaping PackedByteCount,
        packMatrix: @escaping MatrixPacking,
        matmul: @escaping ProductFunction<PackedProduct>,
        stridedScratchByteCount: @escaping StridedScratchByteCount,
        matmulStrided: @escaping ScratchFunction<StridedProduct>,
        gatherWindows: @escaping ProductFunction<WindowGathering>,
        poolWindows: @escaping ProductFunction<WindowPooling>,
        depthwiseConvolution: @escaping ProductFunction<DepthwiseConvolution>,
        attentionScratchByteCount: @escaping AttentionScratchByteCount,
        attention: @escaping ScratchFunction<AttentionHead>,
        softmax: @escaping RowFunction,
        logSoftmax: @escaping RowFunction,
        layerNormalization: @escaping CallFunction<RowNormalization>,
        rootMeanSquareNormalization: @escaping CallFunction<RowNormalization>,
        unary: @escaping UnaryFunction,
        binary: @escaping BinaryFunction,
        binaryScalar: @escaping ScalarFunction,
        reduceRows: @escaping ReductionFunction,
        reduceColumns: @escaping ReductionFunction,
        maskedMeanOfColumns: @escaping MaskedReduction,
        lstmStep: @escaping CallFunction<LSTMStep>,
        gruStep: @escaping CallFunction<GRUStep>,
        quantized: QuantizedKernels,
        integers: IntegerKernels,
        multiplyAddPeak: @escaping PeakMeasurement
    ) {
        self.instructionSet = instructionSet
        self.splitsRows = splitsRows
        self.rowBlock = rowBlock
        self.packedPanelWidth = packedPanelWidth
        self.packedMatrixByteCount = packedMatrixByteCount
        self.packMatrix = packMatrix
        self.matmul = matmul
        self.stridedScratchByteCount = stridedScratchByteCount
        self.matmulStrided = matmulStrided
        self.gatherWindows = gatherWindows
        self.poolWindows = poolWindows
        self.depthwiseConvolution = depthwiseConvolution
        self.attentionScratchByteCount = attentionScratchByteCount
        self.attention = attention
        self.softmax = softmax
        self.logSoftmax = logSoftmax
        self.layerNormalization = layerNormalization
        self.rootMeanSquareNormalization = rootMeanSquareNormalization
        self.unary = unary
        self.binary = binary
        self.binaryScalar = binaryScalar
        self.reduceRows = reduceRows
        self.reduceColumns = reduceColumns
        self.maskedMeanOfColumns = maskedMeanOfColumns
        self.lstmStep = lstmStep
        self.gruStep = gruStep
        self.quantized = quantized
        self.integers = integers
        self.multiplyAddPeak = multiplyAddPeak
    }
}
