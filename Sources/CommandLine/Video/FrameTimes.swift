/// When a frame is shown: constant and variable rates, and the times that a landmarker is given. `Tools/landmarks` has
/// the same rules.
enum FrameTimes {
    /// A rate above which a container's word is not believed.
    private static let highestRate = Fraction(1000)
    /// The rates of most videos, for containers that state none.
    static let commonRates = [
        Fraction(30000, over: 1001), Fraction(25), Fraction(30), Fraction(24000, over: 1001), Fraction(24),
        Fraction(60000, over: 1001), Fraction(60), Fraction(50), Fraction(15),
    ]
    /// Of pictures in a folder, and of a video without times.
    static let usualRate = Fraction(30)

    /// The rate of frames that follow each other evenly, from times that a container rounded to its tick; nil for a
    /// variable rate. The first candidate that fits is taken.
    /// - Parameter ticks: ascending.
    static func steadyRate(ticks: [Int], tick: Fraction, candidates: [Fraction]) -> Fraction? {
        guard ticks.count >= 2, let start = ticks.first else { return nil }
        for rate in candidates where rate > .zero && rate <= highestRate {
            // Each time is rounded (half a tick either way) or cut (a tick), and so is the first one.
            let fits = ticks.enumerated().allSatisfy { index, time in
                let elapsed = Fraction(Int128(time) - Int128(start)) * tick
                return (elapsed - Fraction(Int128(index)) / rate).magnitude <= tick * Fraction(3, over: 2)
            }
            if fits { return rate }
        }
        return nil
    }

    /// Seconds after the first frame, without the container's rounding if the rate is steady.
    static func placed(_ elapsed: Fraction, _ rate: Fraction?) -> Fraction {
        guard let rate else { return elapsed }
        return Fraction((elapsed * rate).rounded) / rate
    }
}

/// Whole milliseconds that rise strictly, as a landmarker wants them.
struct RisingMilliseconds {
    private var last = -1

    mutating func next(_ time: Fraction) -> Int {
        let floor = Int(clamping: (time * Fraction(1000)).floor)
        last = max(floor, last + 1)
        return last
    }
}
