package import EmotionFormerCore
import EmotionFormerSystem

/// The softmax of rows of quantized numbers. The softmax of 8-bit numbers has a table of exponentials and float32 sums; that
/// of int16 numbers is computed in integers.
package struct IntegerSoftmax: Sendable {
    /// Of 8-bit numbers: exp(−s · d) for the difference d to the row's largest number, 0 … 255.
    package let exponentials: [Float]
    package let output: IntegerOutput
    /// Of int16 numbers: the difference in units of 10/65,535.
    private let difference: FixedPointScale
    private let inputType: ElementType
    // Of int16 numbers. A loop that reads them from a static constant would ask each time whether it is made.
    private let exponential: InterpolatedTable<Double>
    private let reciprocal: InterpolatedTable<Double>

    package init(
        inputType: ElementType, input: ValueQuantization, beta: Float, output: IntegerOutput
    ) throws(Fault) {
        self.output = output
        self.inputType = inputType
        exponential = IntegerSoftmax.exponentialTable
        reciprocal = IntegerSoftmax.reciprocalTable
        guard inputType != .int16 else {
            exponentials = []
            difference = try FixedPointScale(Double(input.scale * beta) / (10.0 / 65535))
            return
        }
        difference = FixedPointScale(multiplier: 0, exponent: 0)
        let factor = -input.scale * beta
        exponentials = (0..<256).map { Float(exp(Double(factor * Float($0)))) }
    }

    package func stored(_ row: [Int]) -> [Int] {
        guard inputType == .int16 else { return storedNarrow(row) }
        let input = row.map { Int16(truncatingIfNeeded: $0) }
        var powers = [Int](repeating: 0, count: row.count)
        var result = [Int16](repeating: 0, count: row.count)
        store(input, &result, row.count, &powers)
        return result.map { Int($0) }
    }

    private func storedNarrow(_ row: [Int]) -> [Int] {
        let largest = row.max() ?? 0
        var sum: Float = 0
        for q in row { sum += exponentials[largest - q] }
        let inverse = 1 / (sum * output.scale)
        return row.map { q in output.storedProbability(exponentials[largest - q] * inverse) }
    }

    private static let exponentialTable = InterpolatedTable<Double>(
        inputScale: 10.0 / 65535, inputZeroPoint: 32767, outputScale: 2.0 / 65535, function: { exp($0) })
    private static let reciprocalTable = InterpolatedTable<Double>(
        inputScale: 1.0 / 65535, inputZeroPoint: -32768, outputScale: 2.0 / 65535, function: { 1 / (1 + $0) })

    /// A row of int16 numbers.
    /// - Parameter powers: memory for `count` numbers.
    package func store(
        _ row: UnsafePointer<Int16>, _ result: UnsafeMutablePointer<Int16>, _ count: Int,
        _ powers: UnsafeMutablePointer<Int>
    ) {
        var largest = Int.min
        for index in 0..<count { largest = max(largest, Int(row[index])) }
        var sum = 0
        for index in 0..<count {
            let scaled = difference.roundedTwice(Int(row[index]) - largest) + 32767
            powers[index] = exponential[FixedPoint.saturated16(scaled)]
            sum += powers[index]
        }
        // The sum as 1 + x times a power of 2.
        let headRoom = sum.leadingZeroBitCount - 32
        let shifted = (sum << (headRoom - 1) + 1 << 13) >> 14
        let factor = reciprocal[FixedPoint.saturated16(shifted - 1 << 15 - 1 << 16)]
        let shift = 31 - headRoom
        for index in 0..<count {
            let probability = (powers[index] * factor + 1 << (shift - 1)) >> shift
            result[index] = Int16(truncatingIfNeeded: FixedPoint.clamped(probability, 0...32767))
        }
    }
}

extension IntegerOutput {
    /// A probability in units of the scale, rounded half away from zero.
    package func storedProbability(_ scaled: Float) -> Int {
        let bounded = scaled < 65536 ? scaled : 65536
        return stored(Int(bounded.rounded(.toNearestOrAwayFromZero)))
    }
}
