import EmotionFormerCore

extension Tensor {
    /// Whether elements are equal, one by one, with NumPy's broadcasting; shapes that do not broadcast end the program.
    public static func .== (left: Tensor, right: Tensor) -> Tensor<Bool> {
        unfailing { () throws(TensorError) in try left.equals(right, isEqual: true) }
    }
    public static func .!= (left: Tensor, right: Tensor) -> Tensor<Bool> {
        unfailing { () throws(TensorError) in try left.equals(right, isEqual: false) }
    }
    public static func .== (left: Tensor, right: Scalar) -> Tensor<Bool> { left .== Tensor(scalar: right) }
    public static func .!= (left: Tensor, right: Scalar) -> Tensor<Bool> { left .!= Tensor(scalar: right) }

    /// Whether elements are equal, one by one, with NumPy's broadcasting.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func isEqual(to other: Tensor) throws(TensorError) -> Tensor<Bool> { try equals(other, isEqual: true) }

    private func equals(_ other: Tensor, isEqual: Bool) throws(TensorError) -> Tensor<Bool> {
        try compared(other) { left, leftStep, right, rightStep, result, count in
            Scalar._compareForEquality(left, leftStep, right, rightStep, result, count, isEqual)
        }
    }

    fileprivate typealias RowComparison = (
        UnsafePointer<Scalar>, Int, UnsafePointer<Scalar>, Int, UnsafeMutablePointer<Bool>, Int
    ) -> Void

    fileprivate func compared(_ other: Tensor, _ compareRow: RowComparison) throws(TensorError) -> Tensor<Bool> {
        let shape = try named([self.shape, other.shape]) { () throws(Fault) in
            try Shape.broadcast(layout.shape, other.layout.shape)
        }
        let layouts = try named { () throws(Fault) in
            [try layout.broadcast(to: shape), try other.layout.broadcast(to: shape), StridedLayout(shape)]
        }
        return Tensor<Bool>(shape) { target in
            let walk = StridedWalk(layouts)
            walk.forEachTriple { (first: Int, second: Int, third: Int) in
                compareRow(
                    base + first, walk.steps[0], other.base + second, walk.steps[1], target + third, walk.count)
            }
        }
    }
}

extension Tensor where Scalar: TensorNumber {
    /// Comparisons one by one, with NumPy's broadcasting; shapes that do not broadcast end the program.
    public static func .< (left: Tensor, right: Tensor) -> Tensor<Bool> { left.ordered(.less, right) }
    public static func .<= (left: Tensor, right: Tensor) -> Tensor<Bool> { left.ordered(.lessOrEqual, right) }
    public static func .> (left: Tensor, right: Tensor) -> Tensor<Bool> { left.ordered(.greater, right) }
    public static func .>= (left: Tensor, right: Tensor) -> Tensor<Bool> { left.ordered(.greaterOrEqual, right) }
    public static func .< (left: Tensor, right: Scalar) -> Tensor<Bool> { left .< Tensor(scalar: right) }
    public static func .<= (left: Tensor, right: Scalar) -> Tensor<Bool> { left .<= Tensor(scalar: right) }
    public static func .> (left: Tensor, right: Scalar) -> Tensor<Bool> { left .> Tensor(scalar: right) }
    public static func .>= (left: Tensor, right: Scalar) -> Tensor<Bool> { left .>= Tensor(scalar: right) }

    /// Whether elements are less than others, one by one, with NumPy's broadcasting.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func isLess(than other: Tensor) throws(TensorError) -> Tensor<Bool> {
        try compared(other) { Scalar._compare(.less, $0, $1, $2, $3, $4, $5) }
    }

    private func ordered(_ order: _Order, _ other: Tensor) -> Tensor<Bool> {
        unfailing { () throws(TensorError) in
            try compared(other) { Scalar._compare(order, $0, $1, $2, $3, $4, $5) }
        }
    }
}

extension Tensor where Scalar: TensorFloat {
    /// Whether the shapes are the same and every element of both is within a tolerance of the other, by NumPy's rule:
    /// |a − b| ≤ absolute + relative·|b|.
    /// - Parameter equalNaN: whether two NaNs count as close.
    public func isClose(
        to other: Tensor, relativeTolerance: Scalar = 1e-5, absoluteTolerance: Scalar = 1e-8, equalNaN: Bool = false
    ) -> Bool {
        guard shape == other.shape else { return false }
        let walk = StridedWalk([layout, other.layout])
        var isClose = true
        walk.forEachPair { (first: Int, second: Int) in
            for index in 0..<walk.count where isClose {
                let a = base[first + index * walk.steps[0]]
                let b = other.base[second + index * walk.steps[1]]
                // Equal infinities are close; the difference of two is none.
                isClose =
                    a == b || (a - b).magnitude <= absoluteTolerance + relativeTolerance * b.magnitude && b.isFinite
                    || equalNaN && a.isNaN && b.isNaN
            }
        }
        return isClose
    }
}

extension Tensor where Scalar == Bool {
    /// Both, either, exactly one, or not: one by one, with NumPy's broadcasting. Shapes that do not broadcast end the
    /// program.
    public static func .& (left: Tensor, right: Tensor) -> Tensor { left.joined(right) { $0 && $1 } }
    public static func .| (left: Tensor, right: Tensor) -> Tensor { left.joined(right) { $0 || $1 } }
    public static func .^ (left: Tensor, right: Tensor) -> Tensor { left .!= right }
    public static prefix func .! (tensor: Tensor) -> Tensor { tensor .== false }

    private func joined(_ other: Tensor, _ body: (Bool, Bool) -> Bool) -> Tensor {
        unfailing { () throws(TensorError) in
            try compared(other) { pairs($0, $1, $2, $3, $4, $5, body) }
        }
    }

    /// Elements of one tensor where this one is true, of another where it is false, with NumPy's broadcasting: `where`.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func select<Element>(
        _ chosen: Tensor<Element>, otherwise other: Tensor<Element>
    ) throws(TensorError) -> Tensor<Element> {
        let shape = try named([shape, chosen.shape, other.shape]) { () throws(Fault) in
            try Shape.broadcast(layout.shape, Shape.broadcast(chosen.layout.shape, other.layout.shape))
        }
        let layouts = try named { () throws(Fault) in
            [
                try layout.broadcast(to: shape), try chosen.layout.broadcast(to: shape),
                try other.layout.broadcast(to: shape), StridedLayout(shape),
            ]
        }
        return Tensor<Element>(shape) { target in
            let walk = StridedWalk(layouts)
            walk.forEachQuadruple { (first: Int, second: Int, third: Int, fourth: Int) in
                Element._select(
                    base + first, walk.steps[0], chosen.base + second, walk.steps[1], other.base + third,
                    walk.steps[2], target + fourth, walk.count)
            }
        }
    }
}
