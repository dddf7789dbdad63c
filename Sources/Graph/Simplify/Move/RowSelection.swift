import EmotionFormerCore

extension SimplifierPass {
    /// select(mask, dense(x), bias) by rows → dense(select(mask, x, 0)). Converted files use the first form for
    /// attention rows with nothing to attend to.
    static let moveRowSelection = SimplifierPass("moveRowSelection") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .select) { rewriter.moveRowSelection(at: index) }
    }
}

extension GraphRewriter {
    fileprivate mutating func moveRowSelection(at index: Int) {
        guard let select = nodes[index], let rows = select.input(0), let result = select.input(1),
            let bias = numbers(select.input(2)), isUsedOnce(result), var dense = producing(result, .dense),
            let maker = producer(of: result), let input = dense.input(0), dense.inputs.compactMap({ $0 }).count == 1,
            dense.attributes["activation"] == .text("linear"), type(of: input).elementType == .float32,
            dense.weights["bias"]?.tensor.elements(as: Float.self) == bias,
            let width = shape(of: result).extents.last, bias.count == width,
            let biasWidth = select.input(2).map({ shape(of: $0).extents.last }), biasWidth == width,
            shape(of: rows).rank == shape(of: result).rank, shape(of: rows).extents.last == 1,
            type(of: select.outputs[0]) == type(of: result)
        else { return }
        remove(index)
        let zero = addConstant(named: "\(select.name)/zero", Tensor(scalar: Float(0)))
        dense.inputs[0] = insert(
            .select, name: "\(select.name)/kept", inputs: [rows, input, zero], type: type(of: input))
        dense.outputs = select.outputs
        replace(maker, with: dense)
    }
}
