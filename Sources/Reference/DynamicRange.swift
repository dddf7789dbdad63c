import EmotionFormerCore

/// Dynamic-range products: int8 weights, and inputs that are quantized at run time.
///
/// All of it is float32 and integer arithmetic, exactly as in TensorFlow Lite; results are float32 numbers.
enum DynamicRange {
    /// The implementation whose arithmetic is followed.
    enum Rule {
        /// XNNPACK, which runs most products.
        case delegate
        /// TensorFlow Lite's builtin kernels.
        case builtin
    }

    /// Numbers as integers: x ≈ (q − zeroPoint) · scale.
    struct Quantized {
        var integers: [Int]
        var zeroPoint: Int
        var scale: Float
    }

    static func quantized(_ values: [Float], rule: Rule, isSymmetric: Bool) -> Quantized {
        // No integer represents NaN: the scale is NaN, and with it every product.
        guard !values.contains(where: \.isNaN) else {
            return Quantized(integers: values.map { _ in 0 }, zeroPoint: 0, scale: .nan)
        }
        let lowest = min(0, values.min() ?? 0)
        let highest = max(0, values.max() ?? 0)
        if isSymmetric { return symmetric(values, range: max(-lowest, highest)) }
        return rule == .delegate
            ? delegate(values, lowest: lowest, highest: highest) : builtin(values, lowest: lowest, highest: highest)
    }

    /// XNNPACK's `xnn_f32_qd8_asymmetric_quantization_params`, and its conversion that rounds before it adds.
    private static func delegate(_ values: [Float], lowest: Float, highest: Float) -> Quantized {
        let scale: Float = lowest == highest ? 1 : 255 / (highest - lowest)
        let (scaledLowest, scaledHighest) = (lowest * scale, highest * scale)
        let error = (-128 + scaledLowest) + (127 + scaledHighest)
        let nudged: Float = error > 0 ? -128 - scaledLowest : 127 - scaledHighest
        let zeroPoint = integer(min(max(nudged, -128), 127).rounded(.toNearestOrEven))
        return Quantized(
            integers: values.map { clamped(integer(($0 * scale).rounded(.toNearestOrEven)) + zeroPoint) },
            zeroPoint: zeroPoint, scale: 1 / scale)
    }

    /// TensorFlow Lite's `PortableAsymmetricQuantizeFloats`.
    private static func builtin(_ values: [Float], lowest: Float, highest: Float) -> Quantized {
        guard lowest != highest else {
            return Quantized(integers: values.map { _ in 0 }, zeroPoint: 0, scale: 1)
        }
        let scale = Double(highest - lowest) / 255
        let (fromLowest, fromHighest) = (-128 - Double(lowest) / scale, 127 - Double(highest) / scale)
        let lowestError = 128 + abs(Double(lowest) / scale)
        let highestError = 127 + abs(Double(highest) / scale)
        let nudged = lowestError < highestError ? fromLowest : fromHighest
        let zeroPoint = clamped(integer(Float(nudged.rounded(.toNearestOrAwayFromZero))))
        let single = Float(scale)
        let inverse = Float(1 / Double(single))
        return Quantized(
            integers: values.map { clamped(integer(($0 * inverse).rounded(.toNearestOrAwayFromZero)) + zeroPoint) },
            zeroPoint: zeroPoint, scale: single)
    }

    /// TensorFlow Lite's `PortableSymmetricQuantizeFloats`.
    private static func symmetric(_ values: [Float], range: Float) -> Quantized {
        guard range != 0 else { return Quantized(integers: values.map { _ in 0 }, zeroPoint: 0, scale: 1) }
        let inverse = 127 / range
        return Quantized(
            integers: values.map { max(-127, clamped(integer(($0 * inverse).rounded(.toNearestOrAwayFromZero)))) },
            zeroPoint: 0, scale: range / 127)
    }

    private static func clamped(_ value: Int) -> Int { min(max(value, -128), 127) }

    /// Values far outside are clamped later; the bounds here only keep the conversion defined. NaN gives 0.
    private static func integer(_ value: Float) -> Int { value.isNaN ? 0 : Int(min(max(value, -1e6), 1e6)) }

    /// Rows · kernel (in, out) + bias by XNNPACK's rule, each row quantized by its own range.
    static func rowsByDelegate(
        _ input: [Double], rowCount: Int, kernel: MatrixView, scales: [Float], bias: [Double]?
    ) -> [Double] {
        rows(
            input, rowCount: rowCount, kernel: kernel, scales: scales, bias: bias, rule: .delegate, isSymmetric: false)
    }

    static func rows(
        _ input: [Double], rowCount: Int, kernel: MatrixView, scales: [Float], bias: [Double]?, rule: Rule,
        isSymmetric: Bool
    ) -> [Double] {
        var rows: [Quantized] = []
        var differences: [Double] = []
        for row in 0..<rowCount {
            let values = input[row * kernel.rows..<(row + 1) * kernel.rows].map { Float($0) }
            let quantized = quantized(values, rule: rule, isSymmetric: isSymmetric)
            rows.append(quantized)
            differences += quantized.integers.map { Double($0 - quantized.zeroPoint) }
        }
        // Sums of int8 products are exact in double precision.
        let sums = MatrixView(differences, rows: rowCount, columns: kernel.rows) * kernel
        return sums.enumerated().map { place, sum in
            let column = place % kernel.columns
            return Double(
                result(
                    sum, scale: rows[place / kernel.columns].scale,
                    weightScale: scales[scales.count == 1 ? 0 : column], bias: bias.map { Float($0[column]) },
                    rule: isSymmetric ? .builtin : rule))
        }
    }

    /// The whole input quantized by one range; padding has the zero point.
    static func convolution(
        _ convolution: Convolution, _ input: [Double], kernel: [Double], scales: [Float], bias: [Double]?, rule: Rule,
        isSymmetric: Bool
    ) throws(Fault) -> [Double] {
        let clips = max(convolution.input[0], 1)
        let size = input.count / clips
        let single = Convolution(
            input: try Shape([1] + convolution.input.extents.dropFirst()), rows: convolution.rows,
            columns: convolution.columns, groups: convolution.groups, outputs: convolution.outputs)
        var output: [Double] = []
        for clip in 0..<clips {
            let values = input[clip * size..<(clip + 1) * size].map { Float($0) }
            let quantized = quantized(values, rule: rule, isSymmetric: isSymmetric)
            let sums = single.sums(quantized.integers.map { Double($0 - quantized.zeroPoint) }, kernel)
            for (place, sum) in sums.enumerated() {
                let channel = place % convolution.outputs
                output.append(
                    Double(
                        result(
                            sum, scale: quantized.scale, weightScale: scales[scales.count == 1 ? 0 : channel],
                            bias: bias.map { Float($0[channel]) }, rule: isSymmetric ? .builtin : rule)))
            }
        }
        return output
    }

    private static func result(
        _ sum: Double, scale: Float, weightScale: Float, bias: Float?, rule: Rule
    ) -> Float {
        switch rule {
        case .delegate: (bias ?? 0).addingProduct(Float(sum) * scale, weightScale)
        case .builtin: (bias ?? 0) + Float(sum) * (weightScale * scale)
        }
    }
}

extension ReferenceValue {
    /// The scales of quantized weights: one, or one for each output.
    func scales() throws(Fault) -> [Float] {
        guard let quantization else {
            throw Fault(.missingField, at: "weights", "int8 weights have no quantization")
        }
        return quantization.scales
    }
}
