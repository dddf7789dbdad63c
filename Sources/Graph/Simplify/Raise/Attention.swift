import EmotionFormerCore

extension SimplifierPass {
    /// Heads by reshape and transpose, scores, mask, softmax, weighted sum → attention. Its masks of shape (B, 1, 1, Tk)
    /// become (B, Tk).
    static let raiseAttention = SimplifierPass("raiseAttention", changesRounding: true) { rewriter throws(Fault) in
        for index in rewriter.indices(of: .softmax) {
            guard let match = AttentionMatch(rewriter, softmax: index) else { continue }
            try match.write(to: &rewriter)
        }
        for index in rewriter.indices(of: .attention) { try rewriter.canonicalizeMask(at: index) }
    }
}

/// The parts of attention around one softmax.
private struct AttentionMatch {
    private let name: String
    private let query: AttentionHeads
    private let key: AttentionHeads
    private let value: AttentionHeads
    private let scale: Double
    private let mask: AttentionMask?
    /// Whether rows that may attend to nothing give zeros, as in Keras 3.
    private let zeroesEmptyRows: Bool
    /// The softmax's result, and whether anything except the weighted sum uses it.
    private let weights: Int
    private let givesWeights: Bool
    /// The node of the weighted sum, and the type of its result.
    private let product: Int
    private let output: Int

    init?(_ rewriter: GraphRewriter, softmax index: Int) {
        guard let softmax = rewriter.nodes[index], softmax.input(1) == nil, let scores = softmax.input(0),
            let weights = softmax.outputs.first, let axes = rewriter.axes(softmax),
            axes == [rewriter.shape(of: scores).rank - 1], let beta = try? softmax.attributes.number("beta"),
            let path = AttentionScores(rewriter, scores, scale: beta)
        else { return nil }
        var used = weights
        var zeroesEmptyRows = false
        if let select = rewriter.onlyConsumer(of: weights), select.operation == .select, let mask = path.mask,
            select.input(1) == weights, rewriter.scalar(select.input(2)) == 0, let condition = select.input(0),
            mask.isSame(rewriter, as: condition)
        {
            used = select.outputs[0]
            zeroesEmptyRows = true
        }
        let products = rewriter.consumers(of: used).filter {
            rewriter.nodes[$0]?.operation == .matmul && rewriter.nodes[$0]?.input(0) == used
        }
        guard products.count == 1, let product = rewriter.nodes[products[0]],
            product.attributes["transposeFirst"] == .boolean(false), let second = product.input(1), second != used,
            let value = AttentionHeads(rewriter, second),
            value.isTransposed == (product.attributes["transposeSecond"] == .boolean(true))
        else { return nil }
        let shape = rewriter.shape(of: scores)
        guard path.query.heads == value.heads, path.key.heads == value.heads, path.query.batch == value.batch,
            path.key.batch == value.batch, path.query.width == path.key.width, path.key.length == value.length,
            shape.extents.suffix(2) == [path.query.length, path.key.length],
            shape.elementCount == value.batch * value.heads * path.query.length * path.key.length
        else { return nil }
        givesWeights = used == weights && !rewriter.isUsedOnce(weights)
        if let mask = path.mask, mask.isInfinite, !zeroesEmptyRows { return nil }
        if zeroesEmptyRows, path.mask?.heads != 1 || !rewriter.isUsedOnce(used) { return nil }
        name = product.name
        query = path.query
        key = path.key
        self.value = value
        scale = path.scale
        mask = path.mask
        self.zeroesEmptyRows = zeroesEmptyRows
        self.weights = weights
        self.product = products[0]
        output = product.outputs[0]
        if givesWeights, shape.rank != 4 { return nil }
    }

    func write(to rewriter: inout GraphRewriter) throws(Fault) {
        let attributes: Attributes = [
            "headCount": .integer(value.heads), "scale": .number(scale),
            "causal": .boolean(mask?.isCausal ?? false),
        ]
        var operands: [Int?] = [query.source, key.source, value.source]
        var maskValue: Int?
        if let mask, !mask.isCausal {
            maskValue = try mask.write(to: &rewriter, name: name)
            operands.append(maskValue)
        }
        rewriter.remove(product)
        let type = ValueType(.float32, try Shape([value.batch, query.length, value.heads * value.width]))
        var context = rewriter.addValue(named: "\(name)/attention", type)
        if givesWeights, let softmax = rewriter.producer(of: weights) { rewriter.remove(softmax) }
        rewriter.insert(
            .attention, name: "\(name)/attention", inputs: operands,
            making: givesWeights ? [context, weights] : [context], attributes: attributes)
        if zeroesEmptyRows, let maskValue, let mask {
            let columns = rewriter.shape(of: maskValue)[3]
            let flat = rewriter.reshaped(
                maskValue, to: try Shape([mask.batch, mask.rows, columns]), name: "\(name)/mask")
            let any = rewriter.insert(
                .reduceAny, name: "\(name)/any", inputs: [flat],
                type: ValueType(.bool, try Shape([mask.batch, mask.rows])), attributes: ["axes": .integers([2])])
            let rows = rewriter.reshaped(any, to: try Shape([mask.batch, mask.rows, 1]), name: "\(name)/rows")
            let zero = rewriter.addConstant(named: "\(name)/zero", Tensor(scalar: Float(0)))
            context = rewriter.insert(.select, name: "\(name)/kept", inputs: [rows, context, zero], type: type)
        }
        if rewriter.shape(of: output).rank == 3, rewriter.shape(of: output) == type.shape {
            rewriter.redirect(output, from: context, name: name)
            return
        }
        let split = rewriter.reshaped(
            context, to: try Shape([value.batch, query.length, value.heads, value.width]), name: "\(name)/heads")
        let turned = rewriter.insert(
            .transpose, name: "\(name)/turned", inputs: [split],
            type: ValueType(.float32, try Shape([value.batch, value.heads, query.length, value.width])),
            attributes: ["permutation": .integers([0, 2, 1, 3])])
        rewriter.reshape(turned, making: output, name: name)
    }
}

extension GraphRewriter {
    /// Produces `value`, whose producer was removed, from a value of the same type.
    fileprivate mutating func redirect(_ value: Int, from other: Int, name: String) {
        insert(.identity, name: name, inputs: [other], making: [value])
    }

    /// Removes the axes of heads and queries from a mask that is the same for every query.
    fileprivate mutating func canonicalizeMask(at index: Int) throws(Fault) {
        guard var node = nodes[index], let mask = node.input(3), let key = node.input(1), constant(mask) == nil else {
            return
        }
        let extents = shape(of: mask).extents
        guard extents.count > 2, extents.dropFirst().dropLast().allSatisfy({ $0 == 1 }),
            extents.last == shape(of: key)[1]
        else { return }
        node.inputs[3] = reshaped(
            mask, to: try Shape([extents[0], extents[extents.count - 1]]), name: "\(node.name)/mask")
        replace(index, with: node)
    }
}
