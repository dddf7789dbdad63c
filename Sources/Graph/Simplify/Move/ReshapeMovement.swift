import EmotionFormerCore

extension SimplifierPass {
    /// Moves reshape and transpose after elementwise operations, dense and layerNormalization, until they meet their
    /// inverse.
    static let moveReshapes = SimplifierPass("moveReshapes") { rewriter throws(Fault) in
        // Nodes are visited in topological order, so a reshape can travel far in one application.
        for index in rewriter.nodes.indices {
            guard let node = rewriter.nodes[index], node.outputs.count == 1, node.bodies.isEmpty else { continue }
            try rewriter.moveReshape(behind: node, at: index)
            try rewriter.moveTranspose(behind: node, at: index)
        }
    }
}

extension GraphRewriter {
    fileprivate mutating func moveReshape(behind node: TypedGraph.Node, at index: Int) throws(Fault) {
        guard
            let position = node.inputs.firstIndex(where: {
                $0.map { isUsedOnce($0) && producing($0, .reshape) != nil } ?? false
            }),
            let moved = node.inputs[position], let reshape = producing(moved, .reshape), let origin = reshape.input(0)
        else { return }
        let output = node.outputs[0]
        let before = shape(of: origin)
        let after = shape(of: moved)
        var inputs = node.inputs
        inputs[position] = origin
        var attributes = node.attributes
        var result = before
        switch node.operation {
        case _ where node.isElementwise(operandCount: 1): break
        case _ where node.isElementwise(operandCount: 2):
            guard shape(of: output) == after, let second = node.input(1 - position) else { return }
            if let other = producing(second, .reshape), let otherOrigin = other.input(0), isUsedOnce(second),
                shape(of: otherOrigin) == before, shape(of: second) == after
            {
                inputs[1 - position] = otherOrigin
            } else {
                guard let stored = constant(second), stored.quantization == nil,
                    let tensor = try stored.tensor.followed(from: after, to: before)
                else { return }
                inputs[1 - position] =
                    tensor.shape == stored.tensor.shape
                    ? second : addConstant(named: "\(values[second].name)/reshaped", tensor)
            }
        case .dense:
            guard let columns = before.extents.last, columns == after.extents.last, before.rank > 0,
                let width = shape(of: output).extents.last
            else { return }
            result = try Shape(before.extents.dropLast() + [width])
        case .layerNormalization:
            guard let axes = axes(node), let moved = before.axes(alikeTo: axes, of: after) else { return }
            if moved != axes, !node.weights.isEmpty, moved.count != axes.count { return }
            attributes["axes"] = .integers(moved)
        case .reverse:
            guard let axes = axes(node), let moved = before.axes(alikeTo: axes, of: after) else { return }
            attributes["axes"] = .integers(moved)
        default: return
        }
        remove(index)
        let early = addValue(named: "\(node.name)/flat", ValueType(type(of: output).elementType, result))
        insert(
            node.operation, name: node.name, inputs: inputs, making: [early], attributes: attributes,
            weights: node.weights)
        self.reshape(early, making: output, name: "\(node.name)/reshape")
    }

    fileprivate mutating func moveTranspose(behind node: TypedGraph.Node, at index: Int) throws(Fault) {
        guard let moved = node.input(0), isUsedOnce(moved), let transpose = producing(moved, .transpose),
            let origin = transpose.input(0), let permutation = try? transpose.attributes.integers("permutation"),
            nodes[index] != nil
        else { return }
        let output = node.outputs[0]
        var inputs = node.inputs
        inputs[0] = origin
        var attributes = node.attributes
        switch node.operation {
        case _ where node.isElementwise(operandCount: 1): break
        case _ where node.isElementwise(operandCount: 2):
            guard scalar(node.input(1)) != nil, shape(of: output) == shape(of: moved) else { return }
        case .layerNormalization:
            guard node.weights.isEmpty, let axes = axes(node), axes.allSatisfy(permutation.indices.contains) else {
                return
            }
            attributes["axes"] = .integers(axes.map { permutation[$0] }.sorted())
        default: return
        }
        remove(index)
        let type = ValueType(type(of: output).elementType, shape(of: origin))
        let early = insert(
            node.operation, name: node.name, inputs: inputs, type: type, attributes: attributes, weights: node.weights)
        insert(
            .transpose, name: "\(node.name)/transpose", inputs: [early], making: [output],
            attributes: ["permutation": .integers(permutation)])
    }
}

extension TypedGraph.Node {
    fileprivate func isElementwise(operandCount: Int) -> Bool {
        let specification = operation.specification
        return specification.family.isElementwise && specification.inputs.count == operandCount
    }
}

extension Shape {
    /// The axes of this shape that hold the same elements, in the same order, as `axes` of another shape with as many
    /// elements; axes of extent 1 are ignored. nil if there are no such axes.
    func axes(alikeTo axes: [Int], of other: Shape) -> [Int]? {
        let own = extents.indices.filter { self[$0] != 1 }
        let others = other.extents.indices.filter { other[$0] != 1 }
        guard own.map({ self[$0] }) == others.map({ other[$0] }) else { return nil }
        let result = zip(own, others).filter { axes.contains($0.1) }.map(\.0)
        return result.isEmpty ? nil : result
    }
}

extension Tensor {
    /// Reshapes a constant that broadcasts to `after` so that it broadcasts to `before`, of which `after` is a reshape,
    /// and meets the same elements. It may be one number, a row if `after` divides the last axis, or anything if only
    /// axes of extent 1 differ.
    fileprivate func followed(from after: Shape, to before: Shape) throws(Fault) -> Tensor? {
        if shape.elementCount == 1 { return try reshaped(to: .scalar) }
        guard shape.rank <= after.rank else { return nil }
        let aligned = Array(repeating: 1, count: after.rank - shape.rank) + shape.extents
        let own = before.extents.indices.filter { before[$0] != 1 }
        let others = after.extents.indices.filter { after[$0] != 1 }
        if own.map({ before[$0] }) == others.map({ after[$0] }) {
            var extents = Array(repeating: 1, count: before.rank)
            for (axis, other) in zip(own, others) { extents[axis] = aligned[other] }
            return try reshaped(to: Shape(extents))
        }
        // The last axes of `after` together are the last of `before`; the constant must have all of them.
        guard let width = before.extents.last else { return nil }
        var count = 1
        var first = after.rank
        while first > 0, count < width {
            first -= 1
            count *= after[first]
        }
        guard count == width, shape.elementCount == width, aligned[first...].elementsEqual(after.extents[first...])
        else { return nil }
        return try reshaped(to: Shape([width]))
    }
}
