import EmotionFormerCore
import EmotionFormerGraph

/// Iterates over the indices of some axes in row-major order, with the byte offsets of up to four operands.
///
/// Lanes x, y and z are for operands, lane w for the result.
struct Walk: Sendable {
    typealias Offsets = SIMD4<Int>

    /// The most axes after joining; more are refused when a plan is made.
    static let maximumAxes = 16

    let count: Int
    private let axes: Int
    private let extents: ConstantAddress
    private let strides: ConstantAddress

    fileprivate init(count: Int, axes: Int, extents: ConstantAddress, strides: ConstantAddress) {
        self.count = count
        self.axes = axes
        self.extents = extents
        self.strides = strides
    }

    /// Calls `body` with the offsets of each position in the range.
    @inline(__always)
    func forEach(_ range: Range<Int>, _ body: (Offsets) -> Void) {
        let extents = extents.bytes.assumingMemoryBound(to: Int.self)
        let strides = strides.bytes.assumingMemoryBound(to: Offsets.self)
        withUnsafeTemporaryAllocation(of: Int.self, capacity: Walk.maximumAxes) { buffer in
            guard let position = buffer.baseAddress, !range.isEmpty else { return }
            var offsets = Offsets.zero
            var rest = range.lowerBound
            var axis = axes &- 1
            while axis >= 0 {
                let index = rest % extents[axis]
                rest /= extents[axis]
                position[axis] = index
                offsets &+= strides[axis] &* index
                axis &-= 1
            }
            var remaining = range.count
            while true {
                body(offsets)
                remaining &-= 1
                if remaining == 0 { return }
                axis = axes &- 1
                while axis >= 0 {
                    offsets &+= strides[axis]
                    position[axis] &+= 1
                    if position[axis] < extents[axis] { break }
                    offsets &-= strides[axis] &* extents[axis]
                    position[axis] = 0
                    axis &-= 1
                }
            }
        }
    }
}

/// An axis of a walk: its extent and each operand's bytes from one index to the next.
struct WalkAxis {
    var extent: Int
    var strides: Walk.Offsets

    /// The axes without those of extent 1; adjacent axes are joined if the strides of every operand allow it.
    static func joined(_ axes: [WalkAxis]) -> [WalkAxis] {
        var result: [WalkAxis] = []
        for axis in axes where axis.extent != 1 {
            if let joined = result.last?.joined(with: axis) {
                result[result.count - 1] = joined
            } else {
                result.append(axis)
            }
        }
        return result
    }

    /// This axis with the one after it as one axis; nil if the strides do not allow it.
    func joined(with next: WalkAxis) -> WalkAxis? {
        guard strides == next.strides &* next.extent else { return nil }
        return WalkAxis(extent: extent * next.extent, strides: next.strides)
    }
}

extension StepBuilder {
    /// A walk over the axes, outermost first.
    /// - Throws: `limitExceeded` if more than `Walk.maximumAxes` axes are left after joining.
    mutating func makeWalk(_ axes: [WalkAxis], for node: TypedGraph.Node) throws(Fault) -> Walk {
        let count = axes.reduce(1) { $0 * $1.extent }
        let axes = count == 0 ? [] : WalkAxis.joined(axes)
        guard axes.count <= Walk.maximumAxes else {
            throw Fault(
                .limitExceeded, at: node.place, "the operands have too many axes", found: "\(axes.count)",
                expected: "at most \(Walk.maximumAxes)")
        }
        let extents = makeBuffer(byteCount: axes.count * MemoryLayout<Int>.stride) { bytes in
            let extents = bytes.assumingMemoryBound(to: Int.self)
            for (index, axis) in axes.enumerated() { extents[index] = axis.extent }
        }
        let strides = makeBuffer(byteCount: axes.count * MemoryLayout<Walk.Offsets>.stride) { bytes in
            let strides = bytes.assumingMemoryBound(to: Walk.Offsets.self)
            for (index, axis) in axes.enumerated() { strides[index] = axis.strides }
        }
        return Walk(
            count: count, axes: axes.count, extents: ConstantAddress(extents), strides: ConstantAddress(strides))
    }

    /// `add 1×300×256`
    func label(_ node: TypedGraph.Node, _ value: Int) -> String {
        "\(node.operation.rawValue) \(shape(value).extents.map(String.init).joined(separator: "×"))"
    }

    func unsuitable(_ node: TypedGraph.Node, _ elementType: ElementType) -> Fault {
        Fault(
            .elementTypeMismatch, at: node.place, "the operation does not take elements of this type",
            found: elementType.rawValue)
    }
}
