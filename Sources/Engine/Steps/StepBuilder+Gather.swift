import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerSystem

/// How the numbers of an operand are read as integers.
enum IndexType: Sendable {
    case int8, uint8, int16, int32, int64, float32, bool

    /// - Throws: `elementTypeMismatch` for float16, in which nothing is computed.
    init(_ elementType: ElementType, for node: TypedGraph.Node) throws(Fault) {
        switch elementType {
        case .int8: self = .int8
        case .uint8: self = .uint8
        case .int16: self = .int16
        case .int32: self = .int32
        case .int64: self = .int64
        case .float32: self = .float32
        case .bool: self = .bool
        case .float16:
            throw Fault(.elementTypeMismatch, at: node.place, "indices of this type", found: elementType.rawValue)
        }
    }

    /// The fraction is dropped; NaN becomes −1, which is outside of every table.
    @inline(__always)
    func read(_ bytes: UnsafeRawPointer, _ index: Int) -> Int {
        switch self {
        case .int8: return Int(bytes.assumingMemoryBound(to: Int8.self)[index])
        case .uint8, .bool: return Int(bytes.assumingMemoryBound(to: UInt8.self)[index])
        case .int16: return Int(bytes.assumingMemoryBound(to: Int16.self)[index])
        case .int32: return Int(bytes.assumingMemoryBound(to: Int32.self)[index])
        case .int64: return Int(truncatingIfNeeded: bytes.assumingMemoryBound(to: Int64.self)[index])
        case .float32:
            let value = bytes.assumingMemoryBound(to: Float.self)[index]
            return value.isNaN ? -1 : Int(clamping: Double(value))
        }
    }
}

/// Slices of a table, one after the other: the table is `outer` × `extent` × `slice` bytes.
private struct GatherRun: Sendable {
    let extent: Int
    let sliceByteCount: Int
    let indexType: IndexType
    /// Indices for each entry of `outer`.
    let indexCount: Int
    /// Entries of `outer` that share their indices with all others of one batch.
    let outerPerBatch: Int

    @inline(__always)
    func copy(
        _ execution: Execution, _ table: UnsafeRawPointer, _ indices: UnsafeRawPointer,
        _ output: UnsafeMutableRawPointer, _ rows: Range<Int>
    ) {
        for row in rows {
            let outer = row / indexCount
            let position = row &- outer &* indexCount
            let index = indexType.read(indices, outer / outerPerBatch &* indexCount &+ position)
            let target = output + row &* sliceByteCount
            if index >= 0, index < extent {
                memcpy(target, table + (outer &* extent &+ index) &* sliceByteCount, sliceByteCount)
            } else {
                execution.report(.indexOutside)
                memset(target, 0, sliceByteCount)
            }
        }
    }
}

extension StepBuilder {
    mutating func appendGather(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let indices = try operand(node, 1)
        let output = try output(node)
        let shape = shape(input)
        let axis = try shape.axis(node.attributes.integer("axis"))
        var batch = try node.attributes.integer("batchDimensions")
        if batch < 0 { batch += self.shape(indices).rank }
        guard self.shape(output).elementCount > 0 else { return }
        let outer = shape.elementCount(of: 0..<axis)
        let batchCount = shape.elementCount(of: 0..<batch)
        let indexCount = self.shape(indices).elementCount / batchCount
        let run = GatherRun(
            extent: shape[axis],
            sliceByteCount: shape.elementCount(of: (axis + 1)..<shape.rank) * type(input).elementType.byteCount,
            indexType: try IndexType(type(indices).elementType, for: node), indexCount: indexCount,
            outerPerBatch: outer / batchCount)
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [input, indices], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let indices = layout.operand(indices)
            let output = layout.destination(output)
            return { execution, rows in
                run.copy(
                    execution, input.bytes(execution), indices.bytes(execution), output.bytes(execution), rows)
            }
        }
        draft.rows = outer * indexCount
        append(draft)
    }

    mutating func appendEmbedding(_ node: TypedGraph.Node) throws(Fault) {
        let indices = try operand(node, 0)
        let output = try output(node)
        guard let table = node.weights["table"] else {
            throw Fault(.missingField, at: node.place, "the weight 'table' is absent")
        }
        guard shape(output).elementCount > 0 else { return }
        let rows = try makeFloats(table, for: node)
        let run = GatherRun(
            extent: table.tensor.shape[0], sliceByteCount: table.tensor.shape[1] * 4,
            indexType: try IndexType(type(indices).elementType, for: node), indexCount: shape(indices).elementCount,
            outerPerBatch: 1)
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [indices], writes: [output]) {
            layout in
            let indices = layout.operand(indices)
            let output = layout.destination(output)
            return { execution, range in
                run.copy(execution, rows.bytes, indices.bytes(execution), output.bytes(execution), range)
            }
        }
        draft.rows = shape(indices).elementCount
        draft.alignedReads = [indices]
        append(draft)
    }

    mutating func appendGatherND(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let indices = try operand(node, 1)
        let output = try output(node)
        let shape = shape(input)
        let depth = self.shape(indices).extents.last ?? 0
        guard self.shape(output).elementCount > 0 else { return }
        let size = type(input).elementType.byteCount
        let sliceByteCount = shape.elementCount(of: depth..<shape.rank) * size
        let table = makeBuffer(byteCount: depth * 16) { bytes in
            let entries = bytes.assumingMemoryBound(to: Int.self)
            for axis in 0..<depth {
                entries[2 * axis] = shape[axis]
                entries[2 * axis + 1] = shape.strides[axis] * size
            }
        }
        let axes = ConstantAddress(table)
        let indexType = try IndexType(type(indices).elementType, for: node)
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [input, indices], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let indices = layout.operand(indices)
            let output = layout.destination(output)
            return { execution, rows in
                let axes = axes.bytes.assumingMemoryBound(to: Int.self)
                let indices = indices.bytes(execution)
                for row in rows {
                    var start = 0
                    var isInside = true
                    for axis in 0..<depth {
                        let index = indexType.read(indices, row &* depth &+ axis)
                        if index < 0 || index >= axes[2 &* axis] { isInside = false }
                        start &+= index &* axes[2 &* axis &+ 1]
                    }
                    let target = output.bytes(execution) + row &* sliceByteCount
                    if isInside {
                        memcpy(target, input.bytes(execution) + start, sliceByteCount)
                    } else {
                        execution.report(.indexOutside)
                        memset(target, 0, sliceByteCount)
                    }
                }
            }
        }
        draft.rows = self.shape(output).elementCount * size / sliceByteCount
        append(draft)
    }

    /// A constant's elements as float32, in memory of the plan's own unless they are float32 already.
    mutating func makeFloats(_ stored: StoredTensor, for node: TypedGraph.Node) throws(Fault) -> ConstantAddress {
        if stored.tensor.elementType == .float32 { return keep(stored.tensor) }
        guard stored.tensor.elementType == .float16 else { throw unsuitable(node, stored.tensor.elementType) }
        let count = stored.tensor.shape.elementCount
        return ConstantAddress(
            makeBuffer(byteCount: count * 4) { bytes in
                let floats = bytes.assumingMemoryBound(to: Float.self)
                stored.tensor.withUnsafeBytes { source in
                    let halves = source.bindMemory(to: UInt16.self)
                    for index in 0..<count { floats[index] = Float(halfBits: halves[index]) }
                }
            })
    }
}
