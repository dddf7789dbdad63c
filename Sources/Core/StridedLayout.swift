/// Where the elements of an array are in memory: a slice, a transposition, a stretched axis. Nothing is copied.
///
/// Law: every index within `shape` of a layout that was made from a row-major one lies among that one's elements; every
/// method preserves this.
package struct StridedLayout: Hashable, Sendable {
    package let shape: Shape
    /// Elements from one index of an axis to the next: negative on a reversed axis, 0 on a stretched one.
    package let strides: [Int]
    /// The element at index 0 of every axis.
    package let offset: Int

    /// Row-major, from the first element on.
    package init(_ shape: Shape) { self.init(shape: shape, strides: shape.strides, offset: 0) }

    private init(shape: Shape, strides: [Int], offset: Int) {
        self.shape = shape
        self.strides = strides
        self.offset = offset
    }

    /// Whether the elements lie one after the other in row-major order.
    package var isContiguous: Bool {
        if shape.elementCount == 0 { return true }
        var expected = 1
        for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape[axis] != 1 {
            if strides[axis] != expected { return false }
            expected &*= shape[axis]
        }
        return true
    }

    /// Axis i of the result is axis `permutation[i]` of this layout.
    /// - Throws: `invalidValue` unless every axis occurs once.
    package func transposed(_ permutation: [Int]) throws(Fault) -> StridedLayout {
        var axes: [Int] = []
        for axis in permutation { axes.append(try shape.axis(axis)) }
        guard axes.count == shape.rank, Set(axes).count == axes.count else {
            throw Fault(
                .invalidValue, at: "transpose", "every axis must occur once", found: "\(permutation)",
                expected: "a permutation of \(shape.rank) axes")
        }
        return StridedLayout(
            shape: Shape(unchecked: axes.map { shape[$0] }), strides: axes.map { strides[$0] }, offset: offset)
    }

    /// Indices `range.lowerBound`, then every `step`-th, below `range.upperBound` of an axis.
    /// - Parameter step: how far from one index to the next; negative goes through the range from its end.
    /// - Throws: `outOfBounds` if the range is not inside the axis, `invalidValue` for a step of 0.
    package func sliced(axis: Int, _ range: Range<Int>, step: Int = 1) throws(Fault) -> StridedLayout {
        let axis = try shape.axis(axis)
        guard range.lowerBound >= 0, range.upperBound <= shape[axis] else {
            throw Fault(
                .outOfBounds, at: "slice of axis \(axis)", "the range is not inside the axis",
                found: "\(range.lowerBound)..<\(range.upperBound)", expected: "within 0..<\(shape[axis])")
        }
        guard step != 0, step != .min else {
            throw Fault(.invalidValue, at: "slice of axis \(axis)", "the step is 0 or too large", found: "\(step)")
        }
        var extents = shape.extents
        var strides = strides
        // Without a sum of the step, which may be as large as an integer can be.
        extents[axis] = range.isEmpty ? 0 : (range.count - 1) / abs(step) + 1
        let first = step > 0 || range.isEmpty ? range.lowerBound : range.upperBound - 1
        let start = extents[axis] == 0 ? offset : offset + first * strides[axis]
        // If one index is left, the stride is never used, and the product could overflow.
        strides[axis] = extents[axis] > 1 ? strides[axis] * step : 0
        return StridedLayout(shape: Shape(unchecked: extents), strides: strides, offset: start)
    }

    /// The layout at one index of an axis, which is removed.
    /// - Parameter index: from the end if it is negative.
    /// - Throws: `outOfBounds` if there is no such index.
    package func selected(axis: Int, index: Int) throws(Fault) -> StridedLayout {
        let axis = try shape.axis(axis)
        let place = index < 0 ? index &+ shape[axis] : index
        guard place >= 0, place < shape[axis] else {
            throw Fault(
                .outOfBounds, at: "axis \(axis)", "there is no such index", found: "\(index)",
                expected: shape[axis] == 0 ? "an axis with elements" : "\(-shape[axis])..<\(shape[axis])")
        }
        var extents = shape.extents
        var strides = strides
        extents.remove(at: axis)
        let start = offset + place * strides.remove(at: axis)
        return StridedLayout(shape: Shape(unchecked: extents), strides: strides, offset: start)
    }

    /// The layout with an axis reversed.
    package func reversed(axis: Int) throws(Fault) -> StridedLayout {
        try sliced(axis: axis, 0..<shape[shape.axis(axis)], step: -1)
    }

    /// A new axis of extent 1 in front of `axis`; `shape.rank` puts it last.
    /// - Throws: `invalidValue` if there is no such place.
    package func expanded(at axis: Int) throws(Fault) -> StridedLayout {
        let place = axis < 0 ? axis &+ shape.rank &+ 1 : axis
        guard place >= 0, place <= shape.rank else {
            throw Fault(
                .invalidValue, at: "axis \(axis)", "there is no such place for an axis", found: "shape \(shape)",
                expected: "\(-shape.rank - 1)...\(shape.rank)")
        }
        var extents = shape.extents
        var strides = strides
        extents.insert(1, at: place)
        strides.insert(0, at: place)
        return StridedLayout(shape: Shape(unchecked: extents), strides: strides, offset: offset)
    }

    /// The layout without an axis of extent 1.
    /// - Throws: `shapeMismatch` if the axis is longer.
    package func squeezed(axis: Int) throws(Fault) -> StridedLayout {
        let axis = try shape.axis(axis)
        guard shape[axis] == 1 else {
            throw Fault(
                .shapeMismatch, at: "squeeze of axis \(axis)", "only an axis of extent 1 can be removed",
                found: "\(shape)", expected: "extent 1")
        }
        return try selected(axis: axis, index: 0)
    }

    /// The layout stretched to a larger shape by NumPy's rule.
    /// - Throws: `shapeMismatch` if it does not broadcast to `target`.
    package func broadcast(to target: Shape) throws(Fault) -> StridedLayout {
        let missing = target.rank - shape.rank
        guard missing >= 0 else {
            throw Fault(.shapeMismatch, at: "broadcast", "too many axes", found: "\(shape)", expected: "\(target)")
        }
        var stretched = [Int](repeating: 0, count: target.rank)
        for axis in 0..<shape.rank {
            if shape[axis] == target[axis + missing] {
                stretched[axis + missing] = strides[axis]
            } else if shape[axis] != 1 {
                throw Fault(
                    .shapeMismatch, at: "broadcast", "the shape does not broadcast", found: "\(shape)",
                    expected: "\(target)")
            }
        }
        return StridedLayout(shape: target, strides: stretched, offset: offset)
    }

    /// The same elements in another shape, if strides can say so; nil if they would have to be copied.
    /// - Parameter target: as many elements as this shape.
    package func reshaped(to target: Shape) -> StridedLayout? {
        if isContiguous { return StridedLayout(shape: target, strides: target.strides, offset: offset) }
        // Groups of axes with the same number of elements on both sides; each group must lie in memory like one axis.
        var strides = [Int](repeating: 0, count: target.rank)
        var (old, new) = (0, 0)
        while old < shape.rank || new < target.rank {
            var (oldEnd, newEnd) = (old, new)
            var (oldCount, newCount) = (1, 1)
            repeat {
                if oldCount <= newCount, oldEnd < shape.rank {
                    oldCount &*= shape[oldEnd]
                    oldEnd += 1
                } else if newEnd < target.rank {
                    newCount &*= target[newEnd]
                    newEnd += 1
                } else {
                    return nil
                }
            } while oldCount != newCount
            // Axes of extent 1 belong to the group before them.
            while oldEnd < shape.rank, shape[oldEnd] == 1 { oldEnd += 1 }
            while newEnd < target.rank, target[newEnd] == 1 { newEnd += 1 }
            let real = (old..<oldEnd).filter { shape[$0] != 1 }
            for (outer, inner) in zip(real, real.dropFirst())
            where self.strides[outer] != self.strides[inner] &* shape[inner] {
                return nil
            }
            var step = real.last.map { self.strides[$0] } ?? 0
            for axis in (new..<newEnd).reversed() {
                strides[axis] = step
                step &*= target[axis]
            }
            (old, new) = (oldEnd, newEnd)
        }
        return StridedLayout(shape: target, strides: strides, offset: offset)
    }
}
