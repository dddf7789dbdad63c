import EmotionFormerCore

extension Tensor where Scalar: TensorNumber {
    /// The matrix product, by NumPy's rules: the last two axes are matrices, the others broadcast. A tensor with one axis
    /// is a row on the left and a column on the right, and that axis goes.
    ///
    /// `Float` uses the vector kernels of this processor, or BLAS where there are none (OpenBLAS by its name on Linux,
    /// Accelerate on Apple). Whole numbers wrap around.
    /// - Throws: `shapeMismatch` if the extents between do not agree, the others do not broadcast, or a tensor has no axes.
    public func matmul(_ other: Tensor) throws(TensorError) -> Tensor {
        guard rank > 0, other.rank > 0 else { throw disagreement(other) }
        if rank == 2, other.rank == 2 { return try product(other) }
        let left = rank == 1 ? try expanded(at: 0) : self
        let right = other.rank == 1 ? try other.expanded(at: 1) : other
        let (m, k, n) = (left.shape[left.rank - 2], left.shape[left.rank - 1], right.shape[right.rank - 1])
        guard right.shape[right.rank - 2] == k else { throw disagreement(other) }
        let batch = try named([shape, other.shape]) { () throws(Fault) in
            try Shape.broadcast(
                Shape(unchecked: Array(left.shape.dropLast(2))), Shape(unchecked: Array(right.shape.dropLast(2))))
        }
        let shape = try Tensor.checked(batch.extents + [m, n])
        let layouts = try named { () throws(Fault) in
            [
                try left.layout.broadcast(to: Shape(batch.extents + [m, k])),
                try right.layout.broadcast(to: Shape(batch.extents + [k, n])), StridedLayout(shape),
            ]
        }
        let result = Tensor(shape) { target in
            multiply(layouts, base, other.base, target, m, k, n, batch.rank)
        }
        var extents = shape.extents
        if other.rank == 1 { extents.removeLast() }
        if rank == 1 { extents.remove(at: batch.rank) }
        return try result.reshaped(to: extents)
    }

    /// Of two matrices: nothing broadcasts.
    private func product(_ other: Tensor) throws(TensorError) -> Tensor {
        let (m, k, n) = (layout.shape[0], layout.shape[1], other.layout.shape[1])
        guard other.layout.shape[0] == k else { throw disagreement(other) }
        let shape = try Tensor.checked([m, n])
        return Tensor(shape) { target in
            guard m > 0, n > 0, k > 0 else {
                target.update(repeating: 0, count: shape.elementCount)
                return
            }
            Scalar._multiply(
                _MatrixProduct(
                    a: base + layout.offset, aRowStride: layout.strides[0], aColumnStride: layout.strides[1],
                    b: other.base + other.layout.offset, bRowStride: other.layout.strides[0],
                    bColumnStride: other.layout.strides[1], c: target, m: m, k: k, n: n))
        }
    }

    private func multiply(
        _ layouts: [StridedLayout], _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>,
        _ c: UnsafeMutablePointer<Scalar>, _ m: Int, _ k: Int, _ n: Int, _ axis: Int
    ) {
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            c.update(repeating: 0, count: layouts[2].shape.elementCount)
            return
        }
        // One matrix on the right for all of the left ones: a single product of all their rows.
        let isShared = zip(layouts[1].strides, layouts[1].shape.extents).prefix(axis).allSatisfy { $0 == 0 || $1 == 1 }
        let rows = layouts[0].shape.elementCount / k
        if isShared, axis > 0, let flat = layouts[0].reshaped(to: Shape(unchecked: [rows, k])) {
            Scalar._multiply(
                _MatrixProduct(
                    a: a + flat.offset, aRowStride: flat.strides[0], aColumnStride: flat.strides[1],
                    b: b + layouts[1].offset, bRowStride: layouts[1].strides[axis],
                    bColumnStride: layouts[1].strides[axis + 1], c: c, m: rows, k: k, n: n))
            return
        }
        let outer = layouts.map { layout in
            (0..<2).reduce(layout) { part, _ in (try? part.selected(axis: axis, index: 0)) ?? part }
        }
        let walk = StridedWalk(outer)
        walk.forEachTriple { (first: Int, second: Int, third: Int) in
            for index in 0..<walk.count {
                Scalar._multiply(
                    _MatrixProduct(
                        a: a + (first + index * walk.steps[0]), aRowStride: layouts[0].strides[axis],
                        aColumnStride: layouts[0].strides[axis + 1], b: b + (second + index * walk.steps[1]),
                        bRowStride: layouts[1].strides[axis], bColumnStride: layouts[1].strides[axis + 1],
                        c: c + (third + index * walk.steps[2]), m: m, k: k, n: n))
            }
        }
    }

    private func disagreement(_ other: Tensor) -> TensorError {
        TensorError(
            .shapeMismatch, at: "matmul", "the matrices do not fit together",
            found: "\(layout.shape) and \(other.layout.shape)",
            expected: "the last extent of the left one at the last but one axis of the right one",
            shapes: [shape, other.shape])
    }
}
