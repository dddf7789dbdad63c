import EmotionFormerCore
import EmotionFormerGraph

/// TensorFlow Lite's fused LSTM (lstm_eval.cc), in double precision, or by its dynamic-range rule where the weights
/// are int8.
extension ReferenceStep {
    func sequenceLSTM() throws(Fault) -> [[Double]] {
        let input = try operand(0)
        let isTimeMajor = try attributes.boolean("timeMajor")
        let isBackward = try attributes.boolean("goBackwards")
        let (batch, steps) = isTimeMajor ? (input.shape[1], input.shape[0]) : (input.shape[0], input.shape[1])
        let features = input.shape[2]
        let cell = try FusedCell(self)
        var output = [Double](repeating: 0, count: batch * steps * cell.width)
        var finalHidden: [Double] = []
        var finalCell: [Double] = []
        func start(_ position: Int, _ clip: Int, _ count: Int) -> [Double] {
            guard let initial = optionalOperand(position) else { return [Double](repeating: 0, count: count) }
            return Array(initial.elements[clip * count..<(clip + 1) * count])
        }
        for clip in 0..<batch {
            var hidden = start(18, clip, cell.width)
            var state = start(19, clip, cell.units)
            for index in 0..<steps {
                let step = isBackward ? steps - 1 - index : index
                let place = isTimeMajor ? step * batch + clip : clip * steps + step
                (hidden, state) = cell.next(
                    Array(input.elements[place * features..<(place + 1) * features]), hidden, state)
                output.replaceSubrange(place * cell.width..<(place + 1) * cell.width, with: hidden)
            }
            finalHidden += hidden
            finalCell += state
        }
        return [output, finalHidden, finalCell]
    }
}

/// One step of the fused LSTM for one clip.
private struct FusedCell {
    private struct Gate {
        let input: Weights
        let recurrent: Weights
        let peephole: Weights?
        let bias: [Double]?
    }

    /// Weights (out, in), as numbers or as integers with a scale.
    private struct Weights {
        let matrix: MatrixView
        let scale: Float?

        init?(_ value: ReferenceValue?) throws(Fault) {
            guard let value else { return nil }
            let rows = value.shape.rank == 1 ? 1 : value.shape[0]
            matrix = MatrixView(value.elements, rows: rows, columns: value.shape[value.shape.rank - 1])
            scale = value.type.elementType == .int8 ? try value.scales()[0] : nil
        }
    }

    let units: Int
    let width: Int
    private let inputGate: Gate?
    private let forgetGate: Gate
    private let cellGate: Gate
    private let outputGate: Gate
    private let projection: Weights?
    private let projectionBias: [Double]?
    private let activation: ActivationFunction
    private let cellClip: Double
    private let projectionClip: Double
    private let isSymmetric: Bool

    init(_ step: ReferenceStep) throws(Fault) {
        func gate(_ index: Int, peephole: Int?) throws(Fault) -> Gate? {
            guard let input = try Weights(step.optionalOperand(1 + index)),
                let recurrent = try Weights(step.optionalOperand(5 + index))
            else { return nil }
            return Gate(
                input: input, recurrent: recurrent,
                peephole: try Weights(peephole.flatMap { step.optionalOperand($0) }),
                bias: step.optionalOperand(12 + index)?.elements)
        }
        guard let forgetGate = try gate(1, peephole: 10), let cellGate = try gate(2, peephole: nil),
            let outputGate = try gate(3, peephole: 11)
        else { throw Fault(.missingField, at: "operands", "a gate's weights are absent") }
        inputGate = try gate(0, peephole: 9)
        self.forgetGate = forgetGate
        self.cellGate = cellGate
        self.outputGate = outputGate
        units = forgetGate.input.matrix.rows
        projection = try Weights(step.optionalOperand(16))
        projectionBias = step.optionalOperand(17)?.elements
        width = projection?.matrix.rows ?? units
        activation = try step.attributes.activation()
        cellClip = try step.attributes.number("cellClip")
        projectionClip = try step.attributes.number("projectionClip")
        isSymmetric = try !step.attributes.boolean("asymmetricQuantizeInputs")
    }

    /// The next output and cell state.
    func next(_ x: [Double], _ hidden: [Double], _ cell: [Double]) -> ([Double], [Double]) {
        let forget = sums(forgetGate, x, hidden, cell).map(Mathematics.sigmoid)
        let input = inputGate.map { sums($0, x, hidden, cell).map(Mathematics.sigmoid) } ?? forget.map { 1 - $0 }
        let candidate = sums(cellGate, x, hidden, cell).map { activation($0) }
        var next = (0..<units).map { forget[$0] * cell[$0] + input[$0] * candidate[$0] }
        if cellClip > 0 { next = next.map { min(max($0, -cellClip), cellClip) } }
        let output = sums(outputGate, x, hidden, next).map(Mathematics.sigmoid)
        let gated = zip(output, next).map { $0 * activation($1) }
        guard let projection else { return (gated, next) }
        let start = projectionBias ?? [Double](repeating: 0, count: width)
        var projected = adding(projection, gated, to: start)
        if projectionClip > 0 { projected = projected.map { min(max($0, -projectionClip), projectionClip) } }
        return (projected, next)
    }

    /// The input of a gate's activation.
    private func sums(_ gate: Gate, _ x: [Double], _ hidden: [Double], _ cell: [Double]) -> [Double] {
        let start = gate.bias ?? [Double](repeating: 0, count: units)
        var sums = adding(gate.recurrent, hidden, to: adding(gate.input, x, to: start))
        if let peephole = gate.peephole {
            for unit in 0..<units {
                sums[unit] += peephole.matrix.elements[unit] * Double(peephole.scale ?? 1) * cell[unit]
            }
        }
        return sums
    }

    private func adding(_ weights: Weights, _ values: [Double], to start: [Double]) -> [Double] {
        // The builtin kernel skips a vector of zeros, which has no range to quantize by.
        if values.allSatisfy({ $0 == 0 }) { return start }
        guard let scale = weights.scale else {
            return (MatrixView(values, rows: 1, columns: values.count) * weights.matrix.transposed).addingRow(start)
        }
        return DynamicRange.rows(
            values, rowCount: 1, kernel: weights.matrix.transposed, scales: [scale], bias: start, rule: .builtin,
            isSymmetric: isSymmetric)
    }
}
