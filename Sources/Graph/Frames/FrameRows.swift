import EmotionFormerCore

/// The axis of a value that runs over a clip's frames.
package struct FrameAxis: Sendable, Hashable {
    package var axis: Int
    /// How many frames a position stands for; more than 1 after pooling by windows that do not overlap.
    package var span: Int
    /// Whether the first position is the last frame's.
    package var isReversed = false
}

/// What is known of a value along its axis of frames, when a clip's padding is cut down.
///
/// Two runs are compared: one with all frames, and one with the clip's frames and at least one position of padding.
struct FrameRows: Hashable {
    /// One axis; or two, for masks over queries and keys.
    var axes: [FrameAxis]
    /// Masks by value. A row of the clip's own frames is the same in both runs where all of them are true.
    var conditions: Set<Int> = []
    /// Masks by value. A row is 0 where not all of them are true, in both runs; empty if no row is known to be.
    var zeros: Set<Int> = []
    /// Whether a row depends on its own frames and on constants alone.
    var isOwn = false
    var levels: FrameLevels?

    var axis: FrameAxis { axes[0] }
}

/// A value that is one number where some masks are all true, and another one elsewhere.
struct FrameLevels: Hashable {
    struct Term: Hashable {
        /// The value of the mask, Boolean, which depends on its own frame alone.
        var mask: Int
        /// An index of the rows' axes.
        var place: Int
    }

    var terms: Set<Term>
    /// Whether the masks of two axes count only for keys up to the query.
    var isCausal = false
    var on: Double
    var off: Double

    /// The masks along one of the rows' axes.
    func masks(_ place: Int = 0) -> Set<Int> { Set(terms.filter { $0.place == place }.map(\.mask)) }
}

/// A value of a graph under two numbers of frames.
enum FrameState: Hashable {
    /// Has no axis of frames, and is the same in both runs.
    case fixed
    case rows(FrameRows)

    var rows: FrameRows? {
        if case .rows(let rows) = self { rows } else { nil }
    }
}

/// Why a model must run on all its frames, whatever the clip's length.
package struct FrameBarrier: Error, Sendable, Hashable {
    /// `node 'pool' (globalPooling1D)`, or what else stands in the way.
    package let place: String
    package let reason: String
    /// Whether a proof may succeed for smaller numbers.
    let isOfRange: Bool

    package init(_ place: String, _ reason: String) { self.init(place, reason, isOfRange: false) }

    private init(_ place: String, _ reason: String, isOfRange: Bool) {
        self.place = PrintedText.short(place)
        self.reason = PrintedText.short(reason)
        self.isOfRange = isOfRange
    }

    init(_ node: TypedGraph.Node, _ reason: String, isOfRange: Bool = false) {
        self.init("node '\(node.name)' (\(node.operation.rawValue))", reason, isOfRange: isOfRange)
    }
}
