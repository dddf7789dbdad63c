import EmotionFormerKernels

/// One step of TensorFlow Lite's fused LSTM; gates in the order input (unless coupled), forget, cell, output.
struct SequenceCell: Sendable {
    /// The width of the cell, and of the state that is passed on, which a projection can reduce.
    let units: Int
    let width: Int
    /// Whether the input gate is 1 − the forget gate.
    let isCoupled: Bool
    let recurrent: SequenceMatrix
    let projection: SequenceMatrix?
    /// From the cell to the input, forget and output gates.
    let peepholes: (ConstantAddress?, ConstantAddress?, ConstantAddress?)
    let activation: ElementwiseActivation
    let sigmoid: ElementwiseActivation
    let cellClip: Float
    let projectionClip: Float
    /// The kernel of the usual case.
    let fast: (@Sendable (LSTMStep) -> Void)?

    var gateCount: Int { isCoupled ? 3 : 4 }
    private func padded(_ count: Int) -> Int { (count + 31) / 16 * 16 }
    var hiddenCount: Int { padded(width) }
    var cellCount: Int { padded(units) }
    private var workCount: Int { padded(units * 5) }
    private var floatCount: Int { hiddenCount + cellCount + workCount }
    /// Hidden state, cell, gates with the cell's activation, and what the products need.
    var scratchByteCount: Int {
        floatCount * 4 + max(recurrent.scratchByteCount, projection?.scratchByteCount ?? 0) + 64
    }

    /// `hidden` and `cell`, at the start of the scratch, become those after the step.
    func step(_ scratch: UnsafeMutableRawPointer, _ gates: UnsafePointer<Float>) {
        let hidden = scratch.assumingMemoryBound(to: Float.self)
        let cell = hidden + hiddenCount
        let work = cell + cellCount
        if let fast {
            fast(
                LSTMStep(
                    inputGates: gates, recurrentWeights: recurrent.packed.bytes, hidden: hidden, cell: cell,
                    units: units, cellClip: cellClip, scratch: work))
            return
        }
        let products = scratch + floatCount &* 4
        // The builtin kernels skip the product while the state is all zeros, for which no scale exists.
        if isZero(hidden, width) {
            work.update(from: gates, count: gateCount &* units)
        } else {
            recurrent.multiply(products, hidden, work, adding: gates, rows: 1, 0..<1)
        }
        let forget = isCoupled ? work : work + units
        let candidate = forget + units
        let out = candidate + units
        if !isCoupled {
            look(cell, peepholes.0, into: work)
            sigmoid.apply(work, work, units)
        }
        look(cell, peepholes.1, into: forget)
        sigmoid.apply(forget, forget, units)
        activation.apply(candidate, candidate, units)
        for unit in 0..<units {
            let share = isCoupled ? 1 - forget[unit] : work[unit]
            var value = forget[unit] * cell[unit] + share * candidate[unit]
            if cellClip > 0 { value = min(max(value, -cellClip), cellClip) }
            cell[unit] = value
        }
        look(cell, peepholes.2, into: out)
        sigmoid.apply(out, out, units)
        activation.apply(cell, candidate, units)
        for unit in 0..<units { out[unit] *= candidate[unit] }
        guard let projection else {
            hidden.update(from: out, count: units)
            return
        }
        if isZero(out, units), projection.isQuantized {
            for index in 0..<width { hidden[index] = projection.bias?.floats[index] ?? 0 }
        } else {
            projection.multiply(products, out, hidden, rows: 1, 0..<1)
        }
        if projectionClip > 0 {
            for index in 0..<width { hidden[index] = min(max(hidden[index], -projectionClip), projectionClip) }
        }
    }

    private func isZero(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
        for index in 0..<count where values[index] != 0 { return false }
        return true
    }

    private func look(
        _ cell: UnsafePointer<Float>, _ weights: ConstantAddress?, into gate: UnsafeMutablePointer<Float>
    ) {
        guard let weights = weights?.floats else { return }
        for unit in 0..<units { gate[unit] += cell[unit] * weights[unit] }
    }
}

/// All steps of all batches, each from its initial state, or from zeros.
struct SequenceRun: Sendable {
    let cell: SequenceCell
    let batches: Int
    let steps: Int
    /// Rows of gates and outputs from one batch, and from one step, to the next.
    let batchStride: Int
    let stepStride: Int
    let isBackward: Bool

    func run(
        _ execution: Execution, _ gates: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ state: BoundSequenceState
    ) {
        let hidden = execution.scratch.assumingMemoryBound(to: Float.self)
        let memory = hidden + cell.hiddenCount
        for batch in 0..<batches {
            hidden.update(repeating: 0, count: cell.hiddenCount &+ cell.cellCount)
            if let initial = state.initialHidden {
                hidden.update(from: initial.floats(execution) + batch &* cell.width, count: cell.width)
            }
            if let initial = state.initialCell {
                memory.update(from: initial.floats(execution) + batch &* cell.units, count: cell.units)
            }
            for position in 0..<steps {
                let step = isBackward ? steps &- 1 &- position : position
                let row = batch &* batchStride &+ step &* stepStride
                cell.step(execution.scratch, gates + row &* cell.gateCount &* cell.units)
                (output + row &* cell.width).update(from: hidden, count: cell.width)
            }
            if let final = state.finalHidden {
                (final.floats(execution) + batch &* cell.width).update(from: hidden, count: cell.width)
            }
            if let final = state.finalCell {
                (final.floats(execution) + batch &* cell.units).update(from: memory, count: cell.units)
            }
        }
    }
}
