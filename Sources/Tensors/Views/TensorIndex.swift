import EmotionFormerCore

/// What can stand between the brackets of a tensor, one for each axis: an index, a range, or a ``TensorSlice``.
///
/// ```swift
/// x[0]                     // one index: the axis goes
/// x[1..<3, .all]           // a range, and an axis as it is
/// x[.every(2), -1]         // every second index; the last one
/// x[.ellipsis, 0]          // all axes but the last as they are
/// x[.newAxis, 0...]        // a new axis of extent 1 in front
/// ```
public protocol TensorIndex {
    var _slice: TensorSlice { get }
}

/// A part of an axis, or a place between axes.
public struct TensorSlice: TensorIndex, Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case index(Int)
        /// nil stands for the axis' end or beginning. Negative bounds count from the end.
        case range(lower: Int?, upper: Int?, step: Int)
        /// The upper bound itself is included.
        case closedRange(lower: Int?, upper: Int)
        case newAxis
        case ellipsis
    }

    let kind: Kind
    public var _slice: TensorSlice { self }
}

extension TensorIndex where Self == TensorSlice {
    /// The axis as it is.
    public static var all: TensorSlice { TensorSlice(kind: .range(lower: nil, upper: nil, step: 1)) }

    /// A new axis of extent 1.
    public static var newAxis: TensorSlice { TensorSlice(kind: .newAxis) }

    /// As many axes as are left, as they are.
    public static var ellipsis: TensorSlice { TensorSlice(kind: .ellipsis) }

    /// The axis from its end to its beginning.
    public static var reversed: TensorSlice { TensorSlice(kind: .range(lower: nil, upper: nil, step: -1)) }

    /// Every `step`-th index from `lower` on, without `upper`; as Python's `lower:upper:step`, also with a negative step
    /// for the positive one's indices in the opposite order.
    /// - Parameters:
    ///   - step: not 0. With a negative one the range is gone through from its end.
    ///   - lower: the beginning if it is not given.
    ///   - upper: the end if it is not given.
    public static func every(_ step: Int, from lower: Int? = nil, to upper: Int? = nil) -> TensorSlice {
        TensorSlice(kind: .range(lower: lower, upper: upper, step: step))
    }
}

extension Int: TensorIndex {
    public var _slice: TensorSlice { TensorSlice(kind: .index(self)) }
}
extension Range: TensorIndex where Bound == Int {
    public var _slice: TensorSlice { TensorSlice(kind: .range(lower: lowerBound, upper: upperBound, step: 1)) }
}
extension ClosedRange: TensorIndex where Bound == Int {
    public var _slice: TensorSlice { TensorSlice(kind: .closedRange(lower: lowerBound, upper: upperBound)) }
}
extension PartialRangeFrom: TensorIndex where Bound == Int {
    public var _slice: TensorSlice { TensorSlice(kind: .range(lower: lowerBound, upper: nil, step: 1)) }
}
extension PartialRangeUpTo: TensorIndex where Bound == Int {
    public var _slice: TensorSlice { TensorSlice(kind: .range(lower: nil, upper: upperBound, step: 1)) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
    public var _slice: TensorSlice { TensorSlice(kind: .closedRange(lower: nil, upper: upperBound)) }
}

extension StridedLayout {
    /// What the brackets say, axis by axis.
    /// - Throws: `outOfBounds` for an index or range that is not inside its axis; `invalidValue` for too many indices.
    func indexed(_ indices: [any TensorIndex]) throws(Fault) -> StridedLayout {
        let kinds = indices.map(\._slice.kind)
        let taken = kinds.filter { $0 != .newAxis && $0 != .ellipsis }.count
        guard taken <= shape.rank, kinds.filter({ $0 == .ellipsis }).count <= 1 else {
            throw Fault(
                .invalidValue, at: "index", "there are more indices than axes, or more than one ellipsis",
                found: "\(taken) indices", expected: "at most \(shape.rank) for \(shape)")
        }
        var (layout, axis) = (self, 0)
        for kind in kinds {
            switch kind {
            case .newAxis:
                layout = try layout.expanded(at: axis)
                axis += 1
            case .ellipsis: axis += shape.rank - taken
            case .index(let index): layout = try layout.selected(axis: axis, index: index)
            case .range(let lower, let upper, let step):
                let length = layout.shape[axis]
                let (first, end) = (place(lower ?? 0, length), place(upper ?? length, length))
                layout = try layout.sliced(axis: axis, checked(first, end, axis, length), step: step)
                axis += 1
            case .closedRange(let lower, let upper):
                let length = layout.shape[axis]
                let last = place(upper, length)
                let range = try checked(place(lower ?? 0, length), last == .max ? last : last + 1, axis, length)
                layout = try layout.sliced(axis: axis, range)
                axis += 1
            }
        }
        return layout
    }

    private func place(_ index: Int, _ length: Int) -> Int { index < 0 ? index &+ length : index }

    private func checked(_ lower: Int, _ upper: Int, _ axis: Int, _ length: Int) throws(Fault) -> Range<Int> {
        guard lower >= 0, lower <= upper, upper <= length else {
            throw Fault(
                .outOfBounds, at: "slice of axis \(axis)", "the range is not inside the axis",
                found: "\(lower)..<\(upper)", expected: "within 0..<\(length)")
        }
        return lower..<upper
    }
}
