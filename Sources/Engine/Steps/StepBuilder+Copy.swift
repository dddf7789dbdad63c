import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerSystem

/// A copy of elements of one value to another. Numbers count elements.
struct CopyRegion {
    var extents: [Int]
    /// Of the input: the first element, and from one index of an axis to the next (negative: backwards, 0: repeated).
    var inputStart = 0
    var inputStrides: [Int]
    var outputStart = 0
    var outputStrides: [Int]
    /// The number of equal parts of which part r of the output depends only on part r of the input; nil if there is no
    /// such division.
    var alignedRows: Int?
}

extension StepBuilder {
    /// A step that copies elements of any type.
    mutating func appendCopy(
        _ node: TypedGraph.Node, from input: Int, to output: Int, _ region: CopyRegion
    ) throws(Fault) {
        guard region.extents.allSatisfy({ $0 > 0 }) else { return }
        let size = type(output).elementType.byteCount
        var axes = WalkAxis.joined(
            region.extents.indices.map { axis in
                WalkAxis(
                    extent: region.extents[axis],
                    strides: [region.inputStrides[axis] * size, 0, 0, region.outputStrides[axis] * size])
            })
        let inner = axes.popLast() ?? WalkAxis(extent: 1, strides: [size, 0, 0, size])
        let walk = try makeWalk(axes, for: node)
        let run = CopyRun(size: size, count: inner.extent, from: inner.strides.x, to: inner.strides.w)
        let tile = TurningTile(inner, axes.last, size: size)
        let inputStart = region.inputStart * size
        let outputStart = region.outputStart * size
        let isWhole = region.outputStart == 0 && region.extents.reduce(1, *) == shape(output).elementCount
        let rows = region.alignedRows ?? (isWhole ? walk.count : 1)
        // Joined axes need not be split where the rows are.
        let isSplit = walk.count % rows == 0
        let perRow = isSplit ? walk.count / rows : walk.count
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let source = input.bytes(execution) + inputStart
                let target = output.bytes(execution) + outputStart
                let range = (rows.lowerBound &* perRow)..<(rows.upperBound &* perRow)
                if let tile {
                    var place = tile.place(range)
                    walk.forEach(range) { offsets in
                        if place.isDone() { return }
                        if place.beginsTile() {
                            tile.turn(source + offsets.x, target + offsets.w)
                        } else {
                            run.copy(source + offsets.x, target + offsets.w)
                        }
                    }
                } else {
                    walk.forEach(range) { offsets in run.copy(source + offsets.x, target + offsets.w) }
                }
            }
        }
        if isSplit { draft.rows = rows }
        if isSplit, region.alignedRows != nil { draft.alignedReads = [input] }
        append(draft)
    }
}

/// Copies `count` elements; `from` and `to` are the bytes from one to the next.
struct CopyRun: Sendable {
    let size: Int
    let count: Int
    let from: Int
    let to: Int

    @inline(__always)
    func copy(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        if from == size, to == size {
            // The rows of an attention head are as short as this: a call would cost more than its copy.
            if count &* size == 16 {
                target.storeBytes(of: source.loadUnaligned(as: SIMD2<UInt64>.self), as: SIMD2<UInt64>.self)
                return
            }
            memcpy(target, source, count &* size)
            return
        }
        switch size {
        case 1: strided(source, target, UInt8.self)
        case 2: strided(source, target, UInt16.self)
        case 4: strided(source, target, UInt32.self)
        default: strided(source, target, UInt64.self)
        }
    }

    @inline(__always)
    private func strided<Bits: FixedWidthInteger>(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ bits: Bits.Type
    ) {
        var source = source
        var target = target
        for _ in 0..<count {
            target.storeBytes(of: source.load(as: Bits.self), as: Bits.self)
            source += from
            target += to
        }
    }
}
