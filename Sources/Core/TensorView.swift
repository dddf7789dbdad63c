/// A view of a tensor with other extents and strides: a slice, a transposition, a broadcast axis. Nothing is copied.
///
/// Law: every index within `shape` lies inside the base tensor's elements; every initializer and method preserves this.
package struct TensorView: Sendable {
    package let base: Tensor
    package let shape: Shape
    /// Elements from one index of an axis to the next: negative on a reversed axis, 0 on a stretched one.
    package let strides: [Int]
    /// The element at index 0 of every axis.
    package let offset: Int

    package init(_ tensor: Tensor) {
        self.init(base: tensor, shape: tensor.shape, strides: tensor.shape.strides, offset: 0)
    }

    private init(base: Tensor, shape: Shape, strides: [Int], offset: Int) {
        self.base = base
        self.shape = shape
        self.strides = strides
        self.offset = offset
    }

    package var elementType: ElementType { base.elementType }

    /// Whether the elements lie one after the other in row-major order.
    package var isContiguous: Bool {
        shape.elementCount == 0
            || zip(zip(strides, shape.strides), shape.extents).allSatisfy { $0.0 == $0.1 || $1 == 1 }
    }

    /// Axis i of the result is axis `permutation[i]` of this view.
    /// - Throws: `invalidValue` unless every axis occurs once.
    package func transposed(_ permutation: [Int]) throws(Fault) -> TensorView {
        var axes: [Int] = []
        for axis in permutation { axes.append(try shape.axis(axis)) }
        guard axes.count == shape.rank, Set(axes).count == axes.count else {
            throw Fault(
                .invalidValue, at: "transpose", "every axis must occur once", found: "\(permutation)",
                expected: "a permutation of \(shape.rank) axes")
        }
        return TensorView(
            base: base, shape: Shape(unchecked: axes.map { shape[$0] }), strides: axes.map { strides[$0] },
            offset: offset)
    }

    /// Indices `range.lowerBound`, then every `step`-th, below `range.upperBound` of an axis.
    /// - Parameter step: how far from one index to the next; negative goes through the range from its end.
    /// - Throws: `outOfBounds` if the range is not inside the axis, `invalidValue` for a step of 0.
    package func sliced(axis: Int, _ range: Range<Int>, step: Int = 1) throws(Fault) -> TensorView {
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
        extents[axis] = (range.count + abs(step) - 1) / abs(step)
        let first = step > 0 || range.isEmpty ? range.lowerBound : range.upperBound - 1
        let start = extents[axis] == 0 ? offset : offset + first * strides[axis]
        // If one index is left, the stride is never used, and the product could overflow.
        strides[axis] = extents[axis] > 1 ? strides[axis] * step : 0
        return TensorView(base: base, shape: Shape(unchecked: extents), strides: strides, offset: start)
    }

    /// The view at one index of an axis. The axis is removed.
    /// - Throws: `outOfBounds` if there is no such index.
    package func selected(axis: Int, index: Int) throws(Fault) -> TensorView {
        let axis = try shape.axis(axis)
        guard index >= 0, index < shape[axis] else {
            throw Fault(
                .outOfBounds, at: "axis \(axis)", "there is no such index", found: "\(index)",
                expected: "0..<\(shape[axis])")
        }
        var extents = shape.extents
        var strides = strides
        extents.remove(at: axis)
        let start = offset + index * strides.remove(at: axis)
        return TensorView(base: base, shape: Shape(unchecked: extents), strides: strides, offset: start)
    }

    /// The view with an axis reversed.
    package func reversed(axis: Int) throws(Fault) -> TensorView {
        try sliced(axis: axis, 0..<shape[shape.axis(axis)], step: -1)
    }

    /// A new axis of extent 1 in front of `axis` of this view; `shape.rank` puts it last.
    /// - Throws: `invalidValue` if there is no such place.
    package func expanded(at axis: Int) throws(Fault) -> TensorView {
        guard axis >= 0, axis <= shape.rank else {
            throw Fault(
                .invalidValue, at: "axis \(axis)", "there is no such place for an axis", found: "shape \(shape)",
                expected: "0...\(shape.rank)")
        }
        var extents = shape.extents
        var strides = strides
        extents.insert(1, at: axis)
        strides.insert(0, at: axis)
        return TensorView(base: base, shape: Shape(unchecked: extents), strides: strides, offset: offset)
    }

    /// The view stretched to a larger shape by NumPy's rule.
    /// - Throws: `shapeMismatch` if it does not broadcast to `target`.
    package func broadcast(to target: Shape) throws(Fault) -> TensorView {
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
        return TensorView(base: base, shape: target, strides: stretched, offset: offset)
    }

    /// A tensor of the view's elements in row-major order; the base itself if it is that already.
    ///
    /// Complexity: O(elements), or O(1) if the view is contiguous.
    package func contiguous() -> Tensor {
        if isContiguous, offset == 0, shape == base.shape { return base }
        let width = elementType.byteCount
        return Tensor(elementType, shape) { target in
            base.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                var written = 0
                forEachRow { start, count, stride in
                    if stride == 1 {
                        (to + written * width).copyMemory(from: from + start * width, byteCount: count * width)
                    } else {
                        for index in 0..<count {
                            (to + (written + index) * width)
                                .copyMemory(from: from + (start + index * stride) * width, byteCount: width)
                        }
                    }
                    written += count
                }
            }
        }
    }

    /// Calls `body` with the first element, the number and the stride of each run along the last axis, in order.
    private func forEachRow(_ body: (_ start: Int, _ count: Int, _ stride: Int) -> Void) {
        guard shape.elementCount > 0 else { return }
        guard let last = shape.extents.last else {
            body(offset, 1, 1)
            return
        }
        let outer = shape.rank - 1
        var coordinates = [Int](repeating: 0, count: outer)
        var start = offset
        while true {
            body(start, last, strides[outer])
            var axis = outer - 1
            while axis >= 0 {
                coordinates[axis] += 1
                start += strides[axis]
                if coordinates[axis] < shape[axis] { break }
                start -= strides[axis] * shape[axis]
                coordinates[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}
