import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    /// Fills the output with the value, then copies the input into it.
    mutating func appendPad(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        guard let paddings = try integers(node, "paddings", operand: 1) else {
            throw unsupported(node, "the paddings must be known before the model runs")
        }
        if paddings.allSatisfy({ $0 == 0 }) { return alias(output, to: input) }
        let elementType = type(output).elementType
        let value: Int
        if let given = node.input(2) {
            value = given
        } else if elementType == .float16 {
            throw unsuitable(node, elementType)
        } else {
            value = makeScalar(try node.attributes.number("value"), elementType)
        }
        let shape = shape(output)
        try appendCopy(
            node, from: value, to: output,
            CopyRegion(
                extents: shape.extents, inputStrides: shape.extents.map { _ in 0 }, outputStrides: shape.strides))
        let start = shape.strides.indices.map { paddings[2 * $0] * shape.strides[$0] }.reduce(0, +)
        try appendCopy(
            node, from: input, to: output,
            CopyRegion(
                extents: self.shape(input).extents, inputStrides: self.shape(input).strides, outputStart: start,
                outputStrides: shape.strides))
    }

    /// For each axis, a table maps an index of the output to an index of the input.
    mutating func appendMirrorPad(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        guard let paddings = try integers(node, "paddings", operand: 1) else {
            throw unsupported(node, "the paddings must be known before the model runs")
        }
        let shape = shape(output)
        guard shape.elementCount > 0, paddings.contains(where: { $0 != 0 }) else {
            return alias(output, to: input)
        }
        let isReflect = try node.attributes.text("mode") == "reflect"
        let own = self.shape(input)
        let size = type(input).elementType.byteCount
        let rank = shape.rank
        // Each axis: its extent in the output, where its table begins, then the tables of byte offsets.
        let tables = makeBuffer(byteCount: (rank * 2 + shape.extents.reduce(0, +)) * 8) { bytes in
            let entries = bytes.assumingMemoryBound(to: Int.self)
            var next = rank * 2
            for axis in 0..<rank {
                entries[2 * axis] = shape[axis]
                entries[2 * axis + 1] = next
                for index in 0..<shape[axis] {
                    var position = index - paddings[2 * axis]
                    if position < 0 { position = -position - (isReflect ? 0 : 1) }
                    if position >= own[axis] { position = 2 * own[axis] - position - (isReflect ? 2 : 1) }
                    entries[next + index] = position * own.strides[axis] * size
                }
                next += shape[axis]
            }
        }
        let address = ConstantAddress(tables)
        let columns = shape[rank - 1]
        let one = CopyRun(size: size, count: 1, from: size, to: size)
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let entries = address.bytes.assumingMemoryBound(to: Int.self)
                let last = entries + entries[2 &* rank &- 1]
                for row in rows {
                    var source = input.bytes(execution)
                    var rest = row
                    var axis = rank &- 2
                    while axis >= 0 {
                        let index = rest % entries[2 &* axis]
                        rest /= entries[2 &* axis]
                        source += entries[entries[2 &* axis &+ 1] &+ index]
                        axis &-= 1
                    }
                    let target = output.bytes(execution) + row &* columns &* size
                    for column in 0..<columns { one.copy(source + last[column], target + column &* size) }
                }
            }
        }
        draft.rows = shape.elementCount / columns
        append(draft)
    }
}
