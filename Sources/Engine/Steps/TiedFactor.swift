import EmotionFormerGraph

/// A float32 factor and a tie that round as a fixed-point factor does: the nearest integer of x · factor + tie, or − tie
/// where x is below 0.
///
/// A fixed-point factor rounds twice, away from 0: what is a little less than half goes up already. The tie is that little.
/// Both rules only rise with x, so they are equal for every x if they rise at the same ones; this is tried for each factor
/// when a plan is made, at every place where the rule rises and the number before it.
struct TiedFactor: Sendable, Equatable {
    let factor: Float
    let tie: Float

    /// What x has to round to: at least `least` and at most `most`.
    struct Bound {
        let x: Double
        let least: Int?
        let most: Int?

        init(_ x: Double, least: Int? = nil, most: Int? = nil) {
            self.x = x
            self.least = least
            self.most = most
        }

        /// The number that rounds to `result`.
        init(_ x: Double, rounds result: Int) { self.init(x, least: result, most: result) }

        /// Without rounding on the way.
        fileprivate var low: Double { least.map { Double($0) - 0.5 } ?? -.infinity }
        fileprivate var high: Double { most.map { Double($0) + 0.5 } ?? .infinity }
    }

    init(factor: Float, tie: Float) {
        self.factor = factor
        self.tie = tie
    }

    /// - Returns: nil if no factor near `ratio` satisfies all bounds, whether the product is rounded before the tie is added
    ///   or not.
    init?(near ratio: Double, _ bounds: [Bound]) {
        var (above, below) = (Float(ratio), Float(ratio).nextDown)
        for _ in 0..<64 {
            for factor in [above, below] {
                guard let tie = TiedFactor.tie(factor, bounds) else { continue }
                let candidate = TiedFactor(factor: factor, tie: tie)
                if bounds.allSatisfy(candidate.satisfies) {
                    self = candidate
                    return
                }
            }
            (above, below) = (above.nextUp, below.nextDown)
        }
        return nil
    }

    private static func tie(_ factor: Float, _ bounds: [Bound]) -> Float? {
        var (low, high) = (0.0, Double.infinity)
        for bound in bounds {
            let value = bound.x * Double(factor)
            let (least, most) = (bound.low - value, bound.high - value)
            low = max(low, bound.x < 0 ? -most : least)
            high = min(high, bound.x < 0 ? -least : most)
            if low > high { return nil }
        }
        return Float(high.isFinite ? (low + high) / 2 : low)
    }

    private func satisfies(_ bound: Bound) -> Bool {
        let x = Float(bound.x)
        let tie = x < 0 ? -tie : tie
        return [x * factor + tie, tie.addingProduct(x, factor)].allSatisfy { value in
            let result = value.rounded(.toNearestOrEven)
            return result >= Float(bound.least ?? .min) && result <= Float(bound.most ?? .max)
        }
    }

    /// Sums of 32 bits.
    /// - Returns: nil for a factor of 1/2 or more, and one that no float32 factor is equal to.
    init?(_ scale: FixedPointScale, _ output: IntegerOutput) {
        guard scale.exponent < 0, scale.multiplier > 0 else { return nil }
        var bounds: [Bound] = []
        for result in TiedFactor.results(output) {
            guard let x = TiedFactor.first(in: -1 << 31..<1 << 31, where: { scale.roundedTwice($0) >= result })
            else { continue }
            // Sums up to here are float32 numbers.
            guard abs(x) < 1 << 24 else { return nil }
            bounds.append(Bound(Double(x), least: result))
            bounds.append(Bound(Double(x - 1), most: result - 1))
        }
        self.init(near: scale.ratio, bounds)
    }

    /// Squares of differences from 0 to `largest`.
    init?(_ scale: FixedPointScale, _ output: IntegerOutput, squaresTo largest: Int) {
        guard scale.exponent < 0, scale.multiplier > 0, largest < 1 << 15 else { return nil }
        var bounds: [Bound] = []
        for result in TiedFactor.results(output) where result > 0 {
            guard let x = TiedFactor.first(in: 0..<largest + 1, where: { scale.roundedTwice($0 * $0) >= result })
            else { continue }
            bounds.append(Bound(Double(x * x), least: result))
            if x > 0 { bounds.append(Bound(Double((x - 1) * (x - 1)), most: result - 1)) }
        }
        bounds.append(Bound(0, most: 0))
        self.init(near: scale.ratio, bounds)
    }

    /// Numbers of 8 bits that are counted from their zero point and shifted to the left.
    init?(_ scale: FixedPointScale, zeroPoint: Int, shift: Int) {
        guard scale.multiplier > 0 else { return nil }
        self.init(
            near: scale.ratio * Double(1 << shift),
            (-128...127).map { Bound(Double($0 - zeroPoint), rounds: scale.roundedTwice(($0 - zeroPoint) << shift)) })
    }

    /// Counted from the zero point, from the largest magnitudes on, which are the hardest; without the lowest, which every
    /// number reaches.
    private static func results(_ output: IntegerOutput) -> [Int] {
        let (low, high) = (output.range.lowerBound - output.zeroPoint, output.range.upperBound - output.zeroPoint)
        return low < high ? (low + 1...high).sorted { abs($0) > abs($1) } : []
    }

    /// The first number of a range from which on a condition holds; nil if it never holds, or always.
    private static func first(in range: Range<Int>, where holds: (Int) -> Bool) -> Int? {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low > range.lowerBound && low < range.upperBound ? low : nil
    }
}

extension FixedPointScale {
    fileprivate var ratio: Double { Double(sign: .plus, exponent: exponent - 31, significand: Double(multiplier)) }
}
