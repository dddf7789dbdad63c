/// How exact sums of integers become the output's integers.
package struct IntegerScaling {
    package enum Form: Sendable {
        /// The sum in float32 times a factor, half to even.
        case float
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
    package var output: IntegerRange

    package init(
        form: Form, isUniform: Bool, factors: UnsafePointer<Float>, multipliers: UnsafePointer<Int32>,
        exponents: UnsafePointer<Int32>, output: IntegerRange
    ) {
        self.form = form
        self.isUniform = isUniform
        self.factors = factors
        self.multipliers = multipliers
        self.exponents = exponents
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
    /// m × k int8 numbers with 128 added, in the level's `quantizedElement`, rows `aStride` bytes apart.
    package var a: UnsafeRawPointer
    package var aStride: Int
    /// From `packQuantizedMatrix`.
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

/// An int8 number from two. The fields that a form does not name are not used.
package struct IntegerPairing: Sendable {
    package enum Form: Sendable {
        /// (first · a + second · b + offset) >> shift
        case shiftedSum
        /// float32: (a − first) · (b − second) · factor, half to even
        case floatProduct
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

/// The kernels of quantized integers of one instruction set.
package struct IntegerKernels: Sendable {
    /// `count` adjacent results; an operand's step is 1, or 0 if it is one number for all.
    package typealias Pairing =
        @Sendable (
            _ pairing: IntegerPairing, _ a: UnsafePointer<Int8>, _ aStep: Int, _ b: UnsafePointer<Int8>, _ bStep: Int,
            _ c: UnsafeMutablePointer<Int8>, _ count: Int
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
    /// Rows of `columns` numbers. The exponentials are those of the differences 0 … 255 to a row's largest number, and then
    /// the same in the opposite order.
    package typealias Softmax =
        @Sendable (
            _ exponentials: UnsafePointer<Float>, _ scale: Float, _ output: IntegerRange, _ input: UnsafePointer<Int8>,
            _ result: UnsafeMutablePointer<Int8>, _ rows: Int, _ columns: Int
        ) -> Void
    /// rows × columns × inner → rows × inner exact sums.
    package typealias Sums =
        @Sendable (
            _ input: UnsafePointer<Int8>, _ sums: UnsafeMutablePointer<Int32>, _ columns: Int, _ inner: Int
        ) -> Void
    /// Rows of k numbers with 128 added, in the level's `quantizedElement`, `stride` bytes apart in the output.
    package typealias Biasing =
        @Sendable (
            _ input: UnsafePointer<Int8>, _ output: UnsafeMutableRawPointer, _ stride: Int, _ rows: Int, _ k: Int
        ) -> Void

    package var matmul: @Sendable (_ product: IntegerMatrixProduct, _ rows: Range<Int>) -> Void
    package var pair: Pairing
    package var look: Lookup
    package var quantize: Quantization
    package var dequantize: Dequantization
    package var softmax: Softmax
    package var sum: Sums
    package var bias: Biasing

    package init(
        matmul: @escaping @Sendable (IntegerMatrixProduct, Range<Int>) -> Void, pair: @escaping Pairing,
        look: @escaping Lookup, quantize: @escaping Quantization, dequantize: @escaping Dequantization,
        softmax: @escaping Softmax, sum: @escaping Sums, bias: @escaping Biasing
    ) {
        self.matmul = matmul
        self.pair = pair
        self.look = look
        self.quantize = quantize
        self.dequantize = dequantize
        self.softmax = softmax
        self.sum = sum
        self.bias = bias
    }
}

/// How float32 numbers become integers.
package enum IntegerQuantizationRule: Sendable {
    /// Times the scale's reciprocal in float32, half to even.
    case reciprocal
    /// Divided by the scale in float64, half away from zero.
    case exact
}
