/// One step of an LSTM with tanh and sigmoid; gates in Keras's order i, f, g, o.
///
///     gates = inputGates + h·R        c = σ(f)·c + σ(i)·tanh(g)        h = σ(o)·tanh(c)
package struct LSTMStep {
    /// 4·units values: x·W + b of this step.
    package var inputGates: UnsafePointer<Float>
    /// R, units × 4·units, from `packMatrix`.
    package var recurrentWeights: UnsafeRawPointer
    /// units values each, read and written.
    package var hidden: UnsafeMutablePointer<Float>
    package var cell: UnsafeMutablePointer<Float>
    package var units: Int
    /// The cell is clamped to ± this; 0 for no limit.
    package var cellClip: Float
    /// 4·units values.
    package var scratch: UnsafeMutablePointer<Float>

    package init(
        inputGates: UnsafePointer<Float>, recurrentWeights: UnsafeRawPointer, hidden: UnsafeMutablePointer<Float>,
        cell: UnsafeMutablePointer<Float>, units: Int, cellClip: Float = 0, scratch: UnsafeMutablePointer<Float>
    ) {
        self.inputGates = inputGates
        self.recurrentWeights = recurrentWeights
        self.hidden = hidden
        self.cell = cell
        self.units = units
        self.cellClip = cellClip
        self.scratch = scratch
    }
}
