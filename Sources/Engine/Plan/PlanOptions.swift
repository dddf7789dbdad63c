package import EmotionFormerCore
package import EmotionFormerKernels

/// How a plan is made from a program.
package struct PlanOptions: Sendable {
    /// How far the graph is rewritten before its steps are made.
    package enum Stage: String, Sendable, CaseIterable {
        /// The file's operations, not rewritten.
        case imported
        /// Raised to layers.
        case simplified
        /// Layers fused with the operations that follow them.
        case fused
    }

    package var instructionSet: InstructionSet
    /// The number of threads that a prediction may use, its caller's included.
    package var threads: Int
    package var stage: Stage
    /// Whether every value can be read after a run; this needs more memory.
    package var keepsEveryValue: Bool
    package var limits: Limits

    package init(
        instructionSet: InstructionSet = InstructionSet.preferred, threads: Int = 1,
        stage: Stage = .fused, keepsEveryValue: Bool = false, limits: Limits = Limits()
    ) {
        self.instructionSet = instructionSet
        self.threads = threads
        self.stage = stage
        self.keepsEveryValue = keepsEveryValue
        self.limits = limits
    }
}
