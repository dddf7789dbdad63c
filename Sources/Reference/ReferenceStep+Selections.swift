import EmotionFormerCore
import EmotionFormerGraph

/// Parts of a tensor.
extension ReferenceStep {
    func selection(_ kind: OperationFamily.Selection) throws(Fault) -> [[Double]] {
        switch kind {
        case .split, .splitSizes: return try parts(keepsAxis: true)
        case .unpack: return try parts(keepsAxis: false)
        case .slice:
            let begin = try integers("begin", operand: 1)
            let input = try operand(0)
            return [try box(begin, try outputShape().extents).map { input.elements[$0] }]
        case .updateSlice:
            let (input, update) = (try operand(0), try operand(1))
            let begin = try integers("begin", operand: 2).enumerated().map { axis, start in
                min(max(start, 0), input.shape[axis] - update.shape[axis])
            }
            var output = input.elements
            for (place, element) in zip(try box(begin, update.shape.extents), update.elements) {
                output[place] = element
            }
            return [output]
        case .stridedSlice:
            let input = try operand(0)
            let window = try StridedSliceWindow(
                of: input.shape, begin: integers("begin", operand: 1), end: integers("end", operand: 2),
                strides: integers("strides", operand: 3), masks: .init(attributes))
            let strides = input.shape.strides
            let start = zip(window.starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
            let places = Offsets.of(
                window.counts, strides: zip(window.steps, strides).map { $0 &* $1 }, start: start)
            return [places.map { input.elements[$0] }]
        case .gather: return [try gather()]
        case .gatherND: return [try gatherND()]
        }
    }

    private func parts(keepsAxis: Bool) throws(Fault) -> [[Double]] {
        let input = try operand(0)
        let axis = try input.shape.axis(attributes.integer("axis"))
        var results: [[Double]] = []
        var start = 0
        for type in outputTypes {
            var (begin, extents) = ([Int](repeating: 0, count: input.shape.rank), input.shape.extents)
            begin[axis] = start
            extents[axis] = keepsAxis ? type.shape[axis] : 1
            start += extents[axis]
            results.append(try box(begin, extents).map { input.elements[$0] })
        }
        return results
    }

    /// The offsets of a box inside of the first operand.
    private func box(_ begin: [Int], _ extents: [Int]) throws(Fault) -> [Int] {
        let shape = try operand(0).shape
        for axis in 0..<shape.rank {
            guard begin[axis] >= 0, begin[axis] <= shape[axis] - extents[axis] else {
                throw Fault(
                    .outOfBounds, at: "'begin'", "the slice is outside", found: "\(begin[axis])",
                    expected: "0...\(shape[axis] - extents[axis]) at axis \(axis)")
            }
        }
        let strides = shape.strides
        return Offsets.of(extents, strides: strides, start: zip(begin, strides).reduce(0) { $0 + $1.0 * $1.1 })
    }

    private func checked(_ index: Int, _ extent: Int) throws(Fault) -> Int {
        guard index >= 0, index < extent else {
            throw Fault(
                .outOfBounds, at: "operand 'indices'", "the index is outside", found: "\(index)",
                expected: "0..<\(extent)")
        }
        return index
    }

    private func gather() throws(Fault) -> [Double] {
        let (input, operand) = (try operand(0), try operand(1))
        let indices = try operand.indices()
        let axis = try input.shape.axis(attributes.integer("axis"))
        let batch = try attributes.integer("batchDimensions")
        let batchCount = batch < 0 ? batch + operand.shape.rank : batch
        let batches = input.shape.elementCount(of: 0..<batchCount)
        let view = AxisView(input.shape, axis)
        let perBatch = indices.count / max(batches, 1)
        var output: [Double] = []
        for block in 0..<view.outer {
            let first = block / max(view.outer / max(batches, 1), 1) * perBatch
            for index in indices[first..<first + perBatch] {
                let start = (block * view.extent + (try checked(index, view.extent))) * view.inner
                output += input.elements[start..<start + view.inner]
            }
        }
        return output
    }

    private func gatherND() throws(Fault) -> [Double] {
        let (input, operand) = (try operand(0), try operand(1))
        let indices = try operand.indices()
        let depth = operand.shape[operand.shape.rank - 1]
        let strides = input.shape.strides
        let size = input.shape.elementCount(of: depth..<input.shape.rank)
        var output: [Double] = []
        for coordinate in 0..<operand.shape.elementCount(of: 0..<operand.shape.rank - 1) {
            var start = 0
            for axis in 0..<depth {
                start += try checked(indices[coordinate * depth + axis], input.shape[axis]) * strides[axis]
            }
            output += input.elements[start..<start + size]
        }
        return output
    }
}
