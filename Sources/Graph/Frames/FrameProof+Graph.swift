package import EmotionFormerCore

extension FrameProof {
    /// The graph for fewer frames.
    ///
    /// Its outputs are those of the graph, and then the masks of `guards`, in their order.
    /// - Parameter frames: a multiple of `unit`, at most `frameCount`.
    /// - Throws: `invalidArgument` for another number, `shapeMismatch` if a node's result does not have the shape that the proof gives it.
    package func graph(frames: Int) throws(Fault) -> TypedGraph {
        guard frames >= 2 * unit, frames <= frameCount, frames.isMultiple(of: unit) else {
            throw Fault(
                .invalidArgument, at: "frames", "the graph cannot be cut to this number of frames", found: "\(frames)",
                expected: "a multiple of \(unit) up to \(frameCount)")
        }
        var result = graph
        for index in result.values.indices {
            guard let axes = axes[index] else { continue }
            result.values[index].type.shape = FrameProof.shape(result.shape(of: index), axes, frames: frames)
        }
        for slice in slices.sorted(by: { ($0.node, $0.operand) < ($1.node, $1.operand) }) {
            guard let operand = graph.nodes[slice.node].input(slice.operand), let constant = graph.constant(operand)
            else { continue }
            let shape = FrameProof.shape(constant.tensor.shape, slice.axes, frames: frames)
            var cut = constant
            cut.tensor = constant.tensor.corner(shape)
            result.nodes[slice.node].inputs[slice.operand] = result.addValue(
                named: "\(graph.values[operand].name)/\(frames)", ValueType(constant.tensor.elementType, shape),
                constant: cut)
        }
        for index in result.nodes.indices { try result.fit(index) }
        result.outputs += guards.flatMap(\.self)
        return result
    }

    private static func shape(_ shape: Shape, _ axes: [FrameAxis], frames: Int) -> Shape {
        var extents = shape.extents
        for axis in axes { extents[axis.axis] = frames / axis.span }
        return Shape(unchecked: extents)
    }
}

extension TypedGraph {
    /// States a node's new shape where an attribute has it, and checks that its operands give it.
    fileprivate mutating func fit(_ index: Int) throws(Fault) {
        let node = nodes[index]
        guard let output = node.outputs.first, node.bodies.isEmpty else { return }
        let extents = shape(of: output).extents
        switch node.operation {
        case .reshape, .broadcastTo:
            nodes[index].inputs = [node.inputs[0]]
            nodes[index].attributes["shape"] = .integers(extents)
        case .slice:
            guard node.input(2).map({ constant($0) != nil }) ?? true else { break }
            if let begin = constant(node.input(1))?.tensor.integers {
                nodes[index].attributes["begin"] = .integers(begin)
                nodes[index].inputs = [node.inputs[0]]
                nodes[index].attributes["size"] = .integers(extents)
            } else if node.input(1) == nil {
                nodes[index].inputs = [node.inputs[0]]
                nodes[index].attributes["size"] = .integers(extents)
            }
        default: break
        }
        let fitted = nodes[index]
        do throws(Fault) {
            let types = try ShapeInference.outputTypes(
                NodeContext(
                    operation: fitted.operation, attributes: fitted.attributes, weights: fitted.weights,
                    inputTypes: fitted.inputs.map { $0.map { values[$0].type } },
                    inputConstants: fitted.inputs.map { constant($0) }, outputCount: fitted.outputs.count,
                    quantizations: fitted.quantizations))
            for (value, type) in zip(fitted.outputs, types) where values[value].type != type {
                throw Fault(
                    .shapeMismatch, at: "", "the result has another shape with fewer frames", found: "\(type)",
                    expected: "\(values[value].type)")
            }
        } catch {
            throw error.within("node '\(node.name)' (\(node.operation.rawValue))")
        }
    }
}
