import EmotionFormerCore

extension SimplifierPass {
    /// Reductions over time of (B, T, C) → globalPooling1D; Σ kept x / Σ kept → globalPooling1D with its mask; pooling2D
    /// of an image of one row → pooling1D.
    static let raisePooling = SimplifierPass("raisePooling") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .pooling2D) { try rewriter.raiseRowPooling(at: index) }
        for index in rewriter.indices(of: .divide) { try rewriter.raiseMaskedMean(at: index) }
        for index in rewriter.indices(of: .reduceMean, .reduceMaximum) { try rewriter.raiseReduction(at: index) }
    }
}

extension GraphRewriter {
    /// Windows over an image of one row, one element high → windows along time.
    fileprivate mutating func raiseRowPooling(at index: Int) throws(Fault) {
        guard let node = nodes[index], let input = node.input(0), type(of: input).elementType == .float32 else {
            return
        }
        let shape = shape(of: input)
        let result = self.shape(of: node.outputs[0])
        let sizes = try node.attributes.integers("poolSize")
        let strides = try node.attributes.integers("strides")
        guard sizes.count == 2, strides.count == 2, shape.rank == 4, shape[0] == result[0],
            let row = [1, 2].first(where: { shape[$0] == 1 && result[$0] == 1 && sizes[$0 - 1] == 1 })
        else { return }
        let time = 3 - row
        let attributes: Attributes = [
            "kind": .text(try node.attributes.text("kind")), "padding": .text(try node.attributes.text("padding")),
            "poolSize": .integer(sizes[time - 1]), "stride": .integer(strides[time - 1]),
        ]
        remove(index)
        let steps = reshaped(input, to: try Shape([shape[0], shape[time], shape[3]]), name: "\(node.name)/steps")
        let value = insert(
            .pooling1D, name: node.name, inputs: [steps],
            type: ValueType(.float32, try Shape([result[0], result[time], result[3]])), attributes: attributes)
        reshape(value, making: node.outputs[0], name: "\(node.name)/reshape")
    }

    fileprivate mutating func raiseReduction(at index: Int) throws(Fault) {
        guard let node = nodes[index], let input = node.input(0), axes(node) == [1],
            type(of: input).elementType == .float32, shape(of: input).rank == 3
        else { return }
        // A mean that is subtracted from its input is part of a normalization.
        let isMoment = consumers(of: node.outputs[0]).contains { nodes[$0]?.operation == .squaredDifference }
        guard !isMoment else { return }
        replace(
            index, with: .globalPooling1D, inputs: [input],
            attributes: [
                "kind": .text(node.operation == .reduceMean ? "average" : "maximum"),
                "keepDimensions": .boolean(try node.attributes.boolean("keepDimensions")),
            ])
    }

    fileprivate mutating func raiseMaskedMean(at index: Int) throws(Fault) {
        guard let node = nodes[index], let sum = producing(node.input(0), .reduceSum), axes(sum) == [1],
            let count = producing(node.input(1), .reduceSum), axes(count) == [1], let kept = sum.input(0),
            let ones = count.input(0), let mask = castBoolean(ones), let (input, found) = maskedSteps(kept),
            beforeReshapes(mask) == beforeReshapes(found), shape(of: input).rank == 3
        else { return }
        let shape = shape(of: input)
        let keepsDimensions = try sum.attributes.boolean("keepDimensions")
        // (B, T, 1), so that the count is one a clip; the mask (B, T) has those elements in that order.
        guard
            self.shape(of: ones).extents == [shape[0], shape[1], 1]
                || (shape[0] == 1 && self.shape(of: ones).extents == [1, shape[1]]),
            self.shape(of: mask).elementCount == shape[0] * shape[1],
            self.shape(of: node.outputs[0]).extents
                == (keepsDimensions ? [shape[0], 1, shape[2]] : [shape[0], shape[2]])
        else { return }
        remove(index)
        let steps = reshaped(
            beforeReshapes(mask), to: try Shape([shape[0], shape[1]]), name: "\(node.name)/mask")
        insert(
            .globalPooling1D, name: node.name, inputs: [input, steps], making: node.outputs,
            attributes: ["kind": .text("average"), "keepDimensions": .boolean(keepsDimensions)])
    }
}
