import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    /// The same elements under other axes.
    func arrangement(_ kind: OperationFamily.Arrangement) throws(Fault) -> [[Double]] {
        switch kind {
        case .identity, .reshape, .expandDimensions, .squeeze: return [try operand(0).elements]
        case .transpose:
            let input = try operand(0)
            let permutation = try attributes.integers("permutation")
            let strides = input.shape.strides
            return [
                Offsets.of(permutation.map { input.shape[$0] }, strides: permutation.map { strides[$0] }).map {
                    input.elements[$0]
                }
            ]
        case .reverse:
            let input = try operand(0)
            var (strides, start) = (input.shape.strides, 0)
            for axis in try axes(of: input.shape) {
                start += max(input.shape[axis] - 1, 0) * strides[axis]
                strides[axis] = -strides[axis]
            }
            return [Offsets.of(input.shape.extents, strides: strides, start: start).map { input.elements[$0] }]
        }
    }

    /// More elements than one operand has.
    func expansion(_ kind: OperationFamily.Expansion) throws(Fault) -> [[Double]] {
        switch kind {
        case .tile:
            let input = try operand(0)
            return try along { axis, index in index % input.shape[axis] }
        case .broadcastTo:
            let input = try operand(0)
            return [try Offsets.broadcasting(input.shape, to: outputShape()).map { input.elements[$0] }]
        case .pad: return try padded()
        case .mirrorPad: return try mirrored()
        case .concatenate:
            let first = try operand(0)
            return [try joined(axis: first.shape.axis(attributes.integer("axis")))]
        case .pack:
            let rank = try operand(0).shape.rank
            let axis = try attributes.integer("axis")
            return [try joined(axis: axis < 0 ? axis + rank + 1 : axis)]
        }
    }

    /// Each element of the output is the input's element at index `source(axis, index)` of each axis, or `filling` if
    /// one of them is nil.
    private func along(
        filling: Double = 0, _ source: (_ axis: Int, _ index: Int) -> Int?
    ) throws(Fault) -> [[Double]] {
        let input = try operand(0)
        let strides = input.shape.strides
        var places: [Int?] = [0]
        for (axis, extent) in try outputShape().extents.enumerated() {
            let steps = (0..<extent).map { index in source(axis, index).map { $0 * strides[axis] } }
            places = places.flatMap { place in
                steps.map { step in
                    guard let place, let step else { return nil }
                    return place + step
                }
            }
        }
        return [places.map { $0.map { input.elements[$0] } ?? filling }]
    }

    private func padded() throws(Fault) -> [[Double]] {
        let shape = try operand(0).shape
        let paddings = try integers("paddings", operand: 1)
        let constant = try attributes.number("value")
        let value = optionalOperand(2)?.elements.first ?? constant
        return try along(filling: value) { axis, index in
            let place = index - paddings[2 * axis]
            return place >= 0 && place < shape[axis] ? place : nil
        }
    }

    private func mirrored() throws(Fault) -> [[Double]] {
        let shape = try operand(0).shape
        let paddings = try integers("paddings", operand: 1)
        let overlap = try attributes.text("mode") == "reflect" ? 1 : 0
        return try along { axis, index in
            let place = index - paddings[2 * axis]
            if place < 0 { return -place - 1 + overlap }
            return place < shape[axis] ? place : 2 * shape[axis] - 1 - overlap - place
        }
    }

    /// All operands one after the other along an axis of the output.
    private func joined(axis: Int) throws(Fault) -> [Double] {
        let output = try outputShape()
        let inner = output.elementCount(of: axis + 1..<output.rank)
        var result: [Double] = []
        for block in 0..<output.elementCount(of: 0..<axis) {
            for operand in operands {
                guard let operand else { continue }
                let extent = node.operation == .pack ? 1 : operand.shape[axis]
                result += operand.elements[block * extent * inner..<(block + 1) * extent * inner]
            }
        }
        return result
    }
}
