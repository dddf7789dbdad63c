/// One step of a GRU with tanh and sigmoid; gates in Keras's order z, r, h. New h = z·h + (1 − z)·candidate.
///
/// Reset after the product: candidate = tanh(input + r·(h·R + recurrentBias)); `recurrentWeights` is units × 3·units.
/// Reset before: candidate = tanh(input + (r·h)·R); `recurrentWeights` is units × 2·units (z, r) and
/// `candidateWeights` units × units.
package struct GRUStep {
    /// 3·units values: x·W + b of this step.
    package var inputGates: UnsafePointer<Float>
    package var recurrentWeights: UnsafeRawPointer
    /// nil if the reset gate is applied after the matrix product.
    package var candidateWeights: UnsafeRawPointer?
    /// 3·units values or none; only with the reset gate after the product.
    package var recurrentBias: UnsafePointer<Float>?
    /// units values, read and written.
    package var hidden: UnsafeMutablePointer<Float>
    package var units: Int
    /// 4·units values.
    package var scratch: UnsafeMutablePointer<Float>

    package init(
        inputGates: UnsafePointer<Float>, recurrentWeights: UnsafeRawPointer, candidateWeights: UnsafeRawPointer?,
        recurrentBias: UnsafePointer<Float>?, hidden: UnsafeMutablePointer<Float>, units: Int,
        scratch: UnsafeMutablePointer<Float>
    ) {
        self.inputGates = inputGates
        self.recurrentWeights = recurrentWeights
        self.candidateWeights = candidateWeights
        self.recurrentBias = recurrentBias
        self.hidden = hidden
        self.units = units
        self.scratch = scratch
    }
}
