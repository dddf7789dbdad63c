import EmotionFormerCore

extension Tensor where Scalar: TensorNumber {
    /// The sum of all elements, 0 if there are none. Sums of whole numbers are 64 bits wide and wrap around.
    public func sum() -> Scalar.Sum { total { (tensor) throws(TensorError) in try tensor.sum(axes: []) } }

    /// The product of all elements, 1 if there are none.
    public func product() -> Scalar.Sum { total { (tensor) throws(TensorError) in try tensor.product(axes: []) } }

    /// The largest element; NaN if one is.
    /// - Throws: `shapeMismatch` for a tensor without elements.
    public func max() throws(TensorError) -> Scalar { try max(axes: []).scalar() }

    /// The smallest element; NaN if one is.
    /// - Throws: `shapeMismatch` for a tensor without elements.
    public func min() throws(TensorError) -> Scalar { try min(axes: []).scalar() }

    /// Sums along axes; those of floating-point numbers are added so that the error hardly grows with their number.
    /// - Parameters:
    ///   - axes: all if none are given; negative ones count from the last.
    ///   - keepingAxes: whether the axes stay, with extent 1.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice.
    public func sum(axes: Int..., keepingAxes: Bool = false) throws(TensorError) -> Tensor<Scalar.Sum> {
        try sum(axes: axes, keepingAxes: keepingAxes)
    }

    /// Products along axes.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice.
    public func product(axes: Int..., keepingAxes: Bool = false) throws(TensorError) -> Tensor<Scalar.Sum> {
        try product(axes: axes, keepingAxes: keepingAxes)
    }

    /// The largest elements along axes; NaN where one is.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice; `shapeMismatch` if there are no
    ///   elements to choose from.
    public func max(axes: Int..., keepingAxes: Bool = false) throws(TensorError) -> Tensor {
        try max(axes: axes, keepingAxes: keepingAxes)
    }

    /// The smallest elements along axes; NaN where one is.
    /// - Throws: like ``max(axes:keepingAxes:)``.
    public func min(axes: Int..., keepingAxes: Bool = false) throws(TensorError) -> Tensor {
        try min(axes: axes, keepingAxes: keepingAxes)
    }

    /// The index of the first largest element along an axis; of the first NaN if there is one.
    /// - Throws: `invalidArgument` for an axis that is not there; `shapeMismatch` if it has no elements.
    public func argMax(axis: Int = -1, keepingAxes: Bool = false) throws(TensorError) -> Tensor<Int64> {
        try places(axis, keepingAxes, isLargest: true)
    }

    /// The index of the first smallest element along an axis; of the first NaN if there is one.
    /// - Throws: like ``argMax(axis:keepingAxes:)``.
    public func argMin(axis: Int = -1, keepingAxes: Bool = false) throws(TensorError) -> Tensor<Int64> {
        try places(axis, keepingAxes, isLargest: false)
    }

    /// Sums along an axis from its beginning up to and with each element.
    /// - Throws: `invalidArgument` for an axis that is not there.
    public func cumulativeSum(axis: Int = -1) throws(TensorError) -> Tensor<Scalar.Sum> {
        let place = try named([shape]) { () throws(Fault) in try layout.shape.axis(axis) }
        let target = StridedLayout(layout.shape)
        guard count > 0 else { return Tensor<Scalar.Sum>(layout.shape) { _ in } }
        let outer = try named { () throws(Fault) in
            [try layout.selected(axis: place, index: 0), try target.selected(axis: place, index: 0)]
        }
        return Tensor<Scalar.Sum>(layout.shape) { result in
            let walk = StridedWalk(outer)
            walk.forEachPair { (first: Int, second: Int) in
                for index in 0..<walk.count {
                    Scalar._sumUp(
                        base + (first + index * walk.steps[0]), layout.strides[place],
                        result + (second + index * walk.steps[1]), target.strides[place], shape[place])
                }
            }
        }
    }

    func sum(
        axes: [Int], keepingAxes: Bool = false, squares: Bool = false
    ) throws(TensorError) -> Tensor<Scalar.Sum> {
        let axes = try reduced(axes, keepingAxes)
        return Tensor<Scalar.Sum>(axes.shape) { result in
            if let walk = axes.sideBySide {
                addRows(axes, walk, result, squares: squares)
                return
            }
            axes.forEachResult { place, first in
                var total: Scalar.Sum = 0
                axes.forEachRow(of: first) {
                    let sum = Scalar._sum(base + $0, axes.reduced.steps[0], axes.reduced.count, squares: squares)
                    total = total.combined(.add, sum)
                }
                result[place] = total
            }
        }
    }

    /// Rows are added to sums of few rows, and these to the result: errors stay small where there are many.
    private func addRows(
        _ axes: ReducedAxes, _ walk: StridedWalk, _ result: UnsafeMutablePointer<Scalar.Sum>, squares: Bool
    ) {
        let partRows = 64
        withUnsafeTemporaryAllocation(of: Scalar.Sum.self, capacity: walk.count) { part in
            guard let sums = part.baseAddress else { return }
            walk.forEachPair { (first: Int, place: Int) in
                let target = result + place
                target.initialize(repeating: 0, count: walk.count)
                axes.forEachRow(of: first) { start in
                    for row in stride(from: 0, to: axes.reduced.count, by: partRows) {
                        sums.initialize(repeating: 0, count: walk.count)
                        Scalar._addRows(
                            base + (start + row * axes.reduced.steps[0]), axes.reduced.steps[0],
                            Swift.min(partRows, axes.reduced.count - row), sums, walk.count, squares: squares)
                        _ = Scalar.Sum._combine(.add, target, 1, sums, 1, target, walk.count)
                    }
                }
            }
        }
    }

    private func product(axes: [Int], keepingAxes: Bool = false) throws(TensorError) -> Tensor<Scalar.Sum> {
        let axes = try reduced(axes, keepingAxes)
        return Tensor<Scalar.Sum>(axes.shape) { result in
            axes.forEachResult { place, first in
                var total: Scalar.Sum = 1
                axes.forEachRow(of: first) { start in
                    let factor = Scalar._product(base + start, axes.reduced.steps[0], axes.reduced.count)
                    total = total.combined(.multiply, factor)
                }
                result[place] = total
            }
        }
    }

    private func max(axes: [Int], keepingAxes: Bool = false) throws(TensorError) -> Tensor {
        try extremes(axes, keepingAxes, isLargest: true)
    }

    private func min(axes: [Int], keepingAxes: Bool = false) throws(TensorError) -> Tensor {
        try extremes(axes, keepingAxes, isLargest: false)
    }

    private func extremes(_ axes: [Int], _ keepingAxes: Bool, isLargest: Bool) throws(TensorError) -> Tensor {
        let axes = try reduced(axes, keepingAxes)
        guard axes.reducedCount > 0 else { throw nothingToChoose() }
        return Tensor(axes.shape) { result in
            axes.forEachResult { place, first in
                var best: Scalar?
                axes.forEachRow(of: first) { start in
                    let next = Scalar._extreme(
                        base + start, axes.reduced.steps[0], axes.reduced.count, isLargest: isLargest)
                    best = best?.combined(isLargest ? .maximum : .minimum, next) ?? next
                }
                if let best { result[place] = best }
            }
        }
    }

    private func places(_ axis: Int, _ keepingAxes: Bool, isLargest: Bool) throws(TensorError) -> Tensor<Int64> {
        let axes = try reduced([axis], keepingAxes)
        guard axes.reducedCount > 0 else { throw nothingToChoose() }
        return Tensor<Int64>(axes.shape) { result in
            axes.forEachResult { place, first in
                axes.forEachRow(of: first) { start in
                    result[place] = Int64(
                        Scalar._placeOfExtreme(
                            base + start, axes.reduced.steps[0], axes.reduced.count, isLargest: isLargest))
                }
            }
        }
    }

    private func nothingToChoose() -> TensorError {
        TensorError(
            .shapeMismatch, at: "reduction", "there are no elements to choose from", found: "\(layout.shape)",
            expected: "at least one element", shapes: [shape])
    }

    private func total(
        _ reduce: (Tensor) throws(TensorError) -> Tensor<Scalar.Sum>
    ) -> Scalar.Sum {
        unfailing { () throws(TensorError) in try reduce(self).scalar() }
    }

    func reduced(_ axes: [Int], _ keepsAxes: Bool) throws(TensorError) -> ReducedAxes {
        try named([shape]) { () throws(Fault) in try ReducedAxes(layout, axes, keepsAxes: keepsAxes) }
    }
}

extension Tensor where Scalar: TensorFloat {
    /// The mean of all elements; NaN if there are none.
    public func mean() -> Scalar { sum() / Scalar(count) }

    /// Means along axes; NaN where there are no elements.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice.
    public func mean(axes: Int..., keepingAxes: Bool = false) throws(TensorError) -> Tensor {
        try mean(axes: axes, keepingAxes: keepingAxes)
    }

    /// Variances along axes, in two passes: the mean of the squared differences from the mean.
    /// - Parameter correction: what is subtracted from the number of elements before dividing: 1 for a sample's estimate.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice.
    public func variance(
        axes: Int..., correction: Scalar = 0, keepingAxes: Bool = false
    ) throws(TensorError) -> Tensor {
        try variance(axes, correction, keepingAxes)
    }

    /// Square roots of ``variance(axes:correction:keepingAxes:)``.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice.
    public func standardDeviation(
        axes: Int..., correction: Scalar = 0, keepingAxes: Bool = false
    ) throws(TensorError) -> Tensor {
        try variance(axes, correction, keepingAxes).squareRoot()
    }

    private func mean(axes: [Int], keepingAxes: Bool) throws(TensorError) -> Tensor {
        try sum(axes: axes, keepingAxes: keepingAxes) / Scalar(reduced(axes, keepingAxes).reducedCount)
    }

    private func variance(_ axes: [Int], _ correction: Scalar, _ keepingAxes: Bool) throws(TensorError) -> Tensor {
        let centered = try subtracting(mean(axes: axes, keepingAxes: true))
        let divisor = Scalar(try reduced(axes, keepingAxes).reducedCount) - correction
        return try centered.sum(axes: axes, keepingAxes: keepingAxes, squares: true) / divisor
    }
}

extension Tensor where Scalar == Bool {
    /// Whether every element is true; true if there are none.
    public func all() -> Bool { !scalars.contains(false) }
    /// Whether an element is true.
    public func any() -> Bool { scalars.contains(true) }
    /// How many elements are true.
    public func countOfTrue() -> Int { scalars.reduce(0) { $0 + ($1 ? 1 : 0) } }

    /// Whether every element along axes is true.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice.
    public func all(axes: Int..., keepingAxes: Bool = false) throws(TensorError) -> Tensor {
        try tested(axes, keepingAxes, startingWith: true) { $0 && $1 }
    }

    /// Whether an element along axes is true.
    /// - Throws: `invalidArgument` for an axis that is not there, or is there twice.
    public func any(axes: Int..., keepingAxes: Bool = false) throws(TensorError) -> Tensor {
        try tested(axes, keepingAxes, startingWith: false) { $0 || $1 }
    }

    private func tested(
        _ axes: [Int], _ keepingAxes: Bool, startingWith start: Bool, _ join: (Bool, Bool) -> Bool
    ) throws(TensorError) -> Tensor {
        let axes = try named([shape]) { () throws(Fault) in try ReducedAxes(layout, axes, keepsAxes: keepingAxes) }
        return Tensor(axes.shape) { result in
            axes.forEachResult { place, first in
                var total = start
                axes.forEachRow(of: first) { row in
                    for index in 0..<axes.reduced.count {
                        total = join(total, base[row + index * axes.reduced.steps[0]])
                    }
                }
                result[place] = total
            }
        }
    }
}
