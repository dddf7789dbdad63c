import EmotionFormerCore

/// One step of an LSTM, as the body of a loop: h = σ(o) tanh(c), c = σ(f) c₋₁ + σ(i) tanh(g), and i, f, g, o the parts of
/// x · kernel + h₋₁ · recurrentKernel + bias.
struct LSTMCell {
    /// Positions of the loop's variables.
    private let hidden: Int
    private let cell: Int
    private let input: Int
    private let units: Int
    private let kernel: Tensor
    private let recurrentKernel: Tensor
    private let bias: [Float]
    private let activation: ActivationFunction
    private let recurrentActivation: ActivationFunction

    init?(_ loop: CountedLoop) {
        for position in loop.bodyOutputs.indices {
            if let cell = LSTMCell(loop, hidden: position) {
                self = cell
                return
            }
        }
        return nil
    }

    private init?(_ loop: CountedLoop, hidden: Int) {
        let body = loop.body
        let units = body.shape(of: loop.bodyInputs[hidden]).elementCount
        // Every accumulated value must be this step's output. Weights are read only after all that is cheaper.
        guard let product = body.producing(loop.bodyOutputs[hidden], .multiply), units > 0,
            loop.accumulators.values.allSatisfy({ $0 == loop.bodyOutputs[hidden] })
        else { return nil }
        for (gate, state) in product.bothOrders {
            guard let output = Gate(body, gate), let squashed = body.producing(state, .activation),
                let activation = squashed.parameterlessFunction, let next = squashed.input(0),
                let cell = loop.bodyOutputs.firstIndex(of: next), cell != hidden,
                body.shape(of: next).elementCount == units,
                let parts = LSTMCell.parts(body, next, state: loop.bodyInputs[cell], activation: activation),
                let gates = LSTMCell.order([parts.input, parts.forget, parts.candidate, output], body),
                parts.input.function == output.function, parts.forget.function == output.function,
                let sums = LSTMCell.sums(loop, gates.sum, hidden: hidden)
            else { continue }
            guard let kernel = sums.kernel.gates(gates.positions, units: units),
                let recurrent = sums.recurrentKernel.gates(gates.positions, units: units),
                recurrent.shape[0] == units, sums.bias.count == 4 * units
            else { continue }
            self.hidden = hidden
            self.cell = cell
            self.units = units
            input = sums.input
            self.kernel = kernel
            recurrentKernel = recurrent
            bias = gates.positions.flatMap { sums.bias[($0 * units)..<(($0 + 1) * units)] }
            self.activation = activation
            recurrentActivation = output.function
            return
        }
        return nil
    }

    /// An activation of a part of a split.
    private struct Gate {
        let function: ActivationFunction
        let part: Int

        init?(_ body: GraphRewriter, _ value: Int?) {
            guard let node = body.producing(value, .activation), let function = node.parameterlessFunction,
                let part = node.input(0)
            else { return nil }
            self.function = function
            self.part = part
        }
    }

    /// The gates of σ(f) c₋₁ + σ(i) activation(g).
    private static func parts(
        _ body: GraphRewriter, _ next: Int, state: Int, activation: ActivationFunction
    ) -> (input: Gate, forget: Gate, candidate: Gate)? {
        guard let sum = body.producing(next, .add) else { return nil }
        for (kept, added) in sum.bothOrders {
            guard let keep = body.producing(kept, .multiply), let add = body.producing(added, .multiply),
                let forget = body.other(keep, than: state).flatMap({ Gate(body, $0) }),
                let first = Gate(body, add.input(0)), let second = Gate(body, add.input(1))
            else { continue }
            if second.function == activation, first.function == forget.function { return (first, forget, second) }
            if first.function == activation, second.function == forget.function { return (second, forget, first) }
        }
        return nil
    }

    /// The value that is split into the four gates, and where each of them stands in it.
    private static func order(_ gates: [Gate], _ body: GraphRewriter) -> (sum: Int, positions: [Int])? {
        guard let split = body.producing(gates[0].part, .split), split.outputs.count == 4, let sum = split.input(0),
            let axis = try? split.attributes.integer("axis")
        else { return nil }
        let shape = body.shape(of: sum)
        let positions = gates.compactMap { split.outputs.firstIndex(of: $0.part) }
        guard Set(positions).count == 4, axis == shape.rank - 1 || axis == -1,
            shape.extents.dropLast().allSatisfy({ $0 == 1 })
        else { return nil }
        return (sum, positions)
    }

    private static func sums(
        _ loop: CountedLoop, _ sum: Int, hidden: Int
    ) -> (input: Int, kernel: Tensor, recurrentKernel: Tensor, bias: [Float])? {
        let body = loop.body
        var bias = [Double](repeating: 0, count: body.shape(of: sum).elementCount)
        var input: Int?
        var kernel: Tensor?
        var recurrentKernel: Tensor?
        var pending = [sum]
        // Two products and their biases: more summands are not an LSTM's.
        for _ in 0..<12 {
            guard let value = pending.popLast() else { break }
            if let numbers = body.numbers(value) {
                guard numbers.count == bias.count else { return nil }
                for (index, number) in numbers.enumerated() { bias[index] += Double(number) }
                continue
            }
            guard let node = body.producing(value), body.shape(of: value).elementCount == bias.count,
                let operand = node.input(0)
            else { return nil }
            switch node.operation {
            case .reshape: pending.append(operand)
            case .add:
                guard let second = node.input(1) else { return nil }
                pending += [operand, second]
            case .dense:
                guard node.attributes["activation"] == .text("linear"), let matrix = node.kernelMatrix,
                    matrix.shape[1] == bias.count
                else { return nil }
                if let stored = node.weights["bias"] {
                    guard let numbers = stored.plainNumbers, numbers.count == bias.count else { return nil }
                    for (index, number) in numbers.enumerated() { bias[index] += number }
                }
                if let position = loop.sequence(operand), input == nil {
                    input = position
                    kernel = matrix
                } else if body.beforeReshapes(operand) == loop.bodyInputs[hidden], recurrentKernel == nil {
                    recurrentKernel = matrix
                } else {
                    return nil
                }
            default: return nil
            }
        }
        guard pending.isEmpty, let input, let kernel, let recurrentKernel else { return nil }
        return (input, kernel, recurrentKernel, bias.map { Float($0) })
    }

    /// The layer that the loop is.
    var layer: LoopLayer {
        LoopLayer(
            operation: .lstm, units: units, input: input, states: [hidden, cell],
            attributes: [
                "activation": .text(activation.rawValue), "recurrentActivation": .text(recurrentActivation.rawValue),
            ],
            weights: [
                "kernel": StoredTensor(kernel), "recurrentKernel": StoredTensor(recurrentKernel),
                "bias": StoredTensor(Tensor(bias)),
            ])
    }
}

extension TypedGraph.Node {
    /// The kernel of a float dense layer as (in, out).
    var kernelMatrix: Tensor? {
        guard let stored = weights["kernel"], stored.quantization == nil, stored.tensor.shape.rank == 2,
            let numbers = stored.tensor.elements(as: Float.self)
        else { return nil }
        guard attributes["kernelLayout"] == .text("outputInput") else { return stored.tensor }
        return try? Tensor.columns([numbers], rows: stored.tensor.shape[1], units: stored.tensor.shape[0])
    }
}
