import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerKernels
import EmotionFormerTestSupport
import Testing

/// The choice of a level by the environment.
@Suite struct InstructionSetTests {
    @Test func portableIsAlwaysAvailableAndLevelsRise() {
        #expect(InstructionSet.available.first == .portable)
        #expect(InstructionSet.available == InstructionSet.available.sorted())
        #expect(InstructionSet.portable < .avx2 && InstructionSet.avx2 < .avx512)
    }

    @Test func theBestLevelIsTheDefault() throws {
        let absent = try InstructionSet.selected(environment: [:])
        let empty = try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": ""])
        #expect(absent == InstructionSet.available.last)
        #expect(empty == absent)
    }

    @Test(arguments: InstructionSet.available)
    func theEnvironmentNamesALevel(level: InstructionSet) throws {
        let selected = try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": level.rawValue])
        #expect(selected == level)
        #expect(KernelSet.kernels(for: level).instructionSet == level)
    }

    private static let names = "portable, avx2, avx512, neon, neonDotProduct, mixed"

    @Test func unknownNamesAreRefused() {
        #expect(
            refusal { try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": "AVX512"]) }
                == "EMOTIONFORMER_KERNELS: unknown instruction set (found AVX512, expected \(Self.names))")
        #expect(
            refusal { try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": "sse"]) }
                == "EMOTIONFORMER_KERNELS: unknown instruction set (found sse, expected \(Self.names))")
    }

    @Test func missingLevelsAreRefused() {
        for level in InstructionSet.allCases where !InstructionSet.available.contains(level) {
            let found = refusal { try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": level.rawValue]) }
            #expect(
                found.hasPrefix(
                    "EMOTIONFORMER_KERNELS: this machine lacks the instruction set (found \(level.rawValue),"))
        }
    }
}
