package import EmotionFormerCore
import EmotionFormerKernels

/// For modules that do not import the kernels.
extension PlanOptions {
    /// Raw values of the instruction sets that this machine supports, in ascending order.
    package static var availableInstructionSets: [String] { InstructionSet.available.map(\.rawValue) }

    /// Options with an instruction set by its name, or with the default one: the environment's choice or the best.
    /// - Throws: `invalidArgument` for an unknown name, `unsupportedProcessor` for a level that this machine lacks.
    package init(
        instructionSetNamed name: String?, environment: [String: String], threads: Int = 1, stage: Stage = .fused,
        keepsEveryValue: Bool = false, limits: Limits = Limits()
    ) throws(Fault) {
        let chosen: InstructionSet
        if let name {
            guard let level = InstructionSet(rawValue: name) else {
                throw Fault(
                    .invalidArgument, at: "instruction set", "there is no such instruction set", found: name,
                    expected: InstructionSet.allCases.map(\.rawValue).joined(separator: ", "))
            }
            guard InstructionSet.available.contains(level) else {
                throw Fault(
                    .unsupportedProcessor, at: "instruction set", "this machine lacks the instruction set", found: name,
                    expected: PlanOptions.availableInstructionSets.joined(separator: ", "))
            }
            chosen = level
        } else {
            chosen = try InstructionSet.selected(environment: environment)
        }
        self.init(
            instructionSet: chosen, threads: threads, stage: stage, keepsEveryValue: keepsEveryValue, limits: limits)
    }
}
