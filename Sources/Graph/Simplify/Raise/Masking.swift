import EmotionFormerCore

extension SimplifierPass {
    /// any(x ≠ value) over the features, and x where it holds and zero elsewhere → masking.
    static let raiseMasking = SimplifierPass("raiseMasking") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .reduceAny) { try rewriter.dropKeptAxes(at: index) }
        for index in rewriter.indices(of: .reduceAny) { rewriter.raiseMasking(at: index) }
    }
}

extension GraphRewriter {
    /// Turns a reduction that keeps its axes into one that does not, so that equal reductions are recognized as equal.
    fileprivate mutating func dropKeptAxes(at index: Int) throws(Fault) {
        guard var node = nodes[index], node.attributes["keepDimensions"] == .boolean(true), let axes = axes(node),
            let input = node.input(0), !axes.isEmpty
        else { return }
        let kept = shape(of: input).extents.indices.filter { !axes.contains($0) }.map { shape(of: input)[$0] }
        remove(index)
        node.attributes["keepDimensions"] = .boolean(false)
        node.attributes["axes"] = .integers(axes)
        let reduced = insert(
            node.operation, name: "\(node.name)/flat", inputs: [input], type: ValueType(.bool, try Shape(kept)),
            attributes: node.attributes)
        reshape(reduced, making: node.outputs[0], name: node.name)
    }

    fileprivate mutating func raiseMasking(at index: Int) {
        guard let any = nodes[index], let differs = any.input(0), axes(any) == [2],
            let comparison = producing(differs, .notEqual), let input = comparison.input(0),
            let value = scalar(comparison.input(1)), shape(of: differs) == shape(of: input),
            type(of: input).elementType == .float32, any.attributes["keepDimensions"] == .boolean(false)
        else { return }
        let mask = any.outputs[0]
        for consumer in consumers(of: input) {
            guard let masking = nodes[consumer], masking.operation == .masking, masking.outputs.count == 2,
                masking.attributes["maskValue"] == .number(value)
            else { continue }
            redirect(mask, to: masking.outputs[1])
            return
        }
        for consumer in consumers(of: input) {
            guard let node = nodes[consumer], let output = node.outputs.first,
                let (masked, found) = maskedSteps(output), masked == input, beforeReshapes(found) == mask
            else { continue }
            remove(index)
            remove(consumer)
            insert(
                .masking, name: node.name, inputs: [input], making: [output, mask],
                attributes: ["maskValue": .number(value)])
            return
        }
    }
}
