/// The extents of a tensor, outermost axis first. A scalar has no axes.
///
/// Law: extents are not negative, and their product fits in an `Int`; the initializer checks both.
package struct Shape: Hashable, Sendable {
    package let extents: [Int]
    /// The product of the extents; 1 for a scalar.
    package let elementCount: Int

    /// - Throws: `sizeOverflow` if the product overflows, `invalidValue` for a negative extent.
    package init(_ extents: [Int]) throws(Fault) {
        var count = 1
        // An axis of extent 0 must not hide an overflow, so the product of the other extents is checked too.
        for extent in extents {
            guard extent >= 0 else {
                throw Fault(.invalidValue, at: "shape \(extents)", "an extent is negative", found: "\(extent)")
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
            guard !overflow, product <= Shape.maximumElementCount else {
                throw Fault(
                    .sizeOverflow, at: "shape \(extents)", "the shape has too many elements",
                    expected: "at most \(Shape.maximumElementCount)")
            }
            count = product
        }
        self.extents = extents
        self.elementCount = extents.contains(0) ? 0 : count
    }

    /// The most elements of a tensor: with up to eight bytes each, their size does not overflow.
    package static let maximumElementCount = 1 << 48

    package static let scalar = Shape(unchecked: [])

    /// For extents that come from existing shapes and cannot grow: permuted, dropped, or set to 1.
    package init(unchecked extents: [Int]) {
        self.extents = extents
        self.elementCount = extents.reduce(1, &*)
    }

    package var rank: Int { extents.count }
    package subscript(axis: Int) -> Int { extents[axis] }

    /// Elements from one index of an axis to the next, row-major.
    package var strides: [Int] {
        var strides = [Int](repeating: 1, count: extents.count)
        for axis in stride(from: extents.count - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] &* extents[axis + 1]
        }
        return strides
    }

    /// The axis from the front that `axis` names; negative values count from the back.
    /// - Throws: `invalidValue` if there is no such axis.
    package func axis(_ axis: Int) throws(Fault) -> Int {
        let resolved = axis < 0 ? axis &+ rank : axis
        guard resolved >= 0, resolved < rank else {
            throw Fault(
                .invalidValue, at: "axis \(axis)", "there is no such axis", found: "shape \(self)",
                expected: rank == 0 ? "a shape with axes" : "\(-rank)...\(rank - 1)")
        }
        return resolved
    }

    /// The product of the extents of `axes`.
    package func elementCount(of axes: Range<Int>) -> Int { extents[axes].reduce(1, &*) }
}

extension Shape: CustomStringConvertible {
    /// `[1, 300, 478]`
    package var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }
}
