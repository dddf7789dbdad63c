import EmotionFormerTensors
import Testing

@testable import EmotionFormerGraph

/// Float32 factors that stand for fixed-point ones: equal for every operand, or none.
@Suite struct FloatFactorTests {
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private func product(_ x: Float, _ factor: Float, _ range: ClosedRange<Int>) -> Int {
        let bounded = min(max(x * factor, Float(range.lowerBound)), Float(range.upperBound))
        return Int(bounded.rounded(.toNearestOrEven))
    }

    @Test(
        "of scales without a second rounding most have a factor, and it rounds like fixed point: near every step, anywhere"
    )
    func everywhere() throws {
        var random = Numbers(state: 3)
        var found = 0
        for _ in 0..<40 {
            let scale = try FixedPointScale(Double.random(in: 0.5..<1, using: &random))
            let zeroPoint = Int.random(in: -128...127, using: &random)
            let range = -128 - zeroPoint...127 - zeroPoint
            for isTwice in [true, false] {
                func fixed(_ x: Int) -> Int { isTwice ? scale.roundedTwice(x) : scale.roundedHalfUp(x) }
                guard
                    let factor = FloatFactor.find(
                        over: Int(Int32.min)...Int(Int32.max), range: range, fixed)
                else { continue }
                found += 1
                var operands = [Int(Int32.min), Int(Int32.max), 0, 1, -1]
                operands += (0..<300).map { _ in Int(Int32(truncatingIfNeeded: Int(random.next() >> 32))) }
                operands += (0..<300).map { _ in Int.random(in: -30000...30000, using: &random) }
                for integer in range {
                    let near = Int(((Double(integer) - 0.5) / Double(factor)).rounded())
                    operands += (near - 2...near + 2).filter { Int32(exactly: $0) != nil }
                }
                for x in operands {
                    #expect(product(Float(x), factor, range) == FixedPoint.clamped(fixed(x), range), "\(scale) \(x)")
                }
            }
        }
        #expect(found > 20)
    }

    @Test("where ties round away from zero, no factor of exactly one half is found, or one that is above it")
    func ties() throws {
        let half = try FixedPointScale(0.5)
        // 0.5 · 1 = 0.5 rounds away from zero: half to even would give 0.
        let factor = FloatFactor.find(exactlyOver: -255...255) { half.roundedTwice($0) }
        if let factor {
            for x in -255...255 {
                #expect(Int((Float(x) * factor).rounded(.toNearestOrEven)) == half.roundedTwice(x), "\(x)")
            }
        }
        // 1 and 3 of 2 and 4 halves up: no multiple of x does that.
        #expect(FloatFactor.find(exactlyOver: 0...4) { [0, 1, 1, 3, 2][$0] } == nil)
        #expect(FloatFactor.find(exactlyOver: -4...4) { $0 < 0 ? 0 : $0 } == nil)
        #expect(FloatFactor.find(over: -1000...1000, range: -128...127) { $0 < 300 ? 0 : 100 } == nil)
        #expect(FloatFactor.find(exactlyOver: -4...4) { _ in 0 } != nil)
    }

    @Test("squares of differences")
    func squares() throws {
        var random = Numbers(state: 5)
        var found = 0
        for _ in 0..<20 {
            let scale = try FixedPointScale(Double.random(in: 1e-8...1e-4, using: &random))
            let range = 0...255
            guard
                let factor = FloatFactor.find(
                    over: 0...32640, range: range, value: { Float($0) * Float($0) }, { scale.roundedTwice($0 * $0) })
            else { continue }
            found += 1
            for x in 0...32640 {
                let square = Float(x) * Float(x)
                #expect(product(square, factor, range) == FixedPoint.clamped(scale.roundedTwice(x * x), range))
            }
        }
        #expect(found > 12)
    }
}
