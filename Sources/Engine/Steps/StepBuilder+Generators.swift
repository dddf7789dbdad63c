import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    mutating func appendFill(_ node: TypedGraph.Node) throws(Fault) {
        let value = try operand(node, 1)
        let output = try output(node)
        let shape = shape(output)
        try appendCopy(
            node, from: value, to: output,
            CopyRegion(
                extents: shape.extents, inputStrides: shape.extents.map { _ in 0 }, outputStrides: shape.strides))
    }

    /// start + i · delta, computed separately for each i, so that rounding errors do not accumulate.
    mutating func appendRange(_ node: TypedGraph.Node) throws(Fault) {
        let start = try operand(node, 0)
        let delta = try operand(node, 2)
        let output = try output(node)
        let count = shape(output).elementCount
        let elementType = type(output).elementType
        guard count > 0 else { return }
        append(
            StepDraft(name: node.name, label: label(node, output), reads: [start, delta], writes: [output]) { layout in
                let start = layout.operand(start)
                let delta = layout.operand(delta)
                let output = layout.destination(output)
                switch elementType {
                case .int32:
                    return { execution, _ in
                        let first = start.elements(execution, as: Int32.self)[0]
                        let step = delta.elements(execution, as: Int32.self)[0]
                        let output = output.elements(execution, as: Int32.self)
                        for index in 0..<count { output[index] = first &+ Int32(truncatingIfNeeded: index) &* step }
                    }
                case .int64:
                    return { execution, _ in
                        let first = start.elements(execution, as: Int64.self)[0]
                        let step = delta.elements(execution, as: Int64.self)[0]
                        let output = output.elements(execution, as: Int64.self)
                        for index in 0..<count { output[index] = first &+ Int64(index) &* step }
                    }
                default:
                    return { execution, _ in
                        let first = start.floats(execution)[0]
                        let step = delta.floats(execution)[0]
                        let output = output.floats(execution)
                        for index in 0..<count { output[index] = first + Float(index) * step }
                    }
                }
            })
    }

    /// shape, onesLike and zerosLike: known from the operand's type.
    mutating func appendKnown(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let context = NodeContext(
            operation: node.operation, attributes: node.attributes, weights: [:], inputTypes: [type(input)],
            inputConstants: [nil], outputCount: 1)
        guard let known = try ShapeInference.constantOutputs(context, types: [type(output)])?.first else {
            throw unsupported(node, "the result is not known before the model runs")
        }
        graph.values[output].constant = known
    }

    mutating func appendOneHot(_ node: TypedGraph.Node) throws(Fault) {
        let indices = try operand(node, 0)
        let output = try output(node)
        let shape = shape(output)
        var axis = try node.attributes.integer("axis")
        if axis < 0 { axis += shape.rank }
        guard shape.elementCount > 0, axis >= 0, axis < shape.rank else { return }
        let size = type(output).elementType.byteCount
        let on = node.input(1) ?? makeScalar(1, type(output).elementType)
        let off = node.input(2) ?? makeScalar(0, type(output).elementType)
        let depth = shape[axis]
        let inner = shape.elementCount(of: (axis + 1)..<shape.rank)
        let indexType = try IndexType(type(indices).elementType, for: node)
        let fill = CopyRun(size: size, count: depth * inner, from: 0, to: size)
        let one = CopyRun(size: size, count: 1, from: size, to: size)
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [indices, on, off], writes: [output]
        ) { layout in
            let indices = layout.operand(indices)
            let output = layout.destination(output)
            let on = layout.operand(on)
            let off = layout.operand(off)
            return { execution, rows in
                for row in rows {
                    let target = output.bytes(execution) + row &* depth &* inner &* size
                    fill.copy(off.bytes(execution), target)
                    for column in 0..<inner {
                        let index = indexType.read(indices.bytes(execution), row &* inner &+ column)
                        guard index >= 0, index < depth else { continue }
                        one.copy(on.bytes(execution), target + (index &* inner &+ column) &* size)
                    }
                }
            }
        }
        draft.rows = shape.elementCount(of: 0..<axis)
        append(draft)
    }

    /// A constant scalar of any type but float16, as a value.
    mutating func makeScalar(_ value: Double, _ elementType: ElementType) -> Int {
        let tensor =
            switch elementType {
            case .float32, .float16: Tensor(scalar: Float(value))
            case .int8: Tensor(scalar: Int8(clamping: value))
            case .uint8: Tensor(scalar: UInt8(clamping: value))
            case .int16: Tensor(scalar: Int16(clamping: value))
            case .int32: Tensor(scalar: Int32(clamping: value))
            case .int64: Tensor(scalar: Int64(clamping: value))
            case .bool: Tensor(scalar: value != 0)
            }
        return addValue(named: "scalar", ValueType(elementType, .scalar), constant: StoredTensor(tensor))
    }
}
