import EmotionFormerCore

/// One step of a GRU that resets after the product, as the body of a loop: z = σ(xz + hz), r = σ(xr + hr),
/// h = z h₋₁ + (1 − z) activation(xc + r hc); xz, xr, xc are the parts of x · kernel + bias, and hz, hr, hc those of
/// h₋₁ · recurrentKernel + recurrentBias.
struct GRUCell {
    /// The layer that the loop is.
    let layer: LoopLayer

    init?(_ loop: CountedLoop) {
        for position in loop.bodyOutputs.indices {
            if let layer = GRUCell.layer(loop, hidden: position) {
                self.layer = layer
                return
            }
        }
        return nil
    }

    /// A block of columns of a value (1, 3 · units), counted in blocks.
    private struct Part {
        let source: Int
        let block: Int

        init?(_ body: GraphRewriter, _ value: Int?, units: Int) {
            guard let value, let node = body.producing(value), let source = node.input(0) else { return nil }
            let shape = body.shape(of: source)
            guard shape.extents == [1, 3 * units], body.shape(of: value).extents == [1, units] else { return nil }
            self.source = source
            switch node.operation {
            case .split:
                guard let axis = try? node.attributes.integer("axis"), axis == 1 || axis == -1,
                    let block = node.outputs.firstIndex(of: value)
                else { return nil }
                self.block = block
            case .stridedSlice:
                guard let begin = try? node.attributes.optionalIntegers("begin"),
                    let end = try? node.attributes.optionalIntegers("end"),
                    let strides = try? node.attributes.optionalIntegers("strides"),
                    let window = try? StridedSliceWindow(
                        of: shape, begin: begin, end: end, strides: strides, masks: .init(node.attributes)),
                    window.counts == [1, units], window.steps[1] == 1, window.starts[1].isMultiple(of: units)
                else { return nil }
                block = window.starts[1] / units
            default: return nil
            }
        }
    }

    /// A product with a constant kernel (in, 3 · units) and its bias.
    private struct Product {
        let operand: Int
        let kernel: Tensor
        let bias: [Float]

        init?(_ body: GraphRewriter, _ value: Int) {
            var value = value
            var summand: [Float]?
            if let sum = body.producing(value, .add), let numbers = body.numbers(sum.input(1)),
                let input = sum.input(0)
            {
                summand = numbers
                value = input
            }
            guard let node = body.producing(body.beforeReshapes(value), .dense), let operand = node.input(0),
                node.attributes["activation"] == .text("linear"), let kernel = node.kernelMatrix
            else { return nil }
            var bias = [Double](repeating: 0, count: kernel.shape[1])
            if let stored = node.weights["bias"] {
                guard let numbers = stored.plainNumbers, numbers.count == bias.count else { return nil }
                bias = numbers
            }
            if let summand {
                guard summand.count == bias.count else { return nil }
                for (index, number) in summand.enumerated() { bias[index] += Double(number) }
            }
            self.operand = operand
            self.kernel = kernel
            self.bias = bias.map { Float($0) }
        }
    }

    private static func layer(_ loop: CountedLoop, hidden: Int) -> LoopLayer? {
        let body = loop.body
        let before = loop.bodyInputs[hidden]
        let units = body.shape(of: before).elementCount
        // Every accumulated value must be this step's output. Weights are read only after all that is cheaper.
        guard let sum = body.producing(loop.bodyOutputs[hidden], .add), units > 0,
            loop.accumulators.values.allSatisfy({ $0 == loop.bodyOutputs[hidden] })
        else { return nil }
        for (kept, added) in sum.bothOrders {
            guard let keep = body.producing(kept, .multiply), let update = body.other(keep, than: before),
                let updateGate = body.producing(update, .activation), let function = updateGate.parameterlessFunction,
                let add = body.producing(added, .multiply)
            else { continue }
            for (rest, squashed) in add.bothOrders {
                guard let complement = body.producing(rest, .subtract), complement.input(1) == update,
                    body.constant(complement.input(0))?.isAll(1) ?? false,
                    let candidate = body.producing(squashed, .activation),
                    let activation = candidate.parameterlessFunction,
                    let parts = parts(body, updateGate, candidate, function, units: units),
                    let weights = weights(loop, parts, before: before, units: units)
                else { continue }
                return LoopLayer(
                    operation: .gru, units: units, input: weights.input, states: [hidden],
                    attributes: [
                        "activation": .text(activation.rawValue), "recurrentActivation": .text(function.rawValue),
                        "resetAfter": .boolean(true),
                    ], weights: weights.weights)
            }
        }
        return nil
    }

    /// The parts of the two products: update, reset, candidate. Those of the input come first in each pair; if the
    /// gates' sums do not tell which is which, the candidate's does: the reset gate multiplies the state's part.
    private static func parts(
        _ body: GraphRewriter, _ updateGate: TypedGraph.Node, _ candidate: TypedGraph.Node,
        _ function: ActivationFunction, units: Int
    ) -> [(input: Part, state: Part)]? {
        guard let sum = body.producing(candidate.input(0), .add) else { return nil }
        for (plain, product) in sum.bothOrders {
            guard let input = Part(body, plain, units: units), let scaled = body.producing(product, .multiply) else {
                continue
            }
            for (gate, value) in scaled.bothOrders {
                guard let state = Part(body, value, units: units), input.source != state.source,
                    let reset = body.producing(gate, .activation), reset.parameterlessFunction == function,
                    let resetParts = pair(body, reset, input, state, units: units),
                    let updateParts = pair(body, updateGate, input, state, units: units)
                else { continue }
                return [updateParts, resetParts, (input, state)]
            }
        }
        return nil
    }

    /// The summands of a gate: a part of the input's product and one of the state's.
    private static func pair(
        _ body: GraphRewriter, _ gate: TypedGraph.Node, _ input: Part, _ state: Part, units: Int
    ) -> (input: Part, state: Part)? {
        guard let sum = body.producing(gate.input(0), .add) else { return nil }
        for (first, second) in sum.bothOrders {
            if let first = Part(body, first, units: units), let second = Part(body, second, units: units),
                first.source == input.source, second.source == state.source
            {
                return (first, second)
            }
        }
        return nil
    }

    private static func weights(
        _ loop: CountedLoop, _ parts: [(input: Part, state: Part)], before: Int, units: Int
    ) -> (input: Int, weights: [String: StoredTensor])? {
        let body = loop.body
        let (inputs, states) = (parts.map(\.input.block), parts.map(\.state.block))
        guard Set(inputs).count == 3, Set(states).count == 3,
            let input = Product(body, parts[0].input.source), let state = Product(body, parts[0].state.source),
            body.beforeReshapes(state.operand) == before, let position = loop.sequence(input.operand),
            state.kernel.shape[0] == units, let kernel = input.kernel.gates(inputs, units: units),
            let recurrentKernel = state.kernel.gates(states, units: units)
        else { return nil }
        func ordered(_ bias: [Float], _ blocks: [Int]) -> StoredTensor {
            StoredTensor(Tensor(blocks.flatMap { bias[($0 * units)..<(($0 + 1) * units)] }))
        }
        return (
            position,
            [
                "kernel": StoredTensor(kernel), "recurrentKernel": StoredTensor(recurrentKernel),
                "bias": ordered(input.bias, inputs), "recurrentBias": ordered(state.bias, states),
            ]
        )
    }
}
