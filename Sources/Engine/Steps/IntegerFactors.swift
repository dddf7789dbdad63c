import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerTensors

/// The last step of a product of int8 numbers as its kernel takes it, with a factor for each column.
struct IntegerFactors: Sendable {
    private let form: IntegerScaling.Form
    private let isUniform: Bool
    /// Factors, multipliers and exponents, `count` each.
    private let memory: ConstantAddress
    private let count: Int
    private let output: IntegerRange

    var scaling: IntegerScaling {
        let multipliers = (memory.bytes + count &* 4).assumingMemoryBound(to: Int32.self)
        return IntegerScaling(
            form: form, isUniform: isUniform, factors: memory.floats, multipliers: multipliers,
            exponents: multipliers + count,
            output: output)
    }

    /// nil for a form that only products of int16 numbers have.
    init?(_ product: IntegerProduct, count: Int, in builder: inout StepBuilder) {
        var factors: [Float] = []
        var scales: [FixedPointScale] = []
        switch product.form {
        case .float(let values):
            form = .float
            factors = values
        case .roundedHalfUp(let values):
            form = .halfUp
            scales = values
        case .roundedTwice(let values):
            form = .twice
            scales = values
        case .double, .roundedWide: return nil
        }
        isUniform = max(factors.count, scales.count) == 1
        self.count = count
        output = IntegerRange(product.output)
        memory = ConstantAddress(
            builder.makeBuffer(byteCount: count * 12) { bytes in
                let floats = bytes.assumingMemoryBound(to: Float.self)
                let multipliers = (bytes + count * 4).assumingMemoryBound(to: Int32.self)
                for index in 0..<count {
                    floats[index] = factors.isEmpty ? 0 : factors[factors.count == 1 ? 0 : index]
                    guard !scales.isEmpty else { continue }
                    let scale = scales[scales.count == 1 ? 0 : index]
                    multipliers[index] = Int32(truncatingIfNeeded: scale.multiplier)
                    multipliers[count + index] = Int32(truncatingIfNeeded: scale.exponent)
                }
            })
    }
}

extension IntegerRange {
    init(_ output: IntegerOutput) {
        self.init(
            zeroPoint: Int32(truncatingIfNeeded: output.zeroPoint),
            low: Int32(truncatingIfNeeded: output.range.lowerBound),
            high: Int32(truncatingIfNeeded: output.range.upperBound))
    }
}

extension IntegerPairing {
    /// nil for quotients, maxima and minima, which have no kernel.
    init?(_ pair: IntegerPair) {
        switch pair {
        case .shiftedSum(let first, let second, let bias, let shift, let output):
            self.init(.shiftedSum, first, second, output)
            offset = Int32(truncatingIfNeeded: bias)
            self.shift = Int32(truncatingIfNeeded: shift)
            // The sum must fit 32 bits, as it does for all scales that the rule is for.
            guard Int(offset) == bias, shift < 31 else { return nil }
        case .floatProduct(let first, let second, let factor, let output):
            self.init(.floatProduct, first, second, output)
            self.factor = factor
        case .scaledProduct(let first, let second, let scale, let output):
            self.init(.scaledProduct, first, second, output)
            self.scale = Scale(scale)
        case .scaledSum(let operands, let isDifference, let scale, let output):
            self.init(isDifference ? .scaledDifference : .scaledSum, operands, scale, output)
        case .squaredDifference(let operands, let scale, let output):
            self.init(.squaredDifference, operands, scale, output)
        case .quotient, .extreme: return nil
        }
    }

    private init(_ form: Form, _ first: Int, _ second: Int, _ output: IntegerOutput) {
        self.init(
            form: form, first: Int32(truncatingIfNeeded: first), second: Int32(truncatingIfNeeded: second),
            output: IntegerRange(output))
    }

    private init(
        _ form: Form, _ operands: IntegerPair.ScaledOperands, _ scale: FixedPointScale, _ output: IntegerOutput
    ) {
        self.init(form, operands.firstZeroPoint, operands.secondZeroPoint, output)
        shift = Int32(truncatingIfNeeded: operands.shift)
        firstScale = Scale(operands.first)
        secondScale = Scale(operands.second)
        self.scale = Scale(scale)
    }
}

extension IntegerPairing.Scale {
    init(_ scale: FixedPointScale) {
        self.init(
            multiplier: Int32(truncatingIfNeeded: scale.multiplier),
            exponent: Int32(truncatingIfNeeded: scale.exponent))
    }
}
