import EmotionFormerCore

extension SimplifierPass {
    /// Removes nodes that return their operand and pairs of nodes that undo each other, and joins successive reshapes
    /// and transposes.
    static let removeNoOperations = SimplifierPass("removeNoOperations") { rewriter throws(Fault) in
        for index in rewriter.nodes.indices {
            guard let node = rewriter.nodes[index], let input = node.input(0), node.outputs.count == 1 else { continue }
            if let update = rewriter.wholeUpdate(node) {
                rewriter.redirect(node.outputs[0], to: update)
            } else if rewriter.type(of: input) == rewriter.type(of: node.outputs[0]), rewriter.isNoOperation(node) {
                rewriter.redirect(node.outputs[0], to: input)
            } else {
                rewriter.mergeWithProducer(index)
            }
        }
    }
}

extension GraphRewriter {
    /// Whether a node, whose output has its first operand's type, returns that operand.
    fileprivate func isNoOperation(_ node: TypedGraph.Node) -> Bool {
        guard let input = node.input(0) else { return false }
        let shape = shape(of: input)
        switch node.operation {
        case .identity, .reshape, .expandDimensions, .squeeze, .cast, .broadcastTo, .split, .splitSizes: return true
        case .concatenate: return node.inputs.count == 1
        case .activation: return node.parameterlessFunction == .linear
        case .transpose: return (try? node.attributes.integers("permutation")) == Array(0..<shape.rank)
        case .tile: return shape.elementCount > 0
        case .pad, .mirrorPad: return true
        case .slice:
            // The slice has the operand's shape, so it begins at 0.
            return true
        case .stridedSlice:
            guard let strides = try? node.attributes.optionalIntegers("strides") else { return false }
            return strides.allSatisfy { $0 == 1 } && node.attributes["newAxisMask"] == .integer(0)
        case .reverse:
            guard let axes = axes(node) else { return false }
            return axes.allSatisfy { shape[$0] == 1 }
        case .reduceSum, .reduceMean, .reduceMaximum, .reduceMinimum, .reduceProduct, .reduceAny, .reduceAll:
            guard let axes = axes(node) else { return false }
            return axes.allSatisfy { shape[$0] == 1 }
        case .add: return constant(node.input(1))?.isAll(0) ?? false
        case .multiply, .divide: return constant(node.input(1))?.isAll(1) ?? false
        default: return false
        }
    }

    /// The update that covers the whole of what it is written into, at a place that is known.
    fileprivate func wholeUpdate(_ node: TypedGraph.Node) -> Int? {
        guard node.operation == .updateSlice, let update = node.input(1),
            type(of: update) == type(of: node.outputs[0]),
            node.input(2) == nil || constant(node.input(2)) != nil
        else { return nil }
        return update
    }

    /// Joins a node with its producer if both together are one node or nothing.
    fileprivate mutating func mergeWithProducer(_ index: Int) {
        guard let node = nodes[index], let input = node.input(0), let before = producing(input),
            before.operation == node.operation, let origin = before.input(0)
        else { return }
        switch node.operation {
        case .reshape:
            var merged = node
            merged.inputs = [origin]
            replace(index, with: merged)
        case .transpose:
            guard let first = try? before.attributes.integers("permutation"),
                let second = try? node.attributes.integers("permutation"), first.count == second.count,
                second.allSatisfy(first.indices.contains)
            else { return }
            var merged = node
            merged.inputs = [origin]
            merged.attributes["permutation"] = .integers(second.map { first[$0] })
            replace(index, with: merged)
        case .reverse:
            guard axes(node) == axes(before) else { return }
            redirect(node.outputs[0], to: origin)
        case .negate, .logicalNot:
            redirect(node.outputs[0], to: origin)
        default: return
        }
    }
}
