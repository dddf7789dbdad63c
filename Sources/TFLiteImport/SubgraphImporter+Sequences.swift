import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let sequenceNames: [String: Operation] = [
        "UNIDIRECTIONAL_SEQUENCE_LSTM": .sequenceLSTM, "BIDIRECTIONAL_SEQUENCE_LSTM": .sequenceLSTM,
    ]

    /// Positions of one direction's operands in an LSTM operator.
    private struct Direction {
        /// Kernels of the input, one for each gate: input, forget, cell, output. The other weights follow: recurrent
        /// kernels (4), peepholes (3), biases (4), projection and its bias.
        var weights: Int
        /// The previous output and the cell state, both variables.
        var state: [Int]
    }

    func sequence(_ reader: OperatorReader) throws(Fault) {
        try reader.name == "BIDIRECTIONAL_SEQUENCE_LSTM" ? bidirectional(reader) : unidirectional(reader)
    }

    private func unidirectional(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 20...24)
        let options = try reader.options(71)
        try refuse(reader, positions: 20..<24, "normalizes its gates, which is not supported")
        guard try !options.flag(5) else {
            throw reader.unsupported("has diagonal recurrent weights, which is not supported")
        }
        let attributes = try attributes(
            options, timeMajor: try options.flag(3), asymmetric: try options.flag(4))
        try emit(reader, Direction(weights: 1, state: [18, 19]), making: name(reader.outputs[0]), attributes)
    }

    private func bidirectional(_ reader: OperatorReader) throws(Fault) {
        let options = try reader.options(69)
        let isMerged = try options.flag(3)
        try reader.expect(inputs: 39...48, outputs: isMerged ? 1 : 2)
        try refuse(reader, positions: 39..<48, "has a second input, which is not supported")
        let timeMajor = try options.flag(4, default: true)
        var forwardAttributes = try attributes(options, timeMajor: timeMajor, asymmetric: try options.flag(5))
        forwardAttributes["goBackwards"] = .boolean(false)
        var backwardAttributes = forwardAttributes
        backwardAttributes["goBackwards"] = .boolean(true)
        let forward = isMerged ? intermediate(of: reader.outputs[0], "forward") : name(reader.outputs[0])
        let backward = isMerged ? intermediate(of: reader.outputs[0], "backward") : name(reader.outputs[1])
        try emit(
            reader, Direction(weights: 1, state: [35, 36]), making: forward, forwardAttributes, step: "forward")
        try emit(
            reader, Direction(weights: 18, state: [37, 38]), making: backward, backwardAttributes, step: "backward")
        if isMerged { try emit(reader, .concatenate, [forward, backward], ["axis": .integer(-1)]) }
    }

    private func attributes(
        _ options: OperatorOptions, timeMajor: Bool, asymmetric: Bool
    ) throws(Fault) -> Attributes {
        let activation = try fusedActivation(try options.choice(0)) ?? .linear
        return [
            "activation": .text(activation.rawValue),
            "cellClip": .number(try finite(try options.float(1), "cell_clip")),
            "projectionClip": .number(try finite(try options.float(2), "proj_clip")),
            "timeMajor": .boolean(timeMajor), "asymmetricQuantizeInputs": .boolean(asymmetric),
        ]
    }

    /// Appends a direction's node, with its state where that is kept.
    private func emit(
        _ reader: OperatorReader, _ direction: Direction, making output: String, _ attributes: Attributes,
        step: String = ""
    ) throws(Fault) {
        let operands = try operands(of: direction, reader)
        var state: [Int] = []
        for position in direction.state { state.append(try reader.input(position)) }
        let (before, after) = try keepStates(state, reader)
        emit(reader, .sequenceLSTM, operands + before, outputs: [output] + after, attributes, step: step)
    }

    /// The input and seventeen weights in the order of the operation table. The state is checked: it is zero before the
    /// first step of the first run.
    private func operands(of direction: Direction, _ reader: OperatorReader) throws(Fault) -> [String?] {
        for position in direction.state {
            let tensor = try reader.input(position)
            guard startsFromZero(tensor) else {
                throw reader.unsupported(
                    "starts from a state other than zero, which is not supported", found: reader.place(tensor))
            }
        }
        var result: [String?] = [try value(try reader.input(0))]
        for offset in 0..<17 {
            let position = direction.weights + offset
            guard let tensor = reader.optionalInput(position) else {
                result.append(nil)
                continue
            }
            let isMatrix = offset < 8 || offset == 15
            try checkWeights(tensor, rank: isMatrix ? 2 : 1, axis: -1, of: reader)
            result.append(try value(tensor))
        }
        // Without its own kernel the input gate is coupled to the forget gate; then it has no other weight either.
        guard (result[1] == nil) == (result[5] == nil), (result[1] == nil) == (result[12] == nil) else {
            throw Fault(.missingField, at: "", "the input gate has some of its weights and lacks others")
        }
        return result
    }

    private func refuse(_ reader: OperatorReader, positions: Range<Int>, _ problem: String) throws(Fault) {
        for position in positions {
            if let tensor = reader.optionalInput(position) {
                throw reader.unsupported(problem, found: reader.place(tensor))
            }
        }
    }
}
