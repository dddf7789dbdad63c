/// C = epilogue(A·B) with B packed; all extents ≥ 1, strides in elements.
package struct PackedProduct {
    /// m × k, rows `aStride` ≥ 1 apart; they may overlap, as a convolution's do.
    package var a: UnsafePointer<Float>
    package var aStride: Int
    /// k × n, from `packMatrix`.
    package var b: UnsafeRawPointer
    /// m × n, rows `cStride` apart.
    package var c: UnsafeMutablePointer<Float>
    package var cStride: Int
    package var m: Int
    package var k: Int
    package var n: Int
    package var epilogue: Epilogue

    package init(
        a: UnsafePointer<Float>, aStride: Int, b: UnsafeRawPointer, c: UnsafeMutablePointer<Float>, cStride: Int,
        m: Int, k: Int, n: Int, epilogue: Epilogue = Epilogue()
    ) {
        self.a = a
        self.aStride = aStride
        self.b = b
        self.c = c
        self.cStride = cStride
        self.m = m
        self.k = k
        self.n = n
        self.epilogue = epilogue
    }
}

/// C = epilogue(A·B) of two operands that change from call to call; each may be transposed by its strides.
///
/// One of the row stride and the column stride of an operand must be 1, because BLAS supports no others.
package struct StridedProduct {
    package var a: UnsafePointer<Float>
    package var aRowStride: Int
    package var aColumnStride: Int
    package var b: UnsafePointer<Float>
    package var bRowStride: Int
    package var bColumnStride: Int
    package var c: UnsafeMutablePointer<Float>
    package var cStride: Int
    package var m: Int
    package var k: Int
    package var n: Int
    package var epilogue: Epilogue

    package init(
        a: UnsafePointer<Float>, aRowStride: Int, aColumnStride: Int = 1, b: UnsafePointer<Float>, bRowStride: Int,
        bColumnStride: Int = 1, c: UnsafeMutablePointer<Float>, cStride: Int, m: Int, k: Int, n: Int,
        epilogue: Epilogue = Epilogue()
    ) {
        self.a = a
        self.aRowStride = aRowStride
        self.aColumnStride = aColumnStride
        self.b = b
        self.bRowStride = bRowStride
        self.bColumnStride = bColumnStride
        self.c = c
        self.cStride = cStride
        self.m = m
        self.k = k
        self.n = n
        self.epilogue = epilogue
    }
}

/// The quantization of one row: x ≈ (q − zeroPoint)·scale, with 128 added to q and zeroPoint so that both are in 0…255.
package struct RowQuantization: Sendable {
    /// With `QuantizationRule.xnnpack` the reciprocal of s = 255/(max − min); with `builtin` the scale, computed in
    /// double precision.
    package var scale: Float
    package var zeroPoint: Int32

    package init(scale: Float, zeroPoint: Int32) {
        self.scale = scale
        self.zeroPoint = zeroPoint
    }
}

/// C = epilogue(dequantized A·B), with A quantized at run time and B packed int8 weights.
///
/// Let acc = Σ q·w − zeroPoint·Σ w (exact, in int32), s the row's scale and w the column's weight scale. The product is
/// fma(acc·s, w, bias) by `QuantizationRule.xnnpack`, and bias + acc·(w·s) by `builtin`. Then follow the activation and
/// the residual; the epilogue's `scale` is not used. k ≤ `largestK`.
package struct QuantizedProduct {
    /// The largest k for which sums over k fit 32 bits, and the sums of a column's weights two digits of 7 and 16 bits.
    package static var largestK: Int { 32_768 }

    /// m × k values in the level's `QuantizedKernels.element`, rows `aStride` bytes apart, from `quantizeRows`.
    package var a: UnsafeRawPointer
    package var aStride: Int
    /// m values, or one for all rows when `rowQuantizationStride` is 0.
    package var rowQuantization: UnsafePointer<RowQuantization>
    package var rowQuantizationStride: Int
    /// From `QuantizedKernels.packMatrix`.
    package var b: UnsafeRawPointer
    /// n values.
    package var weightScales: UnsafePointer<Float>
    package var rule: QuantizationRule
    package var c: UnsafeMutablePointer<Float>
    package var cStride: Int
    package var m: Int
    package var k: Int
    package var n: Int
    package var epilogue: Epilogue

    package init(
        a: UnsafeRawPointer, aStride: Int, rowQuantization: UnsafePointer<RowQuantization>,
        rowQuantizationStride: Int = 1, b: UnsafeRawPointer, weightScales: UnsafePointer<Float>,
        rule: QuantizationRule, c: UnsafeMutablePointer<Float>, cStride: Int, m: Int, k: Int, n: Int,
        epilogue: Epilogue = Epilogue()
    ) {
        self.a = a
        self.aStride = aStride
        self.rowQuantization = rowQuantization
        self.rowQuantizationStride = rowQuantizationStride
        self.b = b
        self.weightScales = weightScales
        self.rule = rule
        self.c = c
        self.cStride = cStride
        self.m = m
        self.k = k
        self.n = n
        self.epilogue = epilogue
    }
}
