import EmotionFormerCore
import EmotionFormerGraph

/// TensorFlow Lite's LSTM of int8 numbers. The steps of a sequence follow each other; batches are computed one by one.
extension StepBuilder {
    mutating func appendIntegerLSTM(_ node: TypedGraph.Node) throws(Fault) {
        let (input, output) = (try operand(node, 0), try output(node))
        let isTimeMajor = try node.attributes.boolean("timeMajor")
        let shape = shape(input)
        let (batches, steps) = (shape[isTimeMajor ? 1 : 0], shape[isTimeMajor ? 0 : 1])
        let (width, units) = (shape[2], self.shape(output)[2])
        let context = integerContext(node)
        let arithmetic = try context.integerLSTM()
        let inputZero = try context.quantization(0).zeroPoint
        let stateZero = try context.stated("state").zeroPoint
        var weights: [ConstantAddress] = []
        var biases: [ConstantAddress] = []
        for gate in 0..<4 {
            let kernel = try constantOperand(node, 1 + gate)
            let recurrent = try constantOperand(node, 5 + gate)
            let bias = try constantOperand(node, 9 + gate).integers ?? []
            guard let kernelNumbers = kernel.integers, let recurrentNumbers = recurrent.integers, bias.count == units,
                kernelNumbers.count == units * width, recurrentNumbers.count == units * units
            else { throw unsupported(node, "weights of other shapes") }
            weights += [keep(kernel), keep(recurrent)]
            // The zero points' part of both sums.
            let first = (0..<units).map { (unit: Int) -> Int in
                let sum = kernelNumbers[unit * width..<(unit + 1) * width].reduce(0, +)
                return bias[unit] - inputZero * sum
            }
            let second = (0..<units).map { (unit: Int) -> Int in
                let sum = recurrentNumbers[unit * units..<(unit + 1) * units].reduce(0, +)
                return -stateZero * sum
            }
            for sums in [first, second] {
                biases.append(
                    ConstantAddress(
                        makeBuffer(byteCount: units * 8) { bytes in
                            bytes.assumingMemoryBound(to: Int.self).update(from: sums, count: units)
                        }))
            }
        }
        let run = IntegerRecurrence(
            arithmetic: arithmetic, weights: weights, biases: biases, width: width, units: units, stateZero: stateZero)
        let state = SequenceState(node, operands: 13)
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [input] + state.reads,
            writes: [output] + state.writes
        ) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            let state = state.bound(layout)
            return { execution, _ in
                let x = input.elements(execution, as: Int8.self)
                let y = output.elements(execution, as: Int8.self)
                for batch in 0..<batches {
                    run.start(execution, state, batch)
                    run.run(execution.scratch) { visit in
                        for step in 0..<steps {
                            let place = isTimeMajor ? step &* batches &+ batch : batch &* steps &+ step
                            visit(x + place &* width, y + place &* units)
                        }
                    }
                    run.end(execution, state, batch)
                }
            }
        }
        draft.scratchByteCount = run.scratchByteCount
        draft.floatingPointOperations = Work.product(8, batches, steps, units, width + units)
        append(draft)
    }

    private func constantOperand(_ node: TypedGraph.Node, _ index: Int) throws(Fault) -> Tensor {
        guard let tensor = graph.constant(try operand(node, index))?.tensor else {
            throw unsupported(node, "weights that are not known before the model runs")
        }
        return tensor
    }
}

private struct IntegerRecurrence: Sendable {
    let arithmetic: IntegerLSTM
    /// For each gate: the input's kernel, the recurrent one.
    let weights: [ConstantAddress]
    let biases: [ConstantAddress]
    let width: Int
    let units: Int
    let stateZero: Int

    /// The gates, the cell state, and the output of the last step.
    var scratchByteCount: Int { units * (5 * MemoryLayout<Int>.stride + 1) }

    func run(
        _ scratch: UnsafeMutableRawPointer,
        _ steps: ((_ x: UnsafePointer<Int8>, _ y: UnsafeMutablePointer<Int8>) -> Void) -> Void
    ) {
        let gates = scratch.assumingMemoryBound(to: Int.self)
        let (cells, state) = places(scratch)
        steps { x, y in
            for gate in 0..<4 {
                let kernel = weights[2 &* gate].bytes.assumingMemoryBound(to: Int8.self)
                let recurrent = weights[2 &* gate &+ 1].bytes.assumingMemoryBound(to: Int8.self)
                let first = biases[2 &* gate].bytes.assumingMemoryBound(to: Int.self)
                let second = biases[2 &* gate &+ 1].bytes.assumingMemoryBound(to: Int.self)
                for unit in 0..<units {
                    gates[gate &* units &+ unit] = arithmetic.gate(
                        first[unit] &+ Int(dot(kernel + unit &* width, x, width)),
                        second[unit] &+ Int(dot(recurrent + unit &* units, state, units)), gate)
                }
            }
            for unit in 0..<units {
                let cell = arithmetic.cell(
                    gates[unit], gates[units &+ unit], gates[2 &* units &+ unit], cells[unit])
                cells[unit] = cell
                state[unit] = Int8(truncatingIfNeeded: arithmetic.hidden(gates[3 &* units &+ unit], cell))
            }
            y.update(from: state, count: units)
        }
    }

    /// The cell state and the output of the last step.
    private func places(
        _ scratch: UnsafeMutableRawPointer
    ) -> (cells: UnsafeMutablePointer<Int>, state: UnsafeMutablePointer<Int8>) {
        let cells = scratch.assumingMemoryBound(to: Int.self) + 4 &* units
        return (cells, UnsafeMutableRawPointer(cells + units).assumingMemoryBound(to: Int8.self))
    }

    /// Sets the state to the initial one of a clip, or to zero.
    func start(_ execution: Execution, _ given: BoundSequenceState, _ clip: Int) {
        let (cells, state) = places(execution.scratch)
        if let initial = given.initialHidden {
            state.update(from: initial.elements(execution, as: Int8.self) + clip &* units, count: units)
        } else {
            state.update(repeating: Int8(truncatingIfNeeded: stateZero), count: units)
        }
        if let initial = given.initialCell?.elements(execution, as: Int16.self) {
            for unit in 0..<units { cells[unit] = Int(initial[clip &* units &+ unit]) }
        } else {
            cells.update(repeating: 0, count: units)
        }
    }

    /// Hands on the state after the last step.
    func end(_ execution: Execution, _ given: BoundSequenceState, _ clip: Int) {
        let (cells, state) = places(execution.scratch)
        if let final = given.finalHidden {
            (final.elements(execution, as: Int8.self) + clip &* units).update(from: state, count: units)
        }
        if let final = given.finalCell?.elements(execution, as: Int16.self) {
            for unit in 0..<units { final[clip &* units &+ unit] = Int16(truncatingIfNeeded: cells[unit]) }
        }
    }

    private func dot(_ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, _ count: Int) -> Int32 {
        var sum: Int32 = 0
        for index in 0..<count { sum &+= Int32(a[index]) &* Int32(b[index]) }
        return sum
    }
}
