import EmotionFormerCore
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// Float32 factors in the place of fixed-point ones: the same integers for every sum, or none.
@Suite struct TiedFactorTests {
    private struct Generator {
        var state: UInt64
        mutating func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
    }

    private static func output(_ zeroPoint: Int) throws -> IntegerOutput {
        try IntegerOutput(.int8, ValueQuantization(scale: 0.1, zeroPoint: zeroPoint), rule: .builtin)
    }

    /// x · factor ± tie, rounded once and twice on the way, as kernels do.
    private static func values(_ x: Float, _ factor: TiedFactor) -> [Float] {
        let tie = x.sign == .minus ? -factor.tie : factor.tie
        return [tie.addingProduct(x, factor.factor), x * factor.factor + tie]
    }

    private static func stored(_ value: Float, _ output: IntegerOutput) -> Int { output.storedToEven(value) }

    /// Sums about every place where the result rises, and others.
    private static func sums(_ factor: Double, _ generator: inout Generator) -> [Int] {
        var sums = [0, 1, -1, Int(Int32.max), Int(Int32.min), 1 << 24, 1 << 24 + 1, -1 << 24 - 1]
        for half in -260...260 {
            let place = Int(((Double(half) + 0.5) / factor).rounded())
            sums += (-4...4).map { place + $0 }
        }
        for _ in 0..<200 { sums.append(generator.next() >> 4 - 1 << 26) }
        return sums.filter { Int32(exactly: $0) != nil }
    }

    @Test func sumsRoundAsTheFixedPointFactor() throws {
        var generator = Generator(state: 5)
        var (found, all) = (0, 0)
        for exponent in -13 ... -1 {
            for _ in 0..<12 {
                let scale = FixedPointScale(multiplier: 1 << 30 + generator.next() >> 1, exponent: exponent)
                let output = try Self.output(generator.next() % 256 - 128)
                if exponent >= -9 { all += 1 }
                guard let factor = TiedFactor(scale, output) else { continue }
                if exponent >= -9 { found += 1 }
                var areEqual = true
                for sum in Self.sums(Double(factor.factor), &generator) {
                    let expected = output.stored(scale.roundedTwice(sum))
                    for value in Self.values(Float(sum), factor) where Self.stored(value, output) != expected {
                        areEqual = false
                    }
                }
                #expect(areEqual, "\(scale) \(output.zeroPoint)")
            }
        }
        #expect(found * 10 >= all * 9, "\(found) of \(all)")
    }

    /// The tie is needed: without it, or with a factor that is a little off, sums round otherwise.
    @Test func otherFactorsDoNot() throws {
        var generator = Generator(state: 6)
        let scale = FixedPointScale(multiplier: 1_518_500_250, exponent: -6)
        let output = try Self.output(-3)
        let factor = try #require(TiedFactor(scale, output))
        let sums = Self.sums(Double(factor.factor), &generator)
        func differences(_ value: (Float) -> Float) -> Int {
            sums.count { output.stored(scale.roundedTwice($0)) != Self.stored(value(Float($0)), output) }
        }
        #expect(differences { Self.values($0, factor)[0] } == 0)
        #expect(differences { $0 * factor.factor } > 0)
        #expect(differences { $0 * factor.factor + factor.tie } > 0)
        #expect(differences { Self.values($0 * (1 + 0x1p-12), factor)[0] } > 0)
    }

    @Test func factorsThatAreTooLargeOrTooSmallHaveNone() throws {
        let output = try Self.output(0)
        #expect(TiedFactor(FixedPointScale(multiplier: 1 << 30, exponent: 0), output) == nil)
        #expect(TiedFactor(FixedPointScale(multiplier: 1 << 30, exponent: -20), output) == nil)
        #expect(TiedFactor(FixedPointScale(multiplier: 0, exponent: -3), output) == nil)
    }

    @Test func contradictingBoundsHaveNone() {
        let bounds = [TiedFactor.Bound(100, least: 1), TiedFactor.Bound(100, most: 0)]
        #expect(TiedFactor(near: 0.01, bounds) == nil)
        #expect(TiedFactor(near: 0.01, [TiedFactor.Bound(100, rounds: 1)]) != nil)
        #expect(TiedFactor(near: 0.01, [TiedFactor.Bound(100, rounds: 3)])?.tie ?? 0 > 1)
    }

    /// All pairs of two 8-bit numbers.
    @Test func squaredDifferencesAreThoseOfTheRule() throws {
        var generator = Generator(state: 7)
        var found = 0
        for _ in 0..<12 {
            func quantization() -> ValueQuantization {
                ValueQuantization(
                    scale: Float(generator.next() % 1000 + 100) * 1e-4, zeroPoint: generator.next() % 256 - 128)
            }
            let (first, second) = (quantization(), quantization())
            let largest = 256 * max(first.scale, second.scale)
            let output = try IntegerOutput(
                .int8, ValueQuantization(scale: largest * largest / 300, zeroPoint: -128), rule: .builtin)
            let pair = try IntegerPair(
                .squaredDifference, rule: .builtin, first: first, second: second, output: output)
            let pairing = try #require(IntegerPairing(pair))
            guard pairing.form == .floatSquare else { continue }
            found += 1
            let one = TiedFactor(factor: pairing.firstFactor, tie: pairing.firstTie)
            let other = TiedFactor(factor: pairing.secondFactor, tie: pairing.secondTie)
            let square = TiedFactor(factor: pairing.factor, tie: pairing.tie)
            var areEqual = true
            for a in -128...127 {
                for b in -128...127 {
                    for way in 0...1 {
                        let x = Self.values(Float(a - first.zeroPoint), one)[way].rounded(.toNearestOrEven)
                        let y = Self.values(Float(b - second.zeroPoint), other)[way].rounded(.toNearestOrEven)
                        let value = Self.values((x - y) * (x - y), square)[way]
                        if Self.stored(value, output) != pair.stored(a, b) { areEqual = false }
                    }
                }
            }
            #expect(areEqual, "\(first) \(second)")
        }
        #expect(found >= 10, "\(found)")
    }
}
