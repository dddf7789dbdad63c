import EmotionFormerCore

/// Copies elements from one layout to another of the same shape. The memory of the two must not overlap.
func copyElements<Scalar: TensorScalar>(
    _ source: StridedLayout, _ from: UnsafePointer<Scalar>, _ target: StridedLayout, _ to: UnsafeMutablePointer<Scalar>
) {
    let walk = StridedWalk([source, target])
    let (step, targetStep, count) = (walk.steps[0], walk.steps[1], walk.count)
    if step == 1, targetStep == 1 {
        walk.forEachPair { (first: Int, second: Int) in (to + second).update(from: from + first, count: count) }
    } else if let plane = TransposedPlane(source, target) {
        plane.copy(from, to)
    } else {
        walk.forEachPair { (first: Int, second: Int) in
            copyRow(from + first, step, to + second, targetStep, count)
        }
    }
}

@inline(__always)
private func copyRow<Scalar: TensorScalar>(
    _ from: UnsafePointer<Scalar>, _ step: Int, _ to: UnsafeMutablePointer<Scalar>, _ targetStep: Int, _ count: Int
) {
    switch MemoryLayout<Scalar>.size {
    case 1: copyWords(from, step, to, targetStep, count, as: UInt8.self)
    case 2: copyWords(from, step, to, targetStep, count, as: UInt16.self)
    case 4: copyWords(from, step, to, targetStep, count, as: UInt32.self)
    default: copyWords(from, step, to, targetStep, count, as: UInt64.self)
    }
}

/// Elements of one size are moved by one piece of code, whatever they mean.
@inline(__always)
private func copyWords<Word: FixedWidthInteger>(
    _ from: UnsafeRawPointer, _ step: Int, _ to: UnsafeMutableRawPointer, _ targetStep: Int, _ count: Int,
    as: Word.Type
) {
    let from = from.assumingMemoryBound(to: Word.self)
    let to = to.assumingMemoryBound(to: Word.self)
    for index in 0..<count { to[index &* targetStep] = from[index &* step] }
}

/// Two axes of which the one lies together in the source and the other in the target: a transposition. They are copied in
/// squares, so that each line of the cache is read and written once.
private struct TransposedPlane {
    let rows: Int
    let columns: Int
    let sourceStep: Int
    let targetStep: Int
    let outer: StridedWalk

    init?(_ source: StridedLayout, _ target: StridedLayout) {
        let shape = source.shape
        guard let last = shape.extents.indices.last, target.strides[last] == 1, shape[last] > 1,
            let other = source.strides.indices.first(where: { source.strides[$0] == 1 && shape[$0] > 1 }),
            other != last, shape.elementCount > 256
        else { return nil }
        rows = shape[other]
        columns = shape[last]
        sourceStep = source.strides[last]
        targetStep = target.strides[other]
        guard let outerSource = TransposedPlane.without([other, last], source),
            let outerTarget = TransposedPlane.without([other, last], target)
        else { return nil }
        outer = StridedWalk([outerSource, outerTarget])
    }

    private static func without(_ axes: [Int], _ layout: StridedLayout) -> StridedLayout? {
        var layout = layout
        for axis in axes.sorted(by: >) {
            guard let rest = try? layout.selected(axis: axis, index: 0) else { return nil }
            layout = rest
        }
        return layout
    }

    func copy<Scalar: TensorScalar>(_ from: UnsafePointer<Scalar>, _ to: UnsafeMutablePointer<Scalar>) {
        let side = 32
        outer.forEachPair { (first: Int, second: Int) in
            for item in 0..<outer.count {
                let source = from + first + item &* outer.steps[0]
                let target = to + second + item &* outer.steps[1]
                for top in stride(from: 0, to: rows, by: side) {
                    for left in stride(from: 0, to: columns, by: side) {
                        let width = min(side, columns &- left)
                        for row in top..<min(top &+ side, rows) {
                            copyRow(
                                source + (row &+ left &* sourceStep), sourceStep,
                                target + (row &* targetStep &+ left), 1, width)
                        }
                    }
                }
            }
        }
    }
}
