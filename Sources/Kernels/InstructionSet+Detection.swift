package import EmotionFormerKernelInterface
import EmotionFormerSystem

#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics
#endif

extension InstructionSet {
    /// The instruction sets that this processor and its operating system support, in ascending order; detected once.
    package static let available: [InstructionSet] = allCases.filter(\.isSupported)

    /// The level that is used if none is named.
    package static var preferred: InstructionSet { available.last ?? .portable }

    private var isSupported: Bool {
        #if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
            switch self {
            case .portable: true
            case .avx2: ProcessorFeatures.current.hasAVX2
            case .avx512: ProcessorFeatures.current.hasAVX512
            case .neon, .neonDotProduct, .mixed: false
            }
        #elseif EMOTIONFORMER_ARM_KERNELS && arch(arm64)
            switch self {
            case .portable, .neon: true
            case .neonDotProduct: ArmFeatures.hasDotProduct
            case .avx2, .avx512: false
            case .mixed:
                #if canImport(Accelerate)
                    true
                #else
                    false
                #endif
            }
        #else
            self == .portable
        #endif
    }
}

#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    /// CPUID leaves 1 and 7, with the register states that the operating system saves.
    struct ProcessorFeatures {
        static let current = ProcessorFeatures()

        var hasAVX2 = false
        /// Products of bytes in 256-bit vectors, on processors that may lack AVX-512.
        var hasAVXVNNI = false
        var hasAVX512 = false

        init() {
            var a: UInt32 = 0
            var basicC: UInt32 = 0
            var extendedB: UInt32 = 0
            var extendedC: UInt32 = 0
            var b: UInt32 = 0
            var d: UInt32 = 0
            guard __get_cpuid(1, &a, &b, &basicC, &d) == 1 else { return }
            let fma: UInt32 = 1 << 12
            let osxsave: UInt32 = 1 << 27
            let avx: UInt32 = 1 << 28
            let f16c: UInt32 = 1 << 29
            let basic = fma | osxsave | avx | f16c
            guard basicC & basic == basic else { return }
            guard __get_cpuid_count(7, 0, &a, &extendedB, &extendedC, &d) == 1 else { return }

            let saved = emotionformer_extended_control_register()
            let savesAVX: UInt32 = 0b110
            let savesAVX512: UInt32 = 0b1110_0110
            let avx2: UInt32 = 1 << 5
            hasAVX2 = saved & savesAVX == savesAVX && extendedB & avx2 != 0

            var subleafA: UInt32 = 0
            let avxVNNI: UInt32 = 1 << 4
            if __get_cpuid_count(7, 1, &subleafA, &b, &a, &d) == 1 {
                hasAVXVNNI = hasAVX2 && subleafA & avxVNNI != 0
            }

            // F, DQ, BW and VL in EBX, VNNI in ECX.
            let avx512: UInt32 = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31
            let vnni: UInt32 = 1 << 11
            hasAVX512 =
                hasAVX2 && saved & savesAVX512 == savesAVX512 && extendedB & avx512 == avx512 && extendedC & vnni != 0
        }
    }
#endif

#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    /// What the system says of the processor.
    private enum ArmFeatures {
        static var hasDotProduct: Bool {
            #if canImport(Darwin)
                var value: Int32 = 0
                var size = MemoryLayout<Int32>.size
                return sysctlbyname("hw.optional.arm.FEAT_DotProd", &value, &size, nil, 0) == 0 && value == 1
            #else
                // HWCAP_ASIMDDP, of which the number is part of the system's interface.
                return emotionformer_hardware_capabilities() & (1 << 20) != 0
            #endif
        }
    }
#endif
