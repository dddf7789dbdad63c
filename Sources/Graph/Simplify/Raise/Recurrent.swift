import EmotionFormerCore

extension SimplifierPass {
    /// sequenceLSTM with float weights and no extras → lstm; a recurrent layer of a reversed input → one that goes
    /// backwards; one of which only the last step is used → one that gives only that.
    static let raiseRecurrent = SimplifierPass("raiseRecurrent") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .sequenceLSTM) { try rewriter.raiseSequence(at: index) }
        for index in rewriter.indices(of: .lstm, .gru, .simpleRNN) {
            try rewriter.joinReversal(at: index)
            try rewriter.joinLastStep(at: index)
        }
    }
}

extension GraphRewriter {
    private static let kernels = 1..<5
    private static let recurrentKernels = 5..<9
    private static let biases = 12..<16

    fileprivate mutating func raiseSequence(at index: Int) throws(Fault) {
        guard let node = nodes[index], let input = node.input(0), shape(of: input).rank == 3,
            try !node.attributes.boolean("timeMajor"), try node.attributes.number("projectionClip") == 0,
            (9..<12).allSatisfy({ node.input($0) == nil }), node.input(16) == nil, node.input(17) == nil
        else { return }
        func gates(_ operands: Range<Int>) -> [(numbers: [Float], shape: Shape)]? {
            var result: [(numbers: [Float], shape: Shape)] = []
            for operand in operands {
                guard let numbers = numbers(node.input(operand)),
                    let shape = constant(node.input(operand))?.tensor.shape,
                    result.allSatisfy({ $0.shape == shape })
                else { return nil }
                result.append((numbers, shape))
            }
            return result
        }
        guard let kernels = gates(GraphRewriter.kernels), let recurrent = gates(GraphRewriter.recurrentKernels),
            let biases = gates(GraphRewriter.biases), kernels[0].shape.rank == 2, recurrent[0].shape.rank == 2
        else { return }
        let units = kernels[0].shape[0]
        let shape = shape(of: input)
        guard recurrent[0].shape.extents == [units, units], biases[0].shape.extents == [units],
            kernels[0].shape[1] == shape[2]
        else { return }
        let isBackwards = try node.attributes.boolean("goBackwards")
        var inputs: [Int?] = [input]
        if node.input(18) != nil || node.input(19) != nil { inputs += [nil, node.input(18), node.input(19)] }
        // The layer's results are the same, of a backwards one but for the order of the steps.
        remove(index)
        let attributes: Attributes = [
            "units": .integer(units), "returnSequences": .boolean(true), "goBackwards": .boolean(isBackwards),
            "activation": .text(try node.attributes.text("activation")), "recurrentActivation": .text("sigmoid"),
            "cellClip": .number(try node.attributes.number("cellClip")),
        ]
        let weights = [
            "kernel": StoredTensor(try Tensor.columns(kernels.map(\.numbers), rows: shape[2], units: units)),
            "recurrentKernel": StoredTensor(
                try Tensor.columns(recurrent.map(\.numbers), rows: units, units: units)),
            "bias": StoredTensor(Tensor(biases.flatMap(\.numbers))),
        ]
        guard isBackwards else {
            insert(
                .lstm, name: node.name, inputs: inputs, making: node.outputs, attributes: attributes, weights: weights)
            return
        }
        let value = addValue(named: "\(node.name)/backwards", type(of: node.outputs[0]))
        insert(
            .lstm, name: node.name, inputs: inputs, making: [value] + node.outputs.dropFirst(), attributes: attributes,
            weights: weights)
        insert(
            .reverse, name: "\(node.name)/reverse", inputs: [value], making: [node.outputs[0]],
            attributes: ["axes": .integers([1])])
    }

    fileprivate mutating func joinReversal(at index: Int) throws(Fault) {
        guard var node = nodes[index], let reversed = node.input(0), let reverse = producing(reversed, .reverse),
            axes(reverse) == [1], let input = reverse.input(0), node.input(1) == nil
        else { return }
        node.inputs[0] = input
        node.attributes["goBackwards"] = .boolean(try !node.attributes.boolean("goBackwards"))
        replace(index, with: node)
    }

    /// A layer of which only the last step is used gives just that.
    fileprivate mutating func joinLastStep(at index: Int) throws(Fault) {
        guard var node = nodes[index], node.attributes["returnSequences"] == .boolean(true), node.input(1) == nil,
            let sequence = node.outputs.first, !isGraphOutput(sequence)
        else { return }
        let shape = shape(of: sequence)
        node.attributes["returnSequences"] = .boolean(false)
        if consumers(of: sequence).isEmpty {
            // The final hidden state is the output at the last step.
            guard node.outputs.count > 1, !node.outputs.dropFirst(2).contains(where: isUsed) else { return }
            node.outputs = [node.outputs[1]]
            return replace(index, with: node)
        }
        guard node.outputs.count == 1, isUsedOnce(sequence), let last = onlyConsumer(of: sequence),
            last.operation == .stridedSlice, let consumer = producer(of: last.outputs[0]),
            let begin = try last.attributes.optionalIntegers("begin"),
            let end = try last.attributes.optionalIntegers("end"),
            let strides = try last.attributes.optionalIntegers("strides"),
            let window = try? StridedSliceWindow(
                of: shape, begin: begin, end: end, strides: strides, masks: .init(last.attributes)),
            window.starts == [0, shape[1] - 1, 0], window.counts == [shape[0], 1, shape[2]], window.steps[0] == 1,
            window.steps[2] == 1
        else { return }
        remove(consumer)
        let value = addValue(named: "\(node.name)/last", ValueType(.float32, try Shape([shape[0], shape[2]])))
        node.outputs = [value]
        replace(index, with: node)
        reshape(value, making: last.outputs[0], name: last.name)
    }
}
