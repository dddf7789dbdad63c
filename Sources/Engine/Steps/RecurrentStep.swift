import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// One direction of a recurrent layer, whose products with the input are already computed.
struct RecurrentDirection {
    /// (B, T, …): input · kernel + bias, gates · U numbers a step from `gatesColumn` on.
    var gates: Int
    var gatesColumn: Int
    var gatesStride: Int
    var cell: RecurrentCell
    var isBackward: Bool
    var mask: Int?
    var zeroesMaskedOutput: Bool
    var initialHidden: Int?
    var initialCell: Int?
    /// (B, T, …) if it gives every step, otherwise (B, …).
    var output: Int
    var givesEveryStep: Bool
    /// The column of a step's units in a row of the output, and the length of such a row.
    var outputColumn: Int
    var outputStride: Int
    /// Whether a backward direction writes each step at its own time index and not in the order of computation.
    var writesInPlace = false
    var finalHidden: Int?
    var finalCell: Int?
}

/// The directions of a recurrent layer: one, or two that run on two threads.
struct RecurrentStep {
    var name: String
    var directions: [RecurrentDirection]
    var batchCount: Int
    var frameCount: Int
}

extension StepBuilder {
    mutating func append(_ step: RecurrentStep) {
        let (batches, frames) = (step.batchCount, step.frameCount)
        var reads: [Int] = []
        var writes: [Int] = []
        for direction in step.directions {
            reads += [direction.gates]
            reads += [direction.mask, direction.initialHidden, direction.initialCell].compactMap(\.self)
            writes += [direction.output]
            writes += [direction.finalHidden, direction.finalCell].compactMap(\.self)
        }
        let kind = step.directions[0].cell.name
        let units = step.directions[0].cell.units
        var draft = StepDraft(
            name: step.name, label: "\(step.directions.count == 2 ? "bidirectional " : "")\(kind) \(frames)×\(units)",
            reads: reads, writes: writes
        ) { layout in
            let bound = step.directions.map { BoundDirection($0, layout, batches: batches, frames: frames) }
            return { execution, range in
                for index in range { bound[index].run(execution) }
            }
        }
        draft.rows = step.directions.count
        draft.dividesParts = true
        draft.scratchByteCount = step.directions.map(\.cell.scratchCount).reduce(0, max) * 4
        draft.products = step.directions.map {
            ProductShape(count: batches * frames, m: 1, k: $0.cell.units, n: $0.cell.units * $0.cell.gateCount)
        }
        draft.part = .products
        draft.floatingPointOperations = draft.products.map(\.floatingPointOperations).reduce(0, +)
        append(draft)
    }
}

/// A direction with addresses.
private struct BoundDirection: Sendable {
    let cell: RecurrentCell
    let isBackward: Bool
    let zeroesMaskedOutput: Bool
    let givesEveryStep: Bool
    let writesInPlace: Bool
    let outputColumn: Int
    let outputStride: Int
    let gatesColumn: Int
    let gatesStride: Int
    let batches: Int
    let frames: Int
    let gates: Operand
    let mask: Operand?
    let initialHidden: Operand?
    let initialCell: Operand?
    let output: Destination
    let finalHidden: Destination?
    let finalCell: Destination?

    init(_ direction: RecurrentDirection, _ layout: Layout, batches: Int, frames: Int) {
        cell = direction.cell
        isBackward = direction.isBackward
        zeroesMaskedOutput = direction.zeroesMaskedOutput
        givesEveryStep = direction.givesEveryStep
        writesInPlace = direction.writesInPlace
        outputColumn = direction.outputColumn
        outputStride = direction.outputStride
        gatesColumn = direction.gatesColumn
        gatesStride = direction.gatesStride
        self.batches = batches
        self.frames = frames
        gates = layout.operand(direction.gates)
        mask = direction.mask.map { layout.operand($0) }
        initialHidden = direction.initialHidden.map { layout.operand($0) }
        initialCell = direction.initialCell.map { layout.operand($0) }
        output = layout.destination(direction.output)
        finalHidden = direction.finalHidden.map { layout.destination($0) }
        finalCell = direction.finalCell.map { layout.destination($0) }
    }

    func run(_ execution: Execution) {
        let units = cell.units
        let hidden = execution.scratch.assumingMemoryBound(to: Float.self)
        let state = hidden + cell.paddedUnits
        let previous = state + cell.paddedUnits
        let work = previous + cell.paddedUnits
        for batch in 0..<batches {
            start(hidden, from: initialHidden, execution, batch)
            start(state, from: initialCell, execution, batch)
            previous.update(repeating: 0, count: units)
            let input = gates.floats(execution) + gatesColumn + batch &* frames &* gatesStride
            let keep = mask.map { $0.elements(execution, as: UInt8.self) + batch &* frames }
            let destination = output.floats(execution) + outputColumn
            for position in 0..<frames {
                let frame = isBackward ? frames &- 1 &- position : position
                if keep.map({ $0[frame] != 0 }) ?? true {
                    cell.step(input + frame &* gatesStride, hidden, state, work)
                    previous.update(from: hidden, count: units)
                } else if zeroesMaskedOutput {
                    previous.update(repeating: 0, count: units)
                }
                if givesEveryStep {
                    let row = batch &* frames &+ (writesInPlace ? frame : position)
                    (destination + row &* outputStride).update(from: previous, count: units)
                }
            }
            if !givesEveryStep { (destination + batch &* outputStride).update(from: previous, count: units) }
            if let finalHidden {
                (finalHidden.floats(execution) + batch &* units).update(from: hidden, count: units)
            }
            if let finalCell { (finalCell.floats(execution) + batch &* units).update(from: state, count: units) }
        }
    }

    private func start(
        _ state: UnsafeMutablePointer<Float>, from initial: Operand?, _ execution: Execution, _ batch: Int
    ) {
        if let initial {
            state.update(from: initial.floats(execution) + batch &* cell.units, count: cell.units)
        } else {
            state.update(repeating: 0, count: cell.units)
        }
    }
}
