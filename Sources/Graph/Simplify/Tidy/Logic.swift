import EmotionFormerCore

extension SimplifierPass {
    /// All or any of stacked masks → logicalAnd or logicalOr; a ∧ a → a; a ∧ true → a.
    static let simplifyLogic = SimplifierPass("simplifyLogic") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .reduceAll, .reduceAny) { rewriter.unstackReduction(at: index) }
        for index in rewriter.indices(of: .logicalAnd, .logicalOr) { rewriter.dropRepeatedOperand(at: index) }
        for index in rewriter.indices(of: .logicalAnd) { rewriter.dropTrueOperand(at: index) }
    }
}

extension GraphRewriter {
    /// Whether all or any of n masks that were stacked on an axis of their own hold → n − 1 times logicalAnd or logicalOr.
    fileprivate mutating func unstackReduction(at index: Int) {
        guard let node = nodes[index], node.attributes["keepDimensions"] == .boolean(false), let axes = axes(node),
            axes.count == 1, let stack = producing(node.input(0), .concatenate), (2...8).contains(stack.inputs.count),
            let axis = try? stack.attributes.integer("axis"),
            axis == axes[0] || axis + shape(of: stack.outputs[0]).rank == axes[0]
        else { return }
        let parts = stack.inputs.compactMap { $0 }
        guard parts.count == stack.inputs.count, parts.allSatisfy({ shape(of: $0)[axes[0]] == 1 }) else { return }
        let type = type(of: node.outputs[0])
        let operation: Operation = node.operation == .reduceAll ? .logicalAnd : .logicalOr
        remove(index)
        let flat = parts.map { reshaped($0, to: type.shape, name: "\(node.name)/part") }
        var joined = flat[0]
        for part in flat.dropFirst().dropLast() {
            joined = insert(operation, name: "\(node.name)/join", inputs: [joined, part], type: type)
        }
        insert(operation, name: node.name, inputs: [joined, flat[flat.count - 1]], making: node.outputs)
    }

    /// a ∧ a → a, (a ∧ b) ∧ b → a ∧ b; the same with ∨.
    fileprivate mutating func dropRepeatedOperand(at index: Int) {
        guard let node = nodes[index], let first = node.input(0), let second = node.input(1) else { return }
        for (kept, other) in [(first, second), (second, first)] {
            var known = [kept]
            if let inner = producing(kept, node.operation) { known += inner.inputs.compactMap { $0 } }
            if known.contains(where: { isSame($0, as: other) }), redirect(node.outputs[0], to: kept) { return }
        }
    }

    /// a ∧ true → a. If the node also broadcasts a, only selections, which broadcast their condition themselves, use a
    /// instead.
    fileprivate mutating func dropTrueOperand(at index: Int) {
        guard let node = nodes[index], let (mask, constant) = variableAndConstant(node),
            let stored = self.constant(constant), stored.tensor.elementType == .bool,
            stored.tensor.doubles.allSatisfy({ $0 != 0 })
        else { return }
        let spread = node.outputs[0]
        if redirect(spread, to: mask) { return }
        for consumer in Set(consumers(of: spread)) {
            guard var select = nodes[consumer], select.operation == .select, select.input(0) == spread,
                select.inputs.dropFirst().allSatisfy({ $0 != spread }), let kept = select.input(1),
                shape(of: kept) == shape(of: select.outputs[0])
            else { continue }
            select.inputs[0] = mask
            replace(consumer, with: select)
        }
    }
}
