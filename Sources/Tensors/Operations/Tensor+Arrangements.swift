import EmotionFormerCore

extension Tensor {
    /// Tensors one after the other along an axis that they have.
    /// - Throws: `shapeMismatch` if the other extents differ, or if there are no tensors; `invalidArgument` for an axis
    ///   that is not there.
    public static func concatenate(_ tensors: [Tensor], axis: Int = 0) throws(TensorError) -> Tensor {
        guard let first = tensors.first else {
            throw TensorError(.shapeMismatch, at: "concatenate", "there are no tensors to concatenate")
        }
        let place = try named([first.shape]) { () throws(Fault) in try first.layout.shape.axis(axis) }
        var extents = first.shape
        extents[place] = 0
        for tensor in tensors {
            var others = tensor.shape
            guard tensor.rank == first.rank else { throw differing(first, tensor, axis) }
            let length = others[place]
            (others[place], extents[place]) = (extents[place], extents[place])
            guard others == extents else { throw differing(first, tensor, axis) }
            let (sum, overflows) = extents[place].addingReportingOverflow(length)
            extents[place] = overflows ? .max : sum
        }
        let shape = try checked(extents)
        let target = StridedLayout(shape)
        var parts: [StridedLayout] = []
        var start = 0
        for tensor in tensors {
            let end = start + tensor.shape[place]
            parts.append(try named { () throws(Fault) in try target.sliced(axis: place, start..<end) })
            start = end
        }
        return Tensor(shape) { result in
            for (tensor, part) in zip(tensors, parts) { copyElements(tensor.layout, tensor.base, part, result) }
        }
    }

    /// Tensors of one shape along a new axis.
    /// - Throws: `shapeMismatch` if the shapes differ, or if there are no tensors; `invalidArgument` if there is no such
    ///   place for an axis.
    public static func stack(_ tensors: [Tensor], axis: Int = 0) throws(TensorError) -> Tensor {
        var expanded: [Tensor] = []
        for tensor in tensors {
            if let first = tensors.first, first.shape != tensor.shape {
                throw TensorError(
                    .shapeMismatch, at: "stack", "the tensors are not of one shape", found: "\(tensor.layout.shape)",
                    expected: "\(first.layout.shape)", shapes: [first.shape, tensor.shape])
            }
            expanded.append(try tensor.expanded(at: axis))
        }
        let rank = (tensors.first?.rank ?? 0) + 1
        return try concatenate(expanded, axis: axis < 0 ? axis + rank : axis)
    }

    private static func differing(_ first: Tensor, _ other: Tensor, _ axis: Int) -> TensorError {
        TensorError(
            .shapeMismatch, at: "concatenate along axis \(axis)", "the other axes differ",
            found: "\(first.layout.shape) and \(other.layout.shape)", expected: "the same extents on all other axes",
            shapes: [first.shape, other.shape])
    }

    /// The tensor several times along each axis.
    /// - Parameter repetitions: one for each axis.
    /// - Throws: `invalidArgument` for another number of repetitions, or a negative one; `tooLarge`.
    public func tiled(_ repetitions: [Int]) throws(TensorError) -> Tensor {
        guard repetitions.count == rank, repetitions.allSatisfy({ $0 >= 0 }) else {
            throw TensorError(
                .invalidArgument, at: "tile", "there must be a number of repetitions for each axis",
                found: "\(repetitions)", expected: "\(rank) numbers from 0 on", shapes: [shape])
        }
        // Each axis becomes two: the repetitions, stretched, and itself.
        var (view, stretched) = (self, [Int]())
        for axis in 0..<rank {
            view = try view.expanded(at: 2 * axis)
            stretched += [repetitions[axis], shape[axis]]
        }
        var extents: [Int] = []
        for (extent, times) in zip(shape, repetitions) {
            let (product, overflows) = extent.multipliedReportingOverflow(by: times)
            extents.append(overflows ? .max : product)
        }
        _ = try Tensor.checked(extents)
        return try view.broadcast(to: stretched).reshaped(to: extents)
    }

    /// The parts at some indices of an axis, in their order: NumPy's `take`. The axis is replaced by those of `indices`.
    /// - Parameter indices: negative ones count from the end.
    /// - Throws: `outOfBounds` for an index that is not there; `invalidArgument` for an axis that is not there.
    public func gather<Index: TensorNumber & FixedWidthInteger>(
        _ indices: Tensor<Index>, axis: Int = 0
    ) throws(TensorError) -> Tensor {
        let place = try named([shape]) { () throws(Fault) in try layout.shape.axis(axis) }
        let length = shape[place]
        var numbers: [Int] = []
        for index in indices.scalars { numbers.append(try resolved(Int(clamping: index), place, length)) }
        let extents = Array(shape[..<place]) + indices.shape + Array(shape[(place + 1)...])
        let shape = try Tensor.checked(extents)
        let flat = try named { () throws(Fault) in
            StridedLayout(try Shape(Array(self.shape[..<place]) + [numbers.count] + Array(self.shape[(place + 1)...])))
        }
        var parts: [(StridedLayout, StridedLayout)] = []
        for (target, source) in numbers.enumerated() {
            parts.append(
                try named { () throws(Fault) in
                    (
                        try layout.selected(axis: place, index: source),
                        try flat.selected(axis: place, index: target)
                    )
                })
        }
        return Tensor(shape) { result in
            for (source, target) in parts { copyElements(source, base, target, result) }
        }
    }

    /// For each place, the element at an index of its own along an axis: NumPy's `take_along_axis`.
    /// - Parameter indices: the same shape except along the axis; negative ones count from the end.
    /// - Throws: `shapeMismatch`; `outOfBounds` for an index that is not there; `invalidArgument`.
    public func gatherAlong<Index: TensorNumber & FixedWidthInteger>(
        _ indices: Tensor<Index>, axis: Int = -1
    ) throws(TensorError) -> Tensor {
        let place = try named([shape]) { () throws(Fault) in try layout.shape.axis(axis) }
        var expected = shape
        if indices.rank == rank { expected[place] = indices.shape[place] }
        guard indices.shape == expected else {
            throw TensorError(
                .shapeMismatch, at: "gather along axis \(axis)", "the shapes differ on another axis",
                found: "\(layout.shape) and \(indices.layout.shape)", shapes: [shape, indices.shape])
        }
        var numbers: [Int] = []
        for index in indices.scalars { numbers.append(try resolved(Int(clamping: index), place, shape[place])) }
        let target = StridedLayout(indices.layout.shape)
        guard indices.count > 0 else { return Tensor(indices.layout.shape) { _ in } }
        let outer = try named { () throws(Fault) in
            [try layout.selected(axis: place, index: 0), try target.selected(axis: place, index: 0)]
        }
        return Tensor(indices.layout.shape) { result in
            let walk = StridedWalk(outer)
            walk.forEachPair { (first: Int, second: Int) in
                for index in 0..<walk.count {
                    let (from, to) = (first + index * walk.steps[0], second + index * walk.steps[1])
                    for number in 0..<indices.shape[place] {
                        let cell = to + number * target.strides[place]
                        result[cell] = base[from + numbers[cell] * layout.strides[place]]
                    }
                }
            }
        }
    }

    private func resolved(_ index: Int, _ axis: Int, _ length: Int) throws(TensorError) -> Int {
        let place = index < 0 ? index &+ length : index
        guard place >= 0, place < length else {
            throw TensorError(
                .outOfBounds, at: "axis \(axis)", "there is no such index", found: "\(index)",
                expected: "within \(layout.shape)", shapes: [shape])
        }
        return place
    }

    /// The elements where a mask of the same shape is true, in row-major order along one axis.
    /// - Throws: `shapeMismatch` if the shapes differ.
    public func elements(where mask: Tensor<Bool>) throws(TensorError) -> Tensor {
        guard mask.shape == shape else {
            throw TensorError(
                .shapeMismatch, at: "mask", "the mask is not of the tensor's shape", found: "\(mask.layout.shape)",
                expected: "\(layout.shape)", shapes: [shape, mask.shape])
        }
        return Tensor(zip(scalars, mask.scalars).filter(\.1).map(\.0))
    }
}

extension Tensor where Scalar: TensorNumber {
    /// The places of the elements along an axis in ascending order of the elements; equal ones keep their order, NaN comes
    /// last.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func argSorted(axis: Int = -1, descending: Bool = false) throws(TensorError) -> Tensor<Int64> {
        let place = try named([shape]) { () throws(Fault) in try layout.shape.axis(axis) }
        let target = StridedLayout(layout.shape)
        guard count > 0 else { return Tensor<Int64>(layout.shape) { _ in } }
        let outer = try named { () throws(Fault) in
            [try layout.selected(axis: place, index: 0), try target.selected(axis: place, index: 0)]
        }
        return Tensor<Int64>(layout.shape) { result in
            let walk = StridedWalk(outer)
            walk.forEachPair { (first: Int, second: Int) in
                for index in 0..<walk.count {
                    let from = base + (first + index * walk.steps[0])
                    let to = result + (second + index * walk.steps[1])
                    let row = (0..<shape[place]).map { from[$0 * layout.strides[place]] }
                    for (number, source) in order(row, descending).enumerated() {
                        to[number * target.strides[place]] = Int64(source)
                    }
                }
            }
        }
    }

    private func order(_ row: [Scalar], _ descending: Bool) -> [Int] {
        row.indices.sorted { left, right in
            let (a, b) = (row[left], row[right])
            if a._isNaN || b._isNaN { return a._isNaN == b._isNaN ? left < right : b._isNaN }
            return a == b ? left < right : descending ? a > b : a < b
        }
    }

    /// The elements along an axis in ascending order; NaN comes last.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func sorted(axis: Int = -1, descending: Bool = false) throws(TensorError) -> Tensor {
        try gatherAlong(argSorted(axis: axis, descending: descending), axis: axis)
    }

    /// The largest elements along an axis, the largest first, and their places; of equal ones the first come first.
    /// - Throws: `invalidArgument` for an axis that is not there, or if it has fewer elements.
    public func topK(
        _ number: Int, axis: Int = -1
    ) throws(TensorError) -> (values: Tensor, indices: Tensor<Int64>) {
        let place = try named([shape]) { () throws(Fault) in try layout.shape.axis(axis) }
        guard number >= 0, number <= shape[place] else {
            throw TensorError(
                .invalidArgument, at: "top \(number) of axis \(axis)", "the axis does not have so many elements",
                found: "\(layout.shape)", expected: "at most \(shape[place])", shapes: [shape])
        }
        let sorted = try argSorted(axis: place, descending: true)
        let part = try named { () throws(Fault) in try sorted.layout.sliced(axis: place, 0..<number) }
        let indices = Tensor<Int64>(storage: sorted.storage, layout: part).contiguous()
        return (try gatherAlong(indices, axis: place), indices)
    }
}
