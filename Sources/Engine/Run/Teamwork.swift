/// Decides for each prediction of a session whether further threads take part: in company of other programs, a thread
/// that has taken a piece and loses its processor holds everybody up, and the caller alone may be faster.
///
/// A few early predictions run alone, to know how long that takes. While the others are clearly faster, they go on
/// together. After two in a row that were not, the next ones run alone, and the faster way goes on: alone for a number of
/// predictions, which doubles each time that it wins, then together again to see.
struct Teamwork: Sendable {
    private enum State {
        /// `slow` predictions in a row were not clearly faster than alone, which counts after `trusted` more.
        case together(slow: Int, trusted: Int)
        /// To compare; `left` more.
        case tryingAlone(left: Int)
        case alone(left: Int)
        /// To compare; `left` more.
        case tryingTogether(left: Int)
    }

    /// The first predictions find cold caches and start threads; with no time of its own, the third one is slow enough
    /// for a comparison.
    private var state = State.together(slow: 0, trusted: 3)
    /// The sums of the last `compared` predictions, in nanoseconds.
    private var together = 0
    private var alone = 0
    private var patience = Teamwork.shortest

    private static let compared = 2
    private static let shortest = 8
    private static let longest = 128

    /// Whether the next prediction is to use further threads.
    var isTogether: Bool {
        switch state {
        case .together, .tryingTogether: true
        case .alone, .tryingAlone: false
        }
    }

    /// - Parameter duration: of a prediction as `isTogether` said, in nanoseconds.
    mutating func record(duration: Int) {
        switch state {
        case .together(_, let trusted) where trusted > 0: state = .together(slow: 0, trusted: trusted - 1)
        case .together(let slow, _):
            if Teamwork.isFaster(duration * Teamwork.compared, than: alone) {
                state = .together(slow: 0, trusted: 0)
                patience = Teamwork.shortest
            } else {
                together = slow == 0 ? duration : together + duration
                state = .together(slow: slow + 1, trusted: 0)
                if slow + 1 == Teamwork.compared { tryAlone() }
            }
        case .tryingAlone(let left):
            alone += duration
            if left > 1 { state = .tryingAlone(left: left - 1) } else { decide() }
        case .alone(let left):
            // The latest ones count: a processor's speed changes.
            if left == Teamwork.compared { alone = 0 }
            alone += duration
            if left > 1 {
                state = .alone(left: left - 1)
            } else {
                together = 0
                state = .tryingTogether(left: Teamwork.compared)
            }
        case .tryingTogether(let left):
            together += duration
            if left > 1 { state = .tryingTogether(left: left - 1) } else { decide() }
        }
    }

    private mutating func tryAlone() {
        alone = 0
        state = .tryingAlone(left: Teamwork.compared)
    }

    private mutating func decide() {
        state =
            Teamwork.isFaster(together, than: alone) ? .together(slow: 0, trusted: patience) : .alone(left: patience)
        patience = min(2 * patience, Teamwork.longest)
    }

    /// By a twentieth or more: less is not worth a thread.
    private static func isFaster(_ duration: Int, than other: Int) -> Bool { duration < other - other / 20 }
}
