import EmotionFormerCore

extension Tensor {
    /// Axis i of the result is axis `axes[i]` of this tensor; without arguments the axes in the opposite order. A view.
    /// - Throws: `invalidArgument` unless every axis occurs once.
    public func transposed(_ axes: Int...) throws(TensorError) -> Tensor { try transposed(axes) }

    /// The same with a list of axes.
    /// - Throws: `invalidArgument` unless every axis occurs once.
    public func transposed(_ axes: [Int]) throws(TensorError) -> Tensor {
        try view { layout throws(Fault) in
            try layout.transposed(axes.isEmpty && rank > 0 ? (0..<rank).reversed() : axes)
        }
    }

    /// The axes in the opposite order: the transpose of a matrix. A view.
    public func transposed() -> Tensor {
        let turned = try? layout.transposed((0..<rank).reversed())
        return Tensor(storage: storage, layout: turned ?? layout)
    }

    /// A view with one axis at another place, the others in their order.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func movingAxis(_ axis: Int, to place: Int) throws(TensorError) -> Tensor {
        try view { layout throws(Fault) in
            let (from, to) = (try layout.shape.axis(axis), try layout.shape.axis(place))
            var axes = Array(0..<rank)
            axes.insert(axes.remove(at: from), at: to)
            return try layout.transposed(axes)
        }
    }

    /// The same elements, in row-major order, in another shape: a view where strides can say so, a copy otherwise.
    /// - Parameter shape: one extent may be −1, which stands for what is left.
    /// - Throws: `shapeMismatch` if the shapes have different numbers of elements.
    public func reshaped(to shape: [Int]) throws(TensorError) -> Tensor {
        var extents = shape
        if let open = extents.firstIndex(of: -1) {
            let others = extents.enumerated().filter { $0.offset != open }.map(\.element)
            let rest = try Tensor.checked(others).elementCount
            guard rest > 0, count % rest == 0 else {
                throw TensorError(
                    .shapeMismatch, at: "reshape", "no extent in place of −1 gives the number of elements",
                    found: "\(layout.shape)", expected: "\(extents)", shapes: [self.shape, extents])
            }
            extents[open] = count / rest
        }
        let target = try Tensor.checked(extents)
        guard target.elementCount == count else {
            throw TensorError(
                .shapeMismatch, at: "reshape", "the number of elements differs", found: "\(layout.shape)",
                expected: "\(target)", shapes: [self.shape, shape])
        }
        if let view = layout.reshaped(to: target) { return Tensor(storage: storage, layout: view) }
        let copy = contiguous()
        return Tensor(storage: copy.storage, layout: StridedLayout(target))
    }

    /// The elements in row-major order along one axis: a view where strides can say so, a copy otherwise.
    public func flattened() -> Tensor {
        let target = Shape(unchecked: [count])
        if let view = layout.reshaped(to: target) { return Tensor(storage: storage, layout: view) }
        return Tensor(storage: contiguous().storage, layout: StridedLayout(target))
    }

    /// A view with a new axis of extent 1 in front of `axis`; −1 puts it last.
    /// - Throws: `invalidArgument` if there is no such place.
    public func expanded(at axis: Int) throws(TensorError) -> Tensor {
        try view { layout throws(Fault) in try layout.expanded(at: axis) }
    }

    /// A view without an axis of extent 1.
    /// - Throws: `shapeMismatch` if the axis is longer; `invalidArgument` if it is not there.
    public func squeezed(axis: Int) throws(TensorError) -> Tensor {
        try view { layout throws(Fault) in try layout.squeezed(axis: axis) }
    }

    /// A view without all axes of extent 1.
    public func squeezed() -> Tensor {
        var view = layout
        for axis in (0..<rank).reversed() where view.shape[axis] == 1 {
            view = (try? view.squeezed(axis: axis)) ?? view
        }
        return Tensor(storage: storage, layout: view)
    }

    /// A view with an axis from its end to its beginning.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func reversed(axis: Int) throws(TensorError) -> Tensor {
        try view { layout throws(Fault) in try layout.reversed(axis: axis) }
    }

    /// A view stretched to a larger shape by NumPy's rule: shapes align at the last axis, and an extent of 1 stretches.
    /// - Throws: `shapeMismatch` if the shape does not broadcast to `shape`.
    public func broadcast(to shape: [Int]) throws(TensorError) -> Tensor {
        let target = try Tensor.checked(shape)
        return try view(beside: shape) { layout throws(Fault) in try layout.broadcast(to: target) }
    }

    /// Views of equal parts along an axis.
    /// - Throws: `shapeMismatch` if the axis cannot be divided into that many; `invalidArgument`.
    public func split(into parts: Int, axis: Int = 0) throws(TensorError) -> [Tensor] {
        let place = try named([shape]) { () throws(Fault) in try layout.shape.axis(axis) }
        guard parts > 0, shape[place] % parts == 0 else {
            throw TensorError(
                .shapeMismatch, at: "split of axis \(axis)", "the axis cannot be divided into equal parts",
                found: "\(layout.shape)", expected: "a multiple of \(parts)", shapes: [shape])
        }
        let length = shape[place] / parts
        var views: [Tensor] = []
        for part in 0..<parts {
            views.append(
                try view { layout throws(Fault) in
                    try layout.sliced(axis: place, part * length..<(part + 1) * length)
                })
        }
        return views
    }

    private func view(
        beside other: [Int]? = nil, _ change: (StridedLayout) throws(Fault) -> StridedLayout
    ) throws(TensorError) -> Tensor {
        let changed = try named([shape] + (other.map { [$0] } ?? [])) { () throws(Fault) in try change(layout) }
        return Tensor(storage: storage, layout: changed)
    }
}
