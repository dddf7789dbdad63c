/// Float32 factors that round as fixed-point arithmetic does.
///
/// The kernels of float32 factors are several times faster than those of fixed-point ones. A factor stands for fixed-point
/// arithmetic only where both give the same integer for every operand.
package enum FloatFactor {
    /// A factor c for which round(value(x) · c), half to even and clamped to `range`, is `function(x)` clamped, for all x of
    /// the domain; nil if none is found.
    ///
    /// Both sides never fall while x grows, so they are equal if each of the range's integers begins at the same x.
    /// - Parameters:
    ///   - value: what is multiplied; must not fall while x grows, and is what float32 arithmetic gives.
    ///   - function: must not fall while x grows; 0 for a value of 0.
    package static func find(
        over domain: ClosedRange<Int>, range: ClosedRange<Int>, value: (Int) -> Float = { Float($0) },
        _ function: (Int) -> Int
    ) -> Float? {
        func clamped(_ x: Int) -> Int { FixedPoint.clamped(function(x), range) }
        var bounds: [Bound] = [
            Bound(x: domain.lowerBound, least: clamped(domain.lowerBound), most: clamped(domain.lowerBound)),
            Bound(x: domain.upperBound, least: clamped(domain.upperBound), most: clamped(domain.upperBound)),
        ]
        for integer in range.dropFirst() {
            guard clamped(domain.lowerBound) < integer, clamped(domain.upperBound) >= integer else { continue }
            // The integer begins after `below`, and not after `from`.
            var (below, from) = (domain.lowerBound, domain.upperBound)
            while from - below > 1 {
                let middle = below + (from - below) / 2
                if clamped(middle) < integer { below = middle } else { from = middle }
            }
            bounds.append(Bound(x: below, least: range.lowerBound, most: integer - 1))
            bounds.append(Bound(x: from, least: integer, most: range.upperBound))
        }
        return factor(bounds, range, value)
    }

    /// The same for a small domain, by asking for every integer; results are not clamped.
    package static func find(exactlyOver domain: ClosedRange<Int>, _ function: (Int) -> Int) -> Float? {
        let results = domain.map(function)
        guard let least = results.min(), let most = results.max(), least > -(1 << 22), most < 1 << 22 else {
            return nil
        }
        let bounds = zip(domain, results).map { Bound(x: $0, least: $1, most: $1) }
        // Nothing clamps these products: the range is wider than the results, so that each of them is asked for.
        return factor(bounds, least - 1...most + 1) { Float($0) }
    }

    /// What the rounded product may be at x.
    private struct Bound {
        let x: Int
        let least: Int
        let most: Int
    }

    private static func factor(_ bounds: [Bound], _ range: ClosedRange<Int>, _ value: (Int) -> Float) -> Float? {
        var (low, high) = (0.0, Double.infinity)
        for bound in bounds {
            let x = Double(value(bound.x))
            // Beyond the range nothing is asked: there both sides are clamped.
            let least = bound.least == range.lowerBound ? -Double.infinity : Double(bound.least) - 0.5
            let most = bound.most == range.upperBound ? Double.infinity : Double(bound.most) + 0.5
            if x > 0 {
                low = max(low, least / x)
                high = min(high, most / x)
            } else if x < 0 {
                low = max(low, most / x)
                high = min(high, least / x)
            }
        }
        guard low <= high, low.isFinite else { return nil }
        let factor = Float(high.isFinite ? (low + high) / 2 : low)
        guard factor.isFinite else { return nil }
        let (lowest, highest) = (Float(range.lowerBound), Float(range.upperBound))
        for bound in bounds {
            let product = value(bound.x) * factor
            let above = product > lowest ? product : lowest
            let rounded = Int((above < highest ? above : highest).rounded(.toNearestOrEven))
            guard rounded >= bound.least, rounded <= bound.most else { return nil }
        }
        return factor
    }
}
