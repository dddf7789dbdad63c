import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    func recurrence(_ kind: OperationFamily.Recurrence) throws(Fault) -> [[Double]] {
        let input = try operand(0)
        let (batch, steps, width) = (input.shape[0], input.shape[1], input.shape[2])
        let units = try attributes.integer("units")
        let cell = try KerasCell(self, kind, units: units)
        let mask = optionalOperand(1)?.elements
        let isBackward = try attributes.boolean("goBackwards")
        let zeroes = try attributes.boolean("zeroOutputForMask")
        var sequences: [Double] = []
        var lasts: [Double] = []
        var finals: [[Double]] = [[], []]
        for clip in 0..<batch {
            var states = (0..<2).map { index in
                optionalOperand(index + 2).map { Array($0.elements[clip * units..<(clip + 1) * units]) }
                    ?? [Double](repeating: 0, count: units)
            }
            var output = [Double](repeating: 0, count: units)
            for index in 0..<steps {
                let step = clip * steps + (isBackward ? steps - 1 - index : index)
                if mask.map({ $0[step] != 0 }) ?? true {
                    states = cell.next(Array(input.elements[step * width..<(step + 1) * width]), states)
                    output = states[0]
                    sequences += output
                } else {
                    if zeroes { output = [Double](repeating: 0, count: units) }
                    sequences += output
                }
            }
            lasts += output
            for index in 0..<2 { finals[index] += states[index] }
        }
        return [try attributes.boolean("returnSequences") ? sequences : lasts] + finals
    }
}

/// One step of a recurrent layer for one clip.
private struct KerasCell {
    let kind: OperationFamily.Recurrence
    let units: Int
    let kernel: MatrixView
    let recurrentKernel: MatrixView
    let bias: [Double]?
    let recurrentBias: [Double]?
    let activation: ActivationFunction
    let recurrentActivation: ActivationFunction
    let cellClip: Double
    let resetsAfter: Bool

    init(_ step: ReferenceStep, _ kind: OperationFamily.Recurrence, units: Int) throws(Fault) {
        self.kind = kind
        self.units = units
        let (kernel, recurrent) = (try step.weight("kernel"), try step.weight("recurrentKernel"))
        self.kernel = MatrixView(kernel.elements, rows: kernel.shape[0], columns: kernel.shape[1])
        recurrentKernel = MatrixView(recurrent.elements, rows: recurrent.shape[0], columns: recurrent.shape[1])
        bias = try step.optionalWeight("bias")?.elements
        recurrentBias = try step.optionalWeight("recurrentBias")?.elements
        activation = try step.attributes.activation()
        recurrentActivation =
            kind == .simpleRNN ? .linear : try step.attributes.activation("recurrentActivation")
        cellClip = kind == .lstm ? try step.attributes.number("cellClip") : 0
        resetsAfter = kind == .gru ? try step.attributes.boolean("resetAfter") : false
    }

    /// The next hidden state and cell state.
    func next(_ x: [Double], _ states: [[Double]]) -> [[Double]] {
        let fromInput = (MatrixView(x, rows: 1, columns: x.count) * kernel).addingRow(bias)
        let hidden = states[0]
        switch kind {
        case .lstm: return lstm(fromInput, hidden, states[1])
        case .gru: return [gru(fromInput, hidden), states[1]]
        case .simpleRNN:
            let sums = zip(fromInput, row(hidden) * recurrentKernel).map { $0 + $1 }
            return [sums.map { activation($0) }, states[1]]
        }
    }

    private func row(_ elements: [Double]) -> MatrixView { MatrixView(elements, rows: 1, columns: elements.count) }

    private func lstm(_ fromInput: [Double], _ hidden: [Double], _ cell: [Double]) -> [[Double]] {
        let gates = zip(fromInput, row(hidden) * recurrentKernel).map { $0 + $1 }
        var (nextHidden, nextCell) = (hidden, cell)
        for unit in 0..<units {
            let input = recurrentActivation(gates[unit])
            let forget = recurrentActivation(gates[units + unit])
            let candidate = activation(gates[2 * units + unit])
            let output = recurrentActivation(gates[3 * units + unit])
            var value = forget * cell[unit] + input * candidate
            if cellClip > 0 { value = min(max(value, -cellClip), cellClip) }
            nextCell[unit] = value
            nextHidden[unit] = output * activation(value)
        }
        return [nextHidden, nextCell]
    }

    private func gru(_ fromInput: [Double], _ hidden: [Double]) -> [Double] {
        let inner = (row(hidden) * recurrentKernel).addingRow(recurrentBias)
        let update = (0..<units).map { recurrentActivation(fromInput[$0] + inner[$0]) }
        let reset = (units..<2 * units).map { recurrentActivation(fromInput[$0] + inner[$0]) }
        var candidates = Array(fromInput[(2 * units)...])
        if resetsAfter {
            for unit in 0..<units { candidates[unit] += reset[unit] * inner[2 * units + unit] }
        } else {
            let product = row(zip(reset, hidden).map { $0 * $1 }) * recurrentKernel
            for unit in 0..<units { candidates[unit] += product[2 * units + unit] }
        }
        return (0..<units).map { update[$0] * hidden[$0] + (1 - update[$0]) * activation(candidates[$0]) }
    }
}
