/// How exact sums of integers become the output's integers.
package struct IntegerScaling {
    package enum Form: Sendable {
        /// The sum in float32 times a factor, half to even.
        case float
        /// The same, but before it is rounded `tie` is added to it, or subtracted if the sum is below 0; one factor below 1/2
        /// for all columns. It may be rounded once or twice in between.
        case tiedFloat
        /// Times a fixed-point factor: the product is rounded half up, then its shift half up.
        case halfUp
        /// The same, with the shift rounded half away from zero.
        case twice
    }

    package var form: Form
    /// Whether all columns have the same factor.
    package var isUniform: Bool
    /// One for each column.
    package var factors: UnsafePointer<Float>
    /// 2³⁰ ..< 2³¹, one for each column.
    package var multipliers: UnsafePointer<Int32>
    /// Powers of 2 beside the multipliers, one for each column: to the left if positive.
    package var exponents: UnsafePointer<Int32>
    /// ≥ 0
    package var tie: Float
    package var output: IntegerRange

    package init(
        form: Form, isUniform: Bool, factors: UnsafePointer<Float>, multipliers: UnsafePointer<Int32>,
        exponents: UnsafePointer<Int32>, tie: Float = 0, output: IntegerRange
    ) {
        self.form = form
        self.isUniform = isUniform
        self.factors = factors
        self.multipliers = multipliers
        self.exponents = exponents
        self.tie = tie
        self.output = output
    }
}

/// The zero point of int8 numbers, and the range that they are clamped to.
package struct IntegerRange: Sendable {
    package var zeroPoint: Int32
    package var low: Int32
    package var high: Int32

    package init(zeroPoint: Int32, low: Int32, high: Int32) {
        self.zeroPoint = zeroPoint
        self.low = low
        self.high = high
    }
}

/// C = scaled(A·B + offsets + row offsets) of int8 numbers, exact sums in 32 bits; all extents ≥ 1, k ≤
/// `QuantizedProduct.largestK`.
package struct IntegerMatrixProduct {
    /// m × k int8 numbers with 128 added, in the level's `QuantizedKernels.element`, rows `aStride` bytes apart.
    package var a: UnsafeRawPointer
    package var aStride: Int
    /// From `QuantizedKernels.packMatrix`.
    package var b: UnsafeRawPointer
    /// n values: the bias and the zero points' part of the sums.
    package var offsets: UnsafePointer<Int32>
    /// m values, or nil for zeros.
    package var rowOffsets: UnsafePointer<Int32>?
    package var scaling: IntegerScaling
    /// m × n, rows `cStride` apart.
    package var c: UnsafeMutablePointer<Int8>
    package var cStride: Int
    package var m: Int
    package var k: Int
    package var n: Int

    package init(
        a: UnsafeRawPointer, aStride: Int, b: UnsafeRawPointer, offsets: UnsafePointer<Int32>,
        rowOffsets: UnsafePointer<Int32>?, scaling: IntegerScaling, c: UnsafeMutablePointer<Int8>, cStride: Int, m: Int,
        k: Int, n: Int
    ) {
        self.a = a
        self.aStride = aStride
        self.b = b
        self.offsets = offsets
        self.rowOffsets = rowOffsets
        self.scaling = scaling
        self.c = c
        self.cStride = cStride
        self.m = m
        self.k = k
        self.n = n
    }
}

/// C = scaled((A + 128)·(B − zero point)) of int8 numbers, exact sums; k ≤ `largestK`. A is of any numbers, but it is
/// multiplied faster if the sums of its rows' numbers, counted from −128, are small.
package struct IntegerSmallRowProduct {
    package static let largestK = 4096

    /// m × k
    package var a: UnsafePointer<Int8>
    package var aStride: Int
    /// k × n
    package var b: UnsafePointer<Int8>
    package var bStride: Int
    package var secondZeroPoint: Int32
    /// Of the form `tiedFloat`.
    package var scaling: IntegerScaling
    /// m × n
    package var c: UnsafeMutablePointer<Int8>
    package var cStride: Int
    package var m: Int
    package var k: Int
    package var n: Int
    package var scratch: UnsafeMutableRawPointer

    package init(
        a: UnsafePointer<Int8>, aStride: Int, b: UnsafePointer<Int8>, bStride: Int, secondZeroPoint: Int32,
        scaling: IntegerScaling, c: UnsafeMutablePointer<Int8>, cStride: Int, m: Int, k: Int, n: Int,
        scratch: UnsafeMutableRawPointer
    ) {
        self.a = a
        self.aStride = aStride
        self.b = b
        self.bStride = bStride
        self.secondZeroPoint = secondZeroPoint
        self.scaling = scaling
        self.c = c
        self.cStride = cStride
        self.m = m
        self.k = k
        self.n = n
        self.scratch = scratch
    }
}

/// The kernel of such products.
package struct IntegerSmallRowKernel: Sendable {
    package typealias ScratchByteCount = @Sendable (_ m: Int, _ k: Int, _ n: Int) -> Int

    package var scratchByteCount: ScratchByteCount
    package var matmul: @Sendable (_ product: IntegerSmallRowProduct) -> Void

    package init(
        scratchByteCount: @escaping ScratchByteCount, matmul: @escaping @Sendable (IntegerSmallRowProduct) -> Void
    ) {
        self.scratchByteCount = scratchByteCount
        self.matmul = matmul
    }
}

/// An int8 number from two. The fields that a form does not name are not used.
package struct IntegerPairing: Sendable {
    package enum Form: Sendable {
        /// (first · a + second · b + offset) >> shift
        case shiftedSum
        /// float32: (a − first) · (b − second) · factor, half to even
        case floatProduct
        /// The same with `tie` added to it before it is rounded, or subtracted if the product is below 0
        case tiedProduct
        /// float32: the square of the difference of both operands, each less its zero point, times a factor, tied and rounded;
        /// the square times `factor`, tied and rounded
        case floatSquare
        /// (a − first) · (b − second) times the fixed-point factor `scale`
        case scaledProduct
        /// Both operands, less `first` and `second`, shifted left by `shift` and scaled; the sum, scaled
        case scaledSum
        /// The same with a difference
        case scaledDifference
        /// The square of that difference, scaled
        case squaredDifference
    }

    /// multiplier · 2^(exponent − 31)
    package struct Scale: Sendable {
        package var multiplier: Int32
        package var exponent: Int32

        package init(multiplier: Int32 = 0, exponent: Int32 = 0) {
            self.multiplier = multiplier
            self.exponent = exponent
        }
    }

    package var form: Form
    package var first: Int32
    package var second: Int32
    package var offset: Int32 = 0
    package var shift: Int32 = 0
    package var factor: Float = 0
    /// ≥ 0
    package var tie: Float = 0
    package var firstFactor: Float = 0
    package var firstTie: Float = 0
    package var secondFactor: Float = 0
    package var secondTie: Float = 0
    package var firstScale = Scale()
    package var secondScale = Scale()
    package var scale = Scale()
    package var output: IntegerRange

    package init(form: Form, first: Int32, second: Int32, output: IntegerRange) {
        self.form = form
        self.first = first
        self.second = second
        self.output = output
    }
}

/// Rows of int8 numbers that are an operand of others.
package struct IntegerOperand {
    package var numbers: UnsafePointer<Int8>
    /// 1, or 0 if a row is one number.
    package var step: Int
    package var rowStride: Int

    package init(_ numbers: UnsafePointer<Int8>, step: Int = 1, rowStride: Int = 0) {
        self.numbers = numbers
        self.step = step
        self.rowStride = rowStride
    }
}

/// The kernels of quantized integers of one instruction set.
package struct IntegerKernels: Sendable {
    /// rows × columns adjacent results.
    package typealias Pairing =
        @Sendable (
            _ pairing: IntegerPairing, _ a: IntegerOperand, _ b: IntegerOperand, _ c: UnsafeMutablePointer<Int8>,
            _ rows: Int, _ columns: Int
        ) -> Void
    /// The table has a result for each number from 127 down to −128.
    package typealias Lookup =
        @Sendable (
            _ table: UnsafePointer<Int8>, _ input: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<Int8>,
            _ count: Int
        ) -> Void
    /// round(x / scale) + zeroPoint of float32 numbers.
    package typealias Quantization =
        @Sendable (
            _ rule: IntegerQuantizationRule, _ scale: Float, _ output: IntegerRange, _ input: UnsafePointer<Float>,
            _ integers: UnsafeMutablePointer<Int8>, _ count: Int
        ) -> Void
    package typealias Dequantization =
        @Sendable (
            _ scale: Float, _ zeroPoint: Int32, _ integers: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<Float>,
            _ count: Int
        ) -> Void
    /// Rows of `columns` numbers. The exponentials are those of the differences 0 … 255 to a row's largest number.
    package typealias Softmax =
        @Sendable (
            _ exponentials: UnsafePointer<Float>, _ scale: Float, _ output: IntegerRange, _ input: UnsafePointer<Int8>,
            _ result: UnsafeMutablePointer<Int8>, _ rows: Int, _ columns: Int
        ) -> Void
    /// rows × columns × inner → rows × inner exact sums.
    package typealias Sums =
        @Sendable (
            _ input: UnsafePointer<Int8>, _ sums: UnsafeMutablePointer<Int32>, _ rows: Int, _ columns: Int, _ inner: Int
        ) -> Void
    package var pair: Pairing
    package var look: Lookup
    package var quantize: Quantization
    package var dequantize: Dequantization
    package var softmax: Softmax
    package var sum: Sums

    package init(
        pair: @escaping Pairing, look: @escaping Lookup, quantize: @escaping Quantization,
        dequantize: @escaping Dequantization, softmax: @escaping Softmax, sum: @escaping Sums
    ) {
        self.pair = pair
        self.look = look
        self.quantize = quantize
        self.dequantize = dequantize
        self.softmax = softmax
        self.sum = sum
    }
}

/// How float32 numbers become integers.
package enum IntegerQuantizationRule: Sendable {
    /// Times the scale's reciprocal in float32, half to even.
    case reciprocal
    /// Divided by the scale in float64, half away from zero.
    case exact
}
