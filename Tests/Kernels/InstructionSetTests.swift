import EmotionFormerKernels
import EmotionFormerTensors
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

    @Test func unknownNamesAreRefused() {
        #expect(throws: Fault.self) { try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": "AVX512"]) }
        #expect(throws: Fault.self) { try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": "sse"]) }
    }

    @Test func missingLevelsAreRefused() {
        for level in InstructionSet.allCases where !InstructionSet.available.contains(level) {
            #expect(throws: Fault.self) {
                try InstructionSet.selected(environment: ["EMOTIONFORMER_KERNELS": level.rawValue])
            }
        }
    }
}
