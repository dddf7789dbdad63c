import EmotionFormerCore

extension SimplifierPass {
    /// fullyConnected, and matmul with a matrix, by constant weights → dense.
    static let raiseDense = SimplifierPass("raiseDense") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .fullyConnected) { try rewriter.raiseFullyConnected(at: index) }
        for index in rewriter.indices(of: .matmul) { try rewriter.raiseMatmul(at: index) }
    }
}

extension GraphRewriter {
    fileprivate mutating func raiseFullyConnected(at index: Int) throws(Fault) {
        guard let node = nodes[index], let input = node.input(0), type(of: input).elementType == .float32,
            let kernel = constant(node.input(1)),
            kernel.tensor.shape.rank == 2, constant(input) == nil
        else { return }
        let width = kernel.tensor.shape[1]
        if kernel.tensor.elementType == .int8 {
            // dense quantizes its rows asymmetrically, as XNNPACK does.
            guard kernel.quantization != nil, try node.attributes.boolean("asymmetricQuantizeInputs"),
                try node.attributes.integerRule() == .xnnpack
            else { return }
        } else {
            guard kernel.tensor.elementType == .float32, kernel.quantization == nil else { return }
        }
        var weights = ["kernel": kernel]
        if let bias = node.input(2) {
            guard let stored = constant(bias), stored.quantization == nil, stored.tensor.elementType == .float32,
                stored.tensor.shape.elementCount == kernel.tensor.shape[0]
            else { return }
            weights["bias"] = StoredTensor(try stored.tensor.reshaped(to: Shape([stored.tensor.shape.elementCount])))
        }
        let output = node.outputs[0]
        let attributes: Attributes = ["kernelLayout": .text("outputInput")]
        guard width > 0, let columns = shape(of: input).extents.last else { return }
        remove(index)
        if columns == width, shape(of: input).rank == shape(of: output).rank {
            insert(.dense, name: node.name, inputs: [input], making: [output], attributes: attributes, weights: weights)
            return
        }
        let rows = shape(of: input).elementCount / width
        let flat = reshaped(input, to: try Shape([rows, width]), name: "\(node.name)/rows")
        let shape = try Shape([rows, kernel.tensor.shape[0]])
        if self.shape(of: output) == shape {
            insert(.dense, name: node.name, inputs: [flat], making: [output], attributes: attributes, weights: weights)
        } else {
            let result = insert(
                .dense, name: node.name, inputs: [flat], type: ValueType(.float32, shape), attributes: attributes,
                weights: weights)
            reshape(result, making: output, name: "\(node.name)/reshape")
        }
    }

    fileprivate mutating func raiseMatmul(at index: Int) throws(Fault) {
        guard let node = nodes[index], let input = node.input(0), constant(input) == nil,
            let stored = constant(node.input(1)),
            stored.quantization == nil, stored.tensor.elementType == .float32,
            try !node.attributes.boolean("transposeFirst"), shape(of: input).rank >= stored.tensor.shape.rank,
            stored.tensor.shape.rank >= 2, stored.tensor.shape.extents.dropLast(2).allSatisfy({ $0 == 1 })
        else { return }
        let kernel = try stored.tensor.reshaped(to: Shape(Array(stored.tensor.shape.extents.suffix(2))))
        let isTransposed = try node.attributes.boolean("transposeSecond")
        replace(
            index, with: .dense, inputs: [input],
            attributes: ["kernelLayout": .text(isTransposed ? "outputInput" : "inputOutput")],
            weights: ["kernel": StoredTensor(kernel)])
    }
}
