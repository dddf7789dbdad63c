import EmotionFormerKernelInterface
import EmotionFormerKernels
import Testing

/// Fixed-point factors against their rule written out plainly, at every level and to the bit: sums at the edges of 32 bits
/// and around the places where rounding turns, all exponents, one factor for all columns or one each.
@Suite struct FixedPointTests {
    private struct Rule {
        let multiplier: Int
        let exponent: Int
        let isTwice: Bool

        var scale: IntegerPairing.Scale {
            IntegerPairing.Scale(
                multiplier: Int32(truncatingIfNeeded: multiplier), exponent: Int32(truncatingIfNeeded: exponent))
        }

        func rounded(_ x: Int) -> Int {
            let shifted = Int(Int32(truncatingIfNeeded: x << max(exponent, 0)))
            let product = shifted * multiplier
            let high = (product + (product >= 0 ? 1 << 30 : 1 - 1 << 30)) / (1 << 31)
            guard exponent < 0 else { return high }
            let unit = 1 << -exponent
            let half = unit / 2
            if isTwice && high < 0 { return -((half - high) / unit) }
            return (high + half) >> -exponent
        }

        func stored(_ x: Int, _ range: IntegerRange) -> Int8 {
            Int8(min(max(rounded(x) + Int(range.zeroPoint), Int(range.low)), Int(range.high)))
        }
    }

    private static let multipliers: [Int32] = [1 << 30, 1 << 30 + 1, 1_518_500_249, 1_900_000_001, .max - 1, .max]
    private static let ranges = [
        IntegerRange(zeroPoint: -3, low: -128, high: 127), IntegerRange(zeroPoint: 127, low: -128, high: 127),
        IntegerRange(zeroPoint: -128, low: -128, high: 100),
    ]

    /// Sums around which something turns.
    private static func sums(_ multiplier: Int32, _ exponent: Int32) -> [Int32] {
        var sums: [Int] = []
        for edge in [Int(Int32.min), -(1 << 30), -(1 << 16), 0, 1 << 16, 1 << 30, Int(Int32.max)] {
            sums += edge - 3...edge + 3
        }
        // Where the result is a half.
        let unit = Double(multiplier) * Double(sign: .plus, exponent: Int(exponent) - 31, significand: 1)
        for result in stride(from: -140, through: 140, by: 7) {
            let place = ((Double(result) + 0.5) / unit).rounded()
            guard abs(place) < 0x1p31 - 4 else { continue }
            sums += Int(place) - 2...Int(place) + 2
        }
        return sums.compactMap { Int32(exactly: $0) }
    }

    @Test(arguments: InstructionSet.available, [false, true])
    func productsRoundAsTheRule(level: InstructionSet, isTwice: Bool) {
        let kernels = KernelSet.kernels(for: level)
        var generator = Generator(seed: 5)
        for exponent in Int32(-31)...4 {
            let range = Self.ranges[Int(exponent + 31) % Self.ranges.count]
            for (index, multiplier) in Self.multipliers.enumerated() {
                var sums = Self.sums(multiplier, exponent)
                for _ in 0..<99 { sums.append(Int32(truncatingIfNeeded: generator.next() * 2 + generator.next() % 2)) }
                let one = Rule(multiplier: Int(multiplier), exponent: Int(exponent), isTwice: isTwice)
                let others = sums.indices.map { column in
                    Rule(
                        multiplier: Int(Self.multipliers[(column + index) % Self.multipliers.count]),
                        exponent: column % 5 == 0 ? -4 : Int(exponent), isTwice: isTwice)
                }
                for rules in [sums.map { _ in one }, others] {
                    let expected = zip(sums, rules).map { $1.stored(Int($0), range) }
                    let isEqual = Self.stored(kernels, sums, rules, range) == expected
                    #expect(isEqual, "\(level) \(multiplier) · 2^\(exponent)")
                }
            }
        }
    }

    /// What a product stores whose sums are these in each of some rows; nil if the rows differ.
    private static func stored(
        _ kernels: KernelSet, _ sums: [Int32], _ rules: [Rule], _ range: IntegerRange
    ) -> [Int8]? {
        let (m, n) = (13, sums.count)
        let stride = kernels.quantized.rowStride(1)
        // Zeros for the kernel, which takes 128 more than each number: the sums are the offsets.
        let a = Buffer(Array(repeating: Int8(-128), count: m), margin: 9)
        let rows = Buffer<UInt8>(count: m * stride, fill: 77)
        let weights = Buffer((0..<n).map { Int8(truncatingIfNeeded: $0) }, margin: 9)
        let packed = Buffer<UInt8>(count: kernels.quantized.packedByteCount(1, n), fill: 7)
        kernels.quantized.packMatrix(weights.address, 1, n, packed.address)
        kernels.quantized.biasIntegers(a.address, rows.address, stride, m, 1)
        let rowOffsets = Buffer((0..<m).map { Int32($0 * 1000) }, margin: 9)
        let multipliers = Buffer(rules.map { Int32($0.multiplier) }, margin: 9)
        let exponents = Buffer(rules.map { Int32($0.exponent) }, margin: 9)
        let factors = Buffer<Float>(count: n, fill: 0)
        let isUniform = rules.allSatisfy { $0.multiplier == rules[0].multiplier && $0.exponent == rules[0].exponent }
        let scaling = IntegerScaling(
            form: rules[0].isTwice ? .twice : .halfUp, isUniform: isUniform, factors: factors.address,
            multipliers: multipliers.address, exponents: exponents.address, output: range)
        // A row of a block and the last one, each alone: what is added to it is taken from its sums.
        var found: [[Int8]] = []
        for row in [1, m - 1] {
            let offsets = Buffer(sums.map { $0 &- rowOffsets.address[row] }, margin: 9)
            let all = Buffer<Int8>(count: m * n, fill: 99)
            kernels.quantized.matmulIntegers(
                IntegerMatrixProduct(
                    a: rows.address, aStride: stride, b: packed.address, offsets: offsets.address,
                    rowOffsets: rowOffsets.address, scaling: scaling, c: all.address, cStride: n, m: m, k: 1, n: n),
                0..<m)
            found.append(Array(all.values[row * n..<(row + 1) * n]))
        }
        return found[0] == found[1] ? found[0] : nil
    }

    @Test(arguments: InstructionSet.available)
    func pairsRoundAsTheRule(level: InstructionSet) {
        let run = KernelSet.kernels(for: level).integers.pair
        var generator = Generator(seed: 3)
        let forms: [IntegerPairing.Form] = [.scaledProduct, .scaledSum, .scaledDifference, .squaredDifference]
        for form in forms {
            for shift in [7, 20] {
                for exponent in -12...1 {
                    func rule(_ exponent: Int) -> Rule {
                        let multiplier = Self.multipliers[Int(generator.next() % UInt64(Self.multipliers.count))]
                        return Rule(multiplier: Int(multiplier), exponent: exponent, isTwice: true)
                    }
                    let (first, second) = (rule(-Int(generator.next() % 4)), rule(-Int(generator.next() % 4)))
                    let last = rule(form == .scaledProduct ? exponent : exponent - shift)
                    var pairing = IntegerPairing(
                        form: form, first: -7, second: 31, output: Self.ranges[(exponent + 12) % Self.ranges.count])
                    pairing.shift = Int32(shift)
                    pairing.firstScale = first.scale
                    pairing.secondScale = second.scale
                    pairing.scale = last.scale
                    let count = 75
                    let a = Buffer((0..<count).map { _ in Int8(truncatingIfNeeded: generator.next()) }, margin: 9)
                    let b = Buffer((0..<count).map { _ in Int8(truncatingIfNeeded: generator.next()) }, margin: 9)
                    for (aStep, bStep) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
                        let output = Buffer<Int8>(count: count, fill: 55)
                        run(
                            pairing, IntegerOperand(a.address, step: aStep), IntegerOperand(b.address, step: bStep),
                            output.address, 1, count)
                        var isEqual = true
                        for index in 0..<count {
                            let x = Int(a.address[index * aStep]) + 7
                            let y = Int(b.address[index * bStep]) - 31
                            let (one, other) = (first.rounded(x << shift), second.rounded(y << shift))
                            let value =
                                switch form {
                                case .scaledProduct: x * y
                                case .scaledSum: one + other
                                case .scaledDifference: one - other
                                default: Int(Int32(truncatingIfNeeded: (one - other) * (one - other)))
                                }
                            if output.address[index] != last.stored(value, pairing.output) { isEqual = false }
                        }
                        #expect(isEqual, "\(level) \(form) \(exponent) \(shift) \(aStep) \(bStep)")
                        #expect(output.isMarginUntouched)
                    }
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func rowsArePackedAsColumnsAre(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        var generator = Generator(seed: 8)
        for (k, n) in [(1, 1), (2, 16), (3, 17), (4, 32), (5, 33), (16, 64), (17, 15), (64, 40)] {
            let rows = Buffer((0..<k * n).map { _ in Int8(truncatingIfNeeded: generator.next()) }, margin: 9)
            let columns = Buffer<Int8>(count: k * n, fill: 9)
            for row in 0..<k {
                for column in 0..<n { columns.address[column * k + row] = rows.address[row * n + column] }
            }
            let one = Buffer<UInt8>(count: kernels.quantized.packedByteCount(k, n), fill: 7)
            let other = Buffer<UInt8>(count: kernels.quantized.packedByteCount(k, n), fill: 7)
            kernels.quantized.packMatrix(columns.address, k, n, one.address)
            kernels.quantized.packRows(rows.address, k, n, other.address)
            let isEqual = one.values == other.values
            #expect(isEqual, "\(level) \(k)×\(n)")
            #expect(other.isMarginUntouched)
        }
    }
}
