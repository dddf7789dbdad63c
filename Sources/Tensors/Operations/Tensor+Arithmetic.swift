import EmotionFormerCore

extension Tensor where Scalar: TensorNumber {
    /// Element by element with NumPy's broadcasting; whole numbers wrap around.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func adding(_ other: Tensor) throws(TensorError) -> Tensor { try combined(.add, other) }

    /// Element by element with NumPy's broadcasting; whole numbers wrap around.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func subtracting(_ other: Tensor) throws(TensorError) -> Tensor { try combined(.subtract, other) }

    /// Element by element with NumPy's broadcasting; whole numbers wrap around.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func multiplied(by other: Tensor) throws(TensorError) -> Tensor { try combined(.multiply, other) }

    /// Element by element with NumPy's broadcasting; quotients of whole numbers are cut towards 0, as Swift's are.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together; `invalidArgument` if a whole number is divided
    ///   by 0.
    public func divided(by other: Tensor) throws(TensorError) -> Tensor { try combined(.divide, other) }

    /// The larger of two elements, with NumPy's broadcasting; NaN if one of them is.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func maximum(_ other: Tensor) throws(TensorError) -> Tensor { try combined(.maximum, other) }

    /// The smaller of two elements, with NumPy's broadcasting; NaN if one of them is.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func minimum(_ other: Tensor) throws(TensorError) -> Tensor { try combined(.minimum, other) }

    /// Elements below `range` become its lower bound, elements above it its upper bound; NaN stays.
    public func clipped(to range: ClosedRange<Scalar>) -> Tensor {
        let low = Tensor(scalar: range.lowerBound)
        let high = Tensor(scalar: range.upperBound)
        return unfailing { () throws(TensorError) in try combined(.maximum, low).combined(.minimum, high) }
    }

    /// Like ``adding(_:)``; shapes that do not broadcast together end the program.
    public static func + (left: consuming Tensor, right: Tensor) -> Tensor {
        unfailing { () throws(TensorError) in try left.combine(.add, right) }
        return left
    }
    /// Like ``subtracting(_:)``; shapes that do not broadcast together end the program.
    public static func - (left: consuming Tensor, right: Tensor) -> Tensor {
        unfailing { () throws(TensorError) in try left.combine(.subtract, right) }
        return left
    }
    /// Like ``multiplied(by:)``; shapes that do not broadcast together end the program.
    public static func * (left: consuming Tensor, right: Tensor) -> Tensor {
        unfailing { () throws(TensorError) in try left.combine(.multiply, right) }
        return left
    }
    /// Like ``divided(by:)``; what throws there ends the program.
    public static func / (left: consuming Tensor, right: Tensor) -> Tensor {
        unfailing { () throws(TensorError) in try left.combine(.divide, right) }
        return left
    }

    public static func + (left: consuming Tensor, right: Scalar) -> Tensor { left + Tensor(scalar: right) }
    public static func - (left: consuming Tensor, right: Scalar) -> Tensor { left - Tensor(scalar: right) }
    public static func * (left: consuming Tensor, right: Scalar) -> Tensor { left * Tensor(scalar: right) }
    /// A whole number 0 ends the program.
    public static func / (left: consuming Tensor, right: Scalar) -> Tensor { left / Tensor(scalar: right) }
    public static func + (left: Scalar, right: Tensor) -> Tensor { Tensor(scalar: left) + right }
    public static func - (left: Scalar, right: Tensor) -> Tensor { Tensor(scalar: left) - right }
    public static func * (left: Scalar, right: Tensor) -> Tensor { Tensor(scalar: left) * right }
    /// A whole number divided by 0 ends the program.
    public static func / (left: Scalar, right: Tensor) -> Tensor { Tensor(scalar: left) / right }

    /// In place; the right shape must broadcast to the left one, otherwise the program ends.
    public static func += (left: inout Tensor, right: Tensor) { left.combineInPlace(.add, right) }
    public static func -= (left: inout Tensor, right: Tensor) { left.combineInPlace(.subtract, right) }
    public static func *= (left: inout Tensor, right: Tensor) { left.combineInPlace(.multiply, right) }
    /// A whole number divided by 0 ends the program too.
    public static func /= (left: inout Tensor, right: Tensor) { left.combineInPlace(.divide, right) }
    public static func += (left: inout Tensor, right: Scalar) { left += Tensor(scalar: right) }
    public static func -= (left: inout Tensor, right: Scalar) { left -= Tensor(scalar: right) }
    public static func *= (left: inout Tensor, right: Scalar) { left *= Tensor(scalar: right) }
    public static func /= (left: inout Tensor, right: Scalar) { left /= Tensor(scalar: right) }

    public static prefix func - (tensor: consuming Tensor) -> Tensor {
        tensor.map(.negate)
        return tensor
    }

    /// The elements without their signs; the least whole number stays, since there is no such positive one.
    public func magnitude() -> Tensor { mapped(.magnitude) }
    public func squared() -> Tensor { mapped(.square) }
    /// 1, 0 or −1; NaN stays.
    public func sign() -> Tensor { mapped(.sign) }
    /// max(x, 0)
    public func relu() -> Tensor { mapped(.relu) }

    func combined(_ operation: _PairOperation, _ other: Tensor) throws(TensorError) -> Tensor {
        var result = self
        try result.combine(operation, other)
        return result
    }

    private func mapped(_ operation: _NumberOperation) -> Tensor {
        var result = self
        result.map(operation)
        return result
    }

    private mutating func combineInPlace(_ operation: _PairOperation, _ other: Tensor) {
        unfailing { () throws(TensorError) in
            _ = try other.broadcast(to: shape)
            try combine(operation, other)
        }
    }

    /// Into the tensor's own memory if nobody else sees it and the result has its shape, into new memory otherwise.
    private mutating func combine(_ operation: _PairOperation, _ other: Tensor) throws(TensorError) {
        let shape = try named([self.shape, other.shape]) { () throws(Fault) in
            try Shape.broadcast(layout.shape, other.layout.shape)
        }
        let isOwn =
            shape == layout.shape && isContiguous && !storage.isShared && isKnownUniquelyReferenced(&storage)
        let target = isOwn ? self : Tensor(shape) { _ in }
        let layouts = try named { () throws(Fault) in
            [try layout.broadcast(to: shape), try other.layout.broadcast(to: shape), target.layout]
        }
        let walk = StridedWalk(layouts)
        var isDefined = true
        let (left, right, result) = (base, other.base, target.mutableBase)
        walk.forEachTriple { (first: Int, second: Int, third: Int) in
            let isGiven = Scalar._combine(
                operation, left + first, walk.steps[0], right + second, walk.steps[1], result + third, walk.count)
            isDefined = isDefined && isGiven
        }
        guard isDefined else {
            throw TensorError(
                .invalidArgument, at: "division", "a whole number is divided by 0", expected: "divisors other than 0",
                shapes: [self.shape, other.shape])
        }
        self = target
    }

    private mutating func map(_ operation: _NumberOperation) {
        let target = elementwiseTarget()
        let walk = StridedWalk([layout, target.layout])
        let (from, to) = (base, target.mutableBase)
        walk.forEachPair { (first: Int, second: Int) in
            Scalar._map(operation, from + first, walk.steps[0], to + second, walk.count)
        }
        self = target
    }
}

extension Tensor {
    /// Where the results of an operation on each element go: the tensor's own memory if nobody else sees it.
    mutating func elementwiseTarget() -> Tensor {
        if isContiguous, !storage.isShared, isKnownUniquelyReferenced(&storage) { return self }
        return Tensor(layout.shape) { _ in }
    }
}
