package import EmotionFormerCore

/// How the exact sum Σ(q − z)·w + bias of an output channel becomes the output's integer.
package struct IntegerProduct: Sendable, Hashable {
    package enum Form: Sendable, Hashable {
        /// float32: the sum times a factor, half to even.
        case float([Float])
        /// float64: the sum times a factor, half away from zero.
        case double([Double])
        case roundedHalfUp([FixedPointScale])
        case roundedTwice([FixedPointScale])
        case roundedWide([FixedPointScale])
    }

    /// One factor for all channels, or one each.
    package let form: Form
    package let output: IntegerOutput

    /// Which product it is; they differ for int16, and in what is computed in float32.
    package enum Kind: Sendable {
        /// - Parameter hasWideBias: whether there is an int64 bias.
        case fullyConnected(hasWideBias: Bool)
        case convolution
        case matmul
    }

    /// - Parameter weightScales: one, or one an output channel.
    package init(
        _ kind: Kind, rule: IntegerRule, input: Float, weightScales: [Float], output: IntegerOutput
    ) throws(Fault) {
        self.output = output
        let out = output.scale
        if rule == .xnnpack {
            form = .float(weightScales.map { input * $0 / out })
            return
        }
        let isWide = output.elementType == .int16
        if case .matmul = kind {
            let scales = try weightScales.map { (scale) throws(Fault) in
                try FixedPointScale(Double(input * scale) / Double(out))
            }
            form = isWide ? .roundedWide(try IntegerProduct.wide(scales)) : .roundedTwice(scales)
            return
        }
        let factors = weightScales.map { Double(input) * Double($0) / Double(out) }
        if isWide, case .fullyConnected(hasWideBias: true) = kind {
            form = .double(factors)
            return
        }
        var single = factors
        // One scale for all weights of a fully connected layer is multiplied in float32.
        if case .fullyConnected = kind, weightScales.count == 1 {
            single = [Double(input * weightScales[0]) / Double(out)]
        }
        let scales = try single.map { (factor) throws(Fault) in try FixedPointScale(factor) }
        if isWide, case .convolution = kind {
            form = .roundedWide(try IntegerProduct.wide(scales))
        } else {
            form = .roundedHalfUp(scales)
        }
    }

    private static func wide(_ scales: [FixedPointScale]) throws(Fault) -> [FixedPointScale] {
        guard scales.allSatisfy({ $0.exponent < 8 }) else {
            throw Fault(
                .invalidValue, at: "quantization", "the scales do not fit each other", expected: "a ratio below 128")
        }
        return scales
    }

    package func stored(_ sum: Int, channel: Int) -> Int {
        // Sums of bytes are held in 32 bits.
        let sum = output.elementType == .int16 ? sum : Int(Int32(truncatingIfNeeded: sum))
        return switch form {
        case .float(let factors):
            output.storedToEven(Float(sum) * factors[factors.count == 1 ? 0 : channel])
        case .double(let factors):
            output.storedAway(Double(sum) * factors[factors.count == 1 ? 0 : channel])
        case .roundedHalfUp(let scales):
            output.stored(scales[scales.count == 1 ? 0 : channel].roundedHalfUp(sum))
        case .roundedTwice(let scales):
            output.stored(scales[scales.count == 1 ? 0 : channel].roundedTwice(sum))
        case .roundedWide(let scales):
            output.stored(scales[scales.count == 1 ? 0 : channel].roundedWide(sum))
        }
    }
}
