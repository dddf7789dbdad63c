package import EmotionFormerCore
package import EmotionFormerKernels

extension InstructionSet {
    /// The best available level, or the one that `EMOTIONFORMER_KERNELS` names in `environment`.
    ///
    /// Throws `invalidValue` for an unknown name and `unsupportedProcessor` for a level that this machine lacks.
    package static func selected(environment: [String: String]) throws(Fault) -> InstructionSet {
        guard let name = environment[environmentVariable], !name.isEmpty else { return preferred }
        guard let level = InstructionSet(rawValue: name) else {
            throw Fault(
                .invalidValue, at: environmentVariable, "unknown instruction set", found: name,
                expected: allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard available.contains(level) else {
            throw Fault(
                .unsupportedProcessor, at: environmentVariable, "this machine lacks the instruction set", found: name,
                expected: available.map(\.rawValue).joined(separator: ", "))
        }
        return level
    }

    private static let environmentVariable = "EMOTIONFORMER_KERNELS"
}
