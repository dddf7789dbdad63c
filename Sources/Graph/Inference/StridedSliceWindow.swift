package import EmotionFormerCore

/// A strided slice with its masks resolved against the input's shape, by TensorFlow's rules
/// (tensorflow/core/util/strided_slice_op.cc, `ValidateStridedSliceOp`).
package struct StridedSliceWindow: Sendable, Hashable {
    /// For each axis of the input: the first index, the step to the next (which may be negative), and how many.
    package private(set) var starts: [Int] = []
    package private(set) var steps: [Int] = []
    package private(set) var counts: [Int] = []
    /// The output's shape: `counts` without the axes that shrink, with the new ones.
    package private(set) var shape: Shape = .scalar

    package struct Masks: Sendable {
        package var begin: Int
        package var end: Int
        package var ellipsis: Int
        package var newAxis: Int
        package var shrinkAxis: Int

        package init(begin: Int = 0, end: Int = 0, ellipsis: Int = 0, newAxis: Int = 0, shrinkAxis: Int = 0) {
            self.begin = begin
            self.end = end
            self.ellipsis = ellipsis
            self.newAxis = newAxis
            self.shrinkAxis = shrinkAxis
        }

        package init(_ attributes: Attributes) throws(Fault) {
            self.init(
                begin: try attributes.integer("beginMask"), end: try attributes.integer("endMask"),
                ellipsis: try attributes.integer("ellipsisMask"), newAxis: try attributes.integer("newAxisMask"),
                shrinkAxis: try attributes.integer("shrinkAxisMask"))
        }
    }

    package init(
        of input: Shape, begin: [Int], end: [Int], strides: [Int], masks: Masks
    ) throws(Fault) {
        guard begin.count == end.count, begin.count == strides.count, begin.count <= 32 else {
            throw Fault(
                .invalidValue, at: "begin, end, strides", "the entries do not fit together",
                found: "\(begin.count), \(end.count) and \(strides.count)", expected: "equal numbers up to 32")
        }
        let ellipses = begin.indices.filter { masks.ellipsis >> $0 & 1 == 1 }
        guard ellipses.count <= 1 else {
            throw Fault(.invalidValue, at: "attribute 'ellipsisMask'", "more than one ellipsis")
        }
        // Without an ellipsis, axes without an entry are taken whole, as if an ellipsis were at the end.
        let ellipsis = ellipses.first ?? begin.count
        let named = begin.indices.filter { $0 != ellipsis && masks.newAxis >> $0 & 1 == 0 }.count
        guard named <= input.rank else {
            throw Fault(
                .outOfBounds, at: "begin", "more entries than axes", found: "\(named)", expected: "\(input.rank)")
        }
        var extents: [Int] = []
        for entry in 0..<max(begin.count, ellipsis + 1) {
            if entry == ellipsis {
                for _ in 0..<(input.rank - named) {
                    let extent = input[counts.count]
                    append(0, 1, extent)
                    extents.append(extent)
                }
            } else if masks.newAxis >> entry & 1 == 1 {
                extents.append(1)
            } else if masks.shrinkAxis >> entry & 1 == 1 {
                try appendShrunk(input[counts.count], begin: begin[entry], stride: strides[entry], entry: entry)
            } else {
                let entryMasks = (masks.begin >> entry & 1 == 1, masks.end >> entry & 1 == 1)
                extents.append(
                    try appendRange(
                        input[counts.count], begin: begin[entry], end: end[entry], stride: strides[entry],
                        masks: entryMasks, entry: entry))
            }
        }
        shape = try Shape(extents)
    }

    private mutating func append(_ start: Int, _ step: Int, _ count: Int) {
        starts.append(start)
        steps.append(step)
        counts.append(count)
    }

    private mutating func appendShrunk(_ extent: Int, begin: Int, stride: Int, entry: Int) throws(Fault) {
        guard stride > 0 else {
            throw Fault(.invalidValue, at: "strides[\(entry)]", "the stride of a single index is not positive")
        }
        let index = begin < 0 ? begin &+ extent : begin
        guard index >= 0, index < extent else {
            throw Fault(
                .outOfBounds, at: "begin[\(entry)]", "the index is outside", found: "\(begin)",
                expected: "\(-extent)..<\(extent)")
        }
        append(index, 1, 1)
    }

    private mutating func appendRange(
        _ extent: Int, begin: Int, end: Int, stride: Int, masks: (begin: Bool, end: Bool), entry: Int
    ) throws(Fault) -> Int {
        guard stride != 0, stride > -(1 << 48), stride < 1 << 48 else {
            throw Fault(.invalidValue, at: "strides[\(entry)]", "the stride is zero or too large", found: "\(stride)")
        }
        let lowest = stride > 0 ? 0 : -1
        let highest = stride > 0 ? extent : extent - 1
        func clamped(_ index: Int) -> Int {
            min(max(index < 0 ? index &+ extent : index, lowest), highest)
        }
        let first = masks.begin ? (stride > 0 ? lowest : highest) : clamped(begin)
        let last = masks.end ? (stride > 0 ? highest : lowest) : clamped(end)
        let distance = last - first
        let isEmpty = distance == 0 || (distance < 0) != (stride < 0)
        let count = isEmpty ? 0 : distance / stride + (distance % stride == 0 ? 0 : 1)
        append(count == 0 ? 0 : first, stride, count)
        return count
    }
}
