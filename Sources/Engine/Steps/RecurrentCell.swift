import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// The arithmetic of one step of a recurrent layer; uses vector kernels for the usual activations.
struct RecurrentCell: Sendable {
    enum Kind: Sendable {
        /// With tanh and sigmoid.
        case fastLSTM(@Sendable (LSTMStep) -> Void)
        case lstm
        case fastGRU(@Sendable (GRUStep) -> Void)
        case gru(resetAfter: Bool)
        case simple
    }

    let kind: Kind
    let units: Int
    let gateCount: Int
    /// units × gateCount · units, packed; for a GRU that resets before the product the first two gates only.
    let recurrent: ConstantAddress
    /// Of a GRU that resets before the product: units × units, packed.
    let candidate: ConstantAddress?
    /// Of a GRU that resets after it.
    let recurrentBias: ConstantAddress?
    let activation: ElementwiseActivation
    let recurrentActivation: ElementwiseActivation
    let cellClip: Float
    let matmul: @Sendable (PackedProduct, Range<Int>) -> Void

    var name: String {
        switch kind {
        case .fastLSTM, .lstm: "lstm"
        case .fastGRU, .gru: "gru"
        case .simple: "simpleRNN"
        }
    }

    var paddedUnits: Int { (units + 31) / 16 * 16 }
    /// Hidden state, cell state, previous output, and room for gates.
    var scratchCount: Int { paddedUnits * 3 + units * 6 + 64 }

    /// `hidden` and `state` become those after the step; `work` holds 6 · units numbers.
    @inline(__always)
    func step(
        _ gates: UnsafePointer<Float>, _ hidden: UnsafeMutablePointer<Float>, _ state: UnsafeMutablePointer<Float>,
        _ work: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .fastLSTM(let kernel):
            kernel(
                LSTMStep(
                    inputGates: gates, recurrentWeights: recurrent.bytes, hidden: hidden, cell: state, units: units,
                    cellClip: cellClip, scratch: work))
        case .fastGRU(let kernel):
            kernel(
                GRUStep(
                    inputGates: gates, recurrentWeights: recurrent.bytes, candidateWeights: candidate?.bytes,
                    recurrentBias: recurrentBias?.floats, hidden: hidden, units: units, scratch: work))
        case .lstm: stepLSTM(gates, hidden, state, work)
        case .gru(let resetAfter): stepGRU(gates, hidden, work, resetAfter: resetAfter)
        case .simple:
            multiply(hidden, recurrent, into: work, columns: units, adding: gates)
            activation.apply(work, hidden, units)
        }
    }

    private func multiply(
        _ vector: UnsafePointer<Float>, _ matrix: ConstantAddress, into result: UnsafeMutablePointer<Float>,
        columns: Int,
        adding addend: UnsafePointer<Float>?
    ) {
        matmul(
            PackedProduct(
                a: vector, aStride: units, b: matrix.bytes, c: result, cStride: columns, m: 1, k: units, n: columns,
                epilogue: Epilogue(residual: addend, residualStride: columns)), 0..<1)
    }

    private func stepLSTM(
        _ gates: UnsafePointer<Float>, _ hidden: UnsafeMutablePointer<Float>, _ state: UnsafeMutablePointer<Float>,
        _ work: UnsafeMutablePointer<Float>
    ) {
        multiply(hidden, recurrent, into: work, columns: 4 &* units, adding: gates)
        recurrentActivation.apply(work, work, 2 &* units)
        activation.apply(work + 2 &* units, work + 2 &* units, units)
        recurrentActivation.apply(work + 3 &* units, work + 3 &* units, units)
        for unit in 0..<units {
            var cell = work[units &+ unit] * state[unit] + work[unit] * work[2 &* units &+ unit]
            if cellClip > 0 { cell = min(max(cell, -cellClip), cellClip) }
            state[unit] = cell
        }
        activation.apply(state, work, units)
        for unit in 0..<units { hidden[unit] = work[3 &* units &+ unit] * work[unit] }
    }

    private func stepGRU(
        _ gates: UnsafePointer<Float>, _ hidden: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>,
        resetAfter: Bool
    ) {
        let columns = (resetAfter ? 3 : 2) &* units
        // Update and reset gates in work[0 ..< 2U], the candidate's recurrent part behind them.
        multiply(hidden, recurrent, into: work, columns: columns, adding: nil)
        if let bias = recurrentBias?.floats {
            for index in 0..<columns { work[index] += bias[index] }
        }
        for index in 0..<(2 &* units) { work[index] += gates[index] }
        recurrentActivation.apply(work, work, 2 &* units)
        let candidateGate = work + 2 &* units
        if !resetAfter {
            let reset = work + 4 &* units
            for unit in 0..<units { reset[unit] = work[units &+ unit] * hidden[unit] }
            if let candidate { multiply(reset, candidate, into: candidateGate, columns: units, adding: nil) }
        }
        for unit in 0..<units {
            let recurrentPart = resetAfter ? work[units &+ unit] * candidateGate[unit] : candidateGate[unit]
            candidateGate[unit] = gates[2 &* units &+ unit] + recurrentPart
        }
        activation.apply(candidateGate, candidateGate, units)
        for unit in 0..<units {
            hidden[unit] = work[unit] * hidden[unit] + (1 - work[unit]) * candidateGate[unit]
        }
    }
}
