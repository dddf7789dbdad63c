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
            let single = product.floatFactor(values) { $0.roundedHalfUp($1) }
            form = single == nil ? .halfUp : .float
            if let single { factors = [single] } else { scales = values }
        case .roundedTwice(let values):
            let single = product.floatFactor(values) { $0.roundedTwice($1) }
            form = single == nil ? .twice : .float
            if let single { factors = [single] } else { scales = values }
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

extension IntegerProduct {
    /// The float32 factor that rounds every sum of 32 bits as the one fixed-point factor of all channels; nil if none is
    /// found.
    fileprivate func floatFactor(
        _ scales: [FixedPointScale], _ rounded: (FixedPointScale, Int) -> Int
    ) -> Float? {
        guard scales.count == 1, scales[0].exponent <= 0 else { return nil }
        let range = output.range.lowerBound - output.zeroPoint...output.range.upperBound - output.zeroPoint
        return FloatFactor.find(over: Int(Int32.min)...Int(Int32.max), range: range) { rounded(scales[0], $0) }
    }
}

extension IntegerOutput {
    /// The float32 factor that rounds operand(x) for all x of the domain as `roundedTwice` does; nil if none is found.
    fileprivate func floatFactor(
        of scale: FixedPointScale, over domain: ClosedRange<Int>, value: (Int) -> Float = { Float($0) },
        _ operand: (Int) -> Int = { $0 }
    ) -> Float? {
        guard scale.exponent <= 0 else { return nil }
        return FloatFactor.find(
            over: domain, range: range.lowerBound - zeroPoint...range.upperBound - zeroPoint, value: value
        ) {
            scale.roundedTwice(operand($0))
        }
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
            if let factor = output.floatFactor(of: scale, over: -65025...65025) {
                self.init(.floatProduct, first, second, output)
                self.factor = factor
                return
            }
            self.init(.scaledProduct, first, second, output)
            self.scale = Scale(scale)
        case .scaledSum(let operands, let isDifference, let scale, let output):
            self.init(isDifference ? .scaledDifference : .scaledSum, operands, scale, output)
        case .squaredDifference(let operands, let scale, let output):
            if let floats = IntegerPairing(operands, scale, output) {
                self = floats
                return
            }
            self.init(.squaredDifference, operands, scale, output)
        case .quotient, .extreme: return nil
        }
    }

    /// A squared difference with float32 factors; nil if some integers have other results.
    private init?(_ operands: IntegerPair.ScaledOperands, _ scale: FixedPointScale, _ output: IntegerOutput) {
        // Int8 numbers counted from a zero point.
        let numbers = -255...255
        func scaled(_ scale: FixedPointScale) -> (Int) -> Int { { scale.roundedTwice($0 << operands.shift) } }
        let largest = numbers.map { abs(scaled(operands.first)($0)) }.max() ?? 0
        let other = numbers.map { abs(scaled(operands.second)($0)) }.max() ?? 0
        guard operands.first.exponent <= 0, operands.second.exponent <= 0,
            let firstFactor = FloatFactor.find(exactlyOver: numbers, scaled(operands.first)),
            let secondFactor = FloatFactor.find(exactlyOver: numbers, scaled(operands.second)),
            let factor = output.floatFactor(
                of: scale, over: 0...(largest + other), value: { Float($0) * Float($0) }, { $0 * $0 })
        else { return nil }
        self.init(.floatSquaredDifference, operands.firstZeroPoint, operands.secondZeroPoint, output)
        (self.firstFactor, self.secondFactor, self.factor) = (firstFactor, secondFactor, factor)
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
