import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface

/// The last step of a product of int8 numbers as its kernel takes it, with a factor for each column.
struct IntegerFactors: Sendable {
    private let form: IntegerScaling.Form
    /// Whether all columns have the same factor.
    let isUniform: Bool
    /// Factors, multipliers and exponents, `count` each.
    private let memory: ConstantAddress
    private let count: Int
    private let tie: Float
    private let output: IntegerRange

    /// Whether `IntegerSmallRowProduct` takes it.
    var isTied: Bool { form == .tiedFloat }

    var scaling: IntegerScaling {
        let multipliers = (memory.bytes + count &* 4).assumingMemoryBound(to: Int32.self)
        return IntegerScaling(
            form: form, isUniform: isUniform, factors: memory.floats, multipliers: multipliers,
            exponents: multipliers + count, tie: tie, output: output)
    }

    /// nil for a form that only products of int16 numbers have.
    init?(_ product: IntegerProduct, count: Int, in builder: inout StepBuilder) {
        var factors: [Float] = []
        var scales: [FixedPointScale] = []
        var tie: Float = 0
        switch product.form {
        case .float(let values):
            form = .float
            factors = values
        case .roundedHalfUp(let values):
            form = .halfUp
            scales = values
        case .roundedTwice(let values):
            if values.count == 1, let tied = TiedFactor(values[0], product.output) {
                form = .tiedFloat
                factors = [tied.factor]
                tie = tied.tie
            } else {
                form = .twice
                scales = values
            }
        case .double, .roundedWide: return nil
        }
        isUniform = max(factors.count, scales.count) == 1
        self.count = count
        self.tie = tie
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
            guard let tied = TiedFactor(scale, output) else {
                self.init(.scaledProduct, first, second, output)
                self.scale = Scale(scale)
                return
            }
            self.init(.tiedProduct, first, second, output)
            (factor, tie) = (tied.factor, tied.tie)
        case .scaledSum(let operands, let isDifference, let scale, let output):
            self.init(isDifference ? .scaledDifference : .scaledSum, operands, scale, output)
        case .squaredDifference(let operands, let scale, let output):
            if let square = IntegerPairing(square: operands, scale, output) {
                self = square
            } else {
                self.init(.squaredDifference, operands, scale, output)
            }
        case .quotient, .extreme: return nil
        }
    }

    /// The same as a squared difference, in float32; nil if it does not round alike.
    private init?(square operands: IntegerPair.ScaledOperands, _ scale: FixedPointScale, _ output: IntegerOutput) {
        let (first, second) = (operands.firstZeroPoint, operands.secondZeroPoint)
        let results = (-128...127).map { (operands.first($0), operands.second($0)) }
        let differences = (
            (results.map(\.0).max() ?? 0) - (results.map(\.1).min() ?? 0),
            (results.map(\.1).max() ?? 0) - (results.map(\.0).min() ?? 0)
        )
        guard let one = TiedFactor(operands.first, zeroPoint: first, shift: operands.shift),
            let other = TiedFactor(operands.second, zeroPoint: second, shift: operands.shift),
            let square = TiedFactor(scale, output, squaresTo: max(differences.0, differences.1))
        else { return nil }
        self.init(.floatSquare, first, second, output)
        (firstFactor, firstTie) = (one.factor, one.tie)
        (secondFactor, secondTie) = (other.factor, other.tie)
        (factor, tie) = (square.factor, square.tie)
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
