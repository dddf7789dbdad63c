import EmotionFormerCore

/// A tensor's axes divided into those that stay and those that are reduced to one number.
struct ReducedAxes {
    /// The shape of the result.
    let shape: Shape
    /// The elements that the numbers begin with: the kept axes.
    let kept: StridedLayout
    /// The elements of one number, from the first one at 0 on.
    let reduced: StridedWalk
    let reducedCount: Int

    /// - Parameters:
    ///   - axes: all if it is empty.
    ///   - keepsAxes: whether reduced axes stay, with extent 1.
    /// - Throws: `invalidValue` for an axis that is not there, or is there twice.
    init(_ layout: StridedLayout, _ axes: [Int], keepsAxes: Bool) throws(Fault) {
        var places: [Int] = axes.isEmpty ? Array(0..<layout.shape.rank) : []
        for axis in axes { places.append(try layout.shape.axis(axis)) }
        let chosen = Set(places)
        guard chosen.count == places.count else {
            throw Fault(.invalidValue, at: "axes \(axes)", "an axis occurs twice", found: "\(axes)")
        }
        var (kept, reduced) = (layout, layout)
        for axis in (0..<layout.shape.rank).reversed() {
            if chosen.contains(axis) {
                kept = try kept.dropping(axis)
            } else {
                reduced = try reduced.dropping(axis)
            }
        }
        self.kept = kept
        self.reduced = StridedWalk([reduced])
        reducedCount = reduced.shape.elementCount
        let extents = layout.shape.extents.enumerated()
        shape = Shape(
            unchecked: keepsAxes
                ? extents.map { chosen.contains($0.offset) ? 1 : $0.element }
                : extents.filter { !chosen.contains($0.offset) }.map(\.element))
        offset = layout.offset
    }

    private let offset: Int

    /// Calls `body` for each number of the result, in order, with its place and its first element.
    func forEachResult(_ body: (_ place: Int, _ first: Int) -> Void) {
        let walk = StridedWalk([kept, StridedLayout(kept.shape)])
        walk.forEachPair { (first: Int, place: Int) in
            for index in 0..<walk.count { body(place + index, first + index * walk.steps[0]) }
        }
    }

    /// Calls `body` for each row of a number's elements; `first` is the number's first element.
    @inline(__always)
    func forEachRow(of first: Int, _ body: (_ start: Int) -> Void) {
        reduced.forEachRow { (start: Int) in body(first + start - offset) }
    }

    /// Rows of results whose first elements lie side by side while the elements of one do not: it is faster to add row to
    /// row. nil otherwise.
    var sideBySide: StridedWalk? {
        let walk = StridedWalk([kept, StridedLayout(kept.shape)])
        return walk.count >= 4 && walk.steps[0] == 1 && reduced.steps[0] != 1 && reducedCount > 1 ? walk : nil
    }
}

extension StridedLayout {
    /// The layout without an axis, at its first index; the axis may have none.
    fileprivate func dropping(_ axis: Int) throws(Fault) -> StridedLayout {
        if shape[axis] > 0 { return try selected(axis: axis, index: 0) }
        var extents = shape.extents
        extents.remove(at: axis)
        // Nothing is read there: the whole tensor has no elements.
        return StridedLayout(Shape(unchecked: extents))
    }
}
