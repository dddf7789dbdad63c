import EmotionFormerKernels

/// The builtin kernels' rule for symmetric quantization of rows: scale = largest magnitude / 127, ties away from zero;
/// a row of zeros has scale 1. Only files of old converters need it, so it is not optimized.
enum SymmetricQuantization {
    /// Quantizes a row of `count` values; integers and zero point are raised by 128, and what follows the integers up to
    /// `stride` bytes becomes 0.
    static func quantize(
        _ row: UnsafePointer<Float>, count: Int, stride: Int, _ output: UnsafeMutableRawPointer,
        as element: QuantizedRowElement, _ quantization: UnsafeMutablePointer<RowQuantization>
    ) {
        switch element {
        case .uint8: quantize(row, count, stride, output.assumingMemoryBound(to: UInt8.self), quantization)
        case .uint16: quantize(row, count, stride, output.assumingMemoryBound(to: UInt16.self), quantization)
        }
    }

    private static func quantize<Value: FixedWidthInteger>(
        _ row: UnsafePointer<Float>, _ count: Int, _ stride: Int, _ output: UnsafeMutablePointer<Value>,
        _ quantization: UnsafeMutablePointer<RowQuantization>
    ) {
        var range: Float = 0
        // No integer can represent NaN: it makes the scale NaN, and with it the row's products.
        for index in 0..<count { range = abs(row[index]) <= range || range.isNaN ? range : abs(row[index]) }
        quantization.pointee = RowQuantization(scale: range == 0 ? 1 : range / 127, zeroPoint: 128)
        let inverse = range == 0 ? 0 : 127 / range
        for index in 0..<count {
            let rounded = (row[index] * inverse).rounded(.toNearestOrAwayFromZero)
            output[index] = rounded.isNaN ? 128 : Value(min(max(rounded, -127), 127) + 128)
        }
        (output + count).update(repeating: 0, count: stride / MemoryLayout<Value>.stride &- count)
    }
}
