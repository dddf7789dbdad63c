package import EmotionFormerCore

/// An array of numbers or Booleans with any number of axes: a value, whose copies share memory until one is changed.
///
/// Slices, transpositions and broadcasts are views: tensors with other strides on the same memory. A view that is changed
/// gets memory of its own first, so no change of one tensor is ever seen in another.
///
/// ```swift
/// let x = try Tensor<Float>([[1, 2, 3], [4, 5, 6]])
/// let y = x.transposed() * 2
/// print(y[1, 0])          // a tensor without axes: 4.0
/// ```
///
/// What can fail throws ``TensorError``. Operators and subscripts cannot throw: there a shape that does not fit, or an
/// index that is not there, ends the program with the error's line, as those of `Array` do. Each has a throwing method
/// beside it.
public struct Tensor<Scalar: TensorScalar>: Sendable {
    package var storage: TensorStorage
    package var layout: StridedLayout

    package init(storage: TensorStorage, layout: StridedLayout) {
        self.storage = storage
        self.layout = layout
    }

    /// The extents, outermost axis first; empty for a tensor without axes, which has one element.
    public var shape: [Int] { layout.shape.extents }

    /// The number of axes.
    public var rank: Int { layout.shape.rank }

    /// The number of elements.
    public var count: Int { layout.shape.elementCount }

    /// Elements from one index of an axis to the next: negative on a reversed axis, 0 on a stretched one.
    public var strides: [Int] { layout.strides }

    /// Whether the elements lie one after the other in row-major order.
    public var isContiguous: Bool { layout.isContiguous }
}

// MARK: Making tensors

extension Tensor {
    /// A tensor of elements in row-major order.
    /// - Throws: `shapeMismatch` if there are more or fewer elements than the shape has; `invalidArgument` for a negative
    ///   extent; `tooLarge`.
    public init(_ scalars: [Scalar], shape: [Int]) throws(TensorError) {
        let shape = try Tensor.checked(shape)
        guard scalars.count == shape.elementCount else {
            throw TensorError(
                .shapeMismatch, at: "tensor", "the number of elements does not fit the shape",
                found: "\(scalars.count)", expected: "\(shape.elementCount) for \(shape)", shapes: [shape.extents])
        }
        self.init(shape) { target in
            scalars.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress else { return }
                target.initialize(from: from, count: source.count)
            }
        }
    }

    /// A tensor with one axis.
    public init(_ scalars: [Scalar]) {
        self.init(Shape(unchecked: [scalars.count])) { target in
            scalars.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress else { return }
                target.initialize(from: from, count: source.count)
            }
        }
    }

    /// A tensor with two axes.
    /// - Throws: `shapeMismatch` if the rows are not of the same length.
    public init(_ rows: [[Scalar]]) throws(TensorError) {
        let columns = rows.first?.count ?? 0
        if let odd = rows.firstIndex(where: { $0.count != columns }) {
            throw TensorError(
                .shapeMismatch, at: "row \(odd)", "the rows are not of the same length",
                found: "\(rows[odd].count) elements", expected: "\(columns)")
        }
        try self.init(rows.flatMap { $0 }, shape: [rows.count, columns])
    }

    /// A tensor without axes.
    public init(scalar: Scalar) {
        self.init(.scalar) { $0.initialize(to: scalar) }
    }

    /// A tensor whose elements are all the same.
    /// - Throws: `invalidArgument` for a negative extent; `tooLarge`.
    public init(repeating scalar: Scalar, shape: [Int]) throws(TensorError) {
        let shape = try Tensor.checked(shape)
        self.init(shape) { $0.initialize(repeating: scalar, count: shape.elementCount) }
    }

    /// A new row-major tensor whose elements `fill` writes, all of them.
    init(_ shape: Shape, fill: (UnsafeMutablePointer<Scalar>) -> Void) {
        storage = TensorStorage(uninitializedByteCount: shape.elementCount &* MemoryLayout<Scalar>.stride)
        layout = StridedLayout(shape)
        if let start = storage.bytes.baseAddress { fill(start.assumingMemoryBound(to: Scalar.self)) }
    }

    static func checked(_ extents: [Int]) throws(TensorError) -> Shape {
        let shape = try named([extents]) { () throws(Fault) in try Shape(extents) }
        let most = largestByteCount / MemoryLayout<Scalar>.stride
        guard shape.elementCount <= most else {
            throw TensorError(
                .tooLarge, at: "shape \(shape)", "the shape has too many elements", found: "\(shape.elementCount)",
                expected: "at most \(most)", shapes: [extents])
        }
        return shape
    }

    /// 1 TiB. Memory that the system does not have ends the program, as for Swift's own collections.
    private static var largestByteCount: Int { 1 << 40 }
}

extension Tensor where Scalar: TensorNumber {
    /// A tensor of zeros.
    /// - Throws: `invalidArgument` for a negative extent; `tooLarge`.
    public static func zeros(_ shape: [Int]) throws(TensorError) -> Tensor { try Tensor(repeating: 0, shape: shape) }

    /// A tensor of ones.
    /// - Throws: `invalidArgument` for a negative extent; `tooLarge`.
    public static func ones(_ shape: [Int]) throws(TensorError) -> Tensor { try Tensor(repeating: 1, shape: shape) }

    /// The identity matrix: ones where both indices are the same, zeros elsewhere.
    /// - Throws: `invalidArgument` for a negative size; `tooLarge`.
    public static func identity(_ size: Int) throws(TensorError) -> Tensor {
        let shape = try checked([size, size])
        return Tensor(shape) { target in
            target.initialize(repeating: 0, count: shape.elementCount)
            for index in 0..<size { target[index * size + index] = 1 }
        }
    }

    /// Whole numbers from 0 up to and without `end`: `Tensor<Float>.range(3)` is 0, 1, 2.
    /// - Throws: `invalidArgument` for a number that the type cannot hold; `tooLarge`.
    public static func range(_ end: Int) throws(TensorError) -> Tensor { try range(from: 0, to: end) }

    /// Whole numbers from the first up to and without `end`.
    /// - Throws: `invalidArgument` for a number that the type cannot hold; `tooLarge`.
    public static func range(from first: Int, to end: Int) throws(TensorError) -> Tensor {
        let (length, overflows) = end.subtractingReportingOverflow(first)
        let shape = try checked([overflows ? .max : Swift.max(length, 0)])
        let count = shape.elementCount
        guard count == 0 || Scalar(exactly: first) != nil && Scalar(exactly: end - 1) != nil else {
            throw TensorError(
                .invalidArgument, at: "range", "the type cannot hold all of these numbers",
                found: "\(first)..<\(end)", expected: "numbers that \(Scalar.self) holds")
        }
        return Tensor(shape) { target in
            for index in 0..<count { (target + index).initialize(to: Scalar(exactly: first + index) ?? 0) }
        }
    }
}

extension Tensor where Scalar: TensorFloat {
    /// Numbers at equal distances, both ends included: NumPy's `linspace`.
    /// - Throws: `invalidArgument` for a negative number of elements; `tooLarge`.
    public static func evenlySpaced(from first: Scalar, through last: Scalar, count: Int) throws(TensorError) -> Tensor
    {
        let shape = try checked([count])
        let step = count > 1 ? (last - first) / Scalar(count - 1) : 0
        return Tensor(shape) { target in
            for index in 0..<count {
                (target + index).initialize(to: index > 0 && index == count - 1 ? last : first + Scalar(index) * step)
            }
        }
    }
}

// MARK: Elements

extension Tensor {
    /// The elements in row-major order. Complexity: O(elements).
    public var scalars: [Scalar] { withUnsafeBufferPointer { Array($0) } }

    /// The element of a tensor that has one, whatever its axes.
    /// - Throws: `shapeMismatch` for a tensor with more or fewer elements.
    public func scalar() throws(TensorError) -> Scalar {
        guard count == 1 else {
            throw TensorError(
                .shapeMismatch, at: "scalar", "the tensor does not have one element", found: "\(layout.shape)",
                expected: "1 element", shapes: [shape])
        }
        return base[layout.offset]
    }

    /// One element, by an index for each axis; negative ones count from the end.
    ///
    /// A wrong number of indices, or one that is not there, ends the program.
    public subscript(element indices: Int...) -> Scalar {
        get { base[unfailing { () throws(TensorError) in try place(indices) }] }
        set {
            makeUnique()
            mutableBase[unfailing { () throws(TensorError) in try place(indices) }] = newValue
        }
    }

    private func place(_ indices: [Int]) throws(TensorError) -> Int {
        guard indices.count == rank else {
            throw TensorError(
                .invalidArgument, at: "element", "there must be an index for each axis", found: "\(indices)",
                expected: "\(rank) indices", shapes: [shape])
        }
        return try named([shape]) { () throws(Fault) in
            var place = layout.offset
            for (axis, index) in indices.enumerated() {
                let resolved = index < 0 ? index &+ layout.shape[axis] : index
                guard resolved >= 0, resolved < layout.shape[axis] else {
                    throw Fault(
                        .outOfBounds, at: "axis \(axis)", "there is no such index", found: "\(index)",
                        expected: "within \(layout.shape)")
                }
                place += resolved * layout.strides[axis]
            }
            return place
        }
    }

    /// The same elements, one after the other in row-major order.
    ///
    /// Complexity: O(elements), or O(1) if they lie so already.
    public func contiguous() -> Tensor {
        if isContiguous { return self }
        return Tensor(layout.shape) { target in
            copyElements(layout, base, StridedLayout(layout.shape), target)
        }
    }

    /// Gives the elements in row-major order, at a multiple of 4 bytes at least; copied first if they do not lie so. The
    /// pointer is valid during `body` only.
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let rows = contiguous()
        defer { withExtendedLifetime(rows.storage) {} }
        return try body(UnsafeBufferPointer(start: rows.base + rows.layout.offset, count: count))
    }

    /// Gives the elements in row-major order, to be changed; they get memory of their own first if others see them. The
    /// pointer is valid during `body` only.
    public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if !isContiguous { self = contiguous() }
        makeUnique()
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: mutableBase + layout.offset, count: count))
    }

    /// The first element of the memory.
    var base: UnsafePointer<Scalar> { UnsafePointer(mutableBase) }

    var mutableBase: UnsafeMutablePointer<Scalar> {
        // A storage always has memory: 64 bytes at least.
        storage.bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Scalar.self)
    }

    /// Memory of its own, of this tensor's elements alone, for a tensor that is about to be changed.
    mutating func makeUnique() {
        // A stretched axis has one element at several indices: each index gets its own.
        let repeats = zip(layout.strides, shape).contains { $0 == 0 && $1 > 1 }
        if repeats || storage.isShared || !isKnownUniquelyReferenced(&storage) {
            let copy = Tensor(layout.shape) { target in
                copyElements(layout, base, StridedLayout(layout.shape), target)
            }
            self = copy
        }
    }
}

extension Tensor: Equatable {
    /// Whether both have the same shape and the same elements. A NaN equals nothing.
    public static func == (left: Tensor, right: Tensor) -> Bool {
        guard left.shape == right.shape else { return false }
        var isEqual = true
        let walk = StridedWalk([left.layout, right.layout])
        walk.forEachPair { (first: Int, second: Int) in
            guard isEqual else { return }
            isEqual = Scalar._areEqual(
                left.base + first, walk.steps[0], right.base + second, walk.steps[1], walk.count)
        }
        return isEqual
    }
}
