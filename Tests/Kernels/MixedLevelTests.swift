import Testing

@testable import EmotionFormerKernels

/// Apple's mixture of levels.
@Suite struct MixedLevelTests {
    @Test("each part is of its level, and rows are divided only if all that multiply float32 allow it")
    func parts() {
        let (portable, best) = (KernelSet.kernels(for: .portable), KernelSet.kernels(for: Self.best))
        for part in KernelPart.allCases {
            let mixed = KernelSet.mixed { $0 == part ? portable : best }
            #expect(mixed.instructionSet == .mixed)
            #expect(mixed.packedPanelWidth == (part == .products ? portable : best).packedPanelWidth)
            #expect(mixed.quantized.rowBlock == (part == .quantizedProducts ? portable : best).quantized.rowBlock)
            let isFloatProduct = part != .quantizedProducts && part != .others
            #expect(mixed.splitsRows == (isFloatProduct ? portable : best).splitsRows)
        }
        #expect(Self.best == .portable || portable.splitsRows != best.splitsRows)
    }

    @Test("a processor that lacks a level of the table has the next one")
    func table() {
        #expect(Set(AppleLevels.table.keys) == Set(KernelPart.allCases))
        for part in KernelPart.allCases {
            let all: [InstructionSet] = [.portable, .neon, .neonDotProduct]
            #expect(AppleLevels.level(of: part, among: all) == AppleLevels.table[part])
            #expect(AppleLevels.level(of: part, among: [.portable]) == .portable)
            let old = AppleLevels.level(of: part, among: [.portable, .neon])
            #expect(old == (AppleLevels.table[part] == .portable ? .portable : .neon))
        }
    }

    private static let best = InstructionSet.available.last { $0 != .mixed } ?? .portable
}
