@_exported public import EmotionFormerKernelInterface

#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerKernelsAVX2
    import EmotionFormerKernelsAVX512
    import EmotionFormerKernelsAVXVNNI
#elseif EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelsNEON
    import EmotionFormerKernelsNEONDotProduct
#endif

extension KernelSet {
    /// The kernels of a level. Only an available level may be run, and the mixture.
    package static func kernels(for instructionSet: InstructionSet) -> KernelSet {
        #if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
            switch instructionSet {
            case .avx2: return ProcessorFeatures.current.hasAVXVNNI ? addingVNNI(to: avx2Kernels()) : avx2Kernels()
            case .avx512: return avx512Kernels()
            case .mixed: return mixed
            case .portable, .neon, .neonDotProduct: return portable
            }
        #elseif EMOTIONFORMER_ARM_KERNELS && arch(arm64)
            switch instructionSet {
            case .neon: return neonKernels()
            case .neonDotProduct: return neonDotProductKernels()
            case .portable, .avx2, .avx512: return portable
            case .mixed: return mixed
            }
        #else
            return portable
        #endif
    }

    /// What Apple's table says or, on another machine, the levels beside those.
    private static var mixed: KernelSet {
        let levels = InstructionSet.available.filter { $0 != .mixed }
        return .mixed { kernels(for: AppleLevels.level(of: $0, among: levels)) }
    }

    private static var portable: KernelSet {
        #if !canImport(Accelerate)
            // Loaded when a plan is made, not when it first runs.
            _ = BLASLibrary.shared
        #endif
        return kernelTable(.portable, splitsRows: false, rowBlock: 1, quantizedRowBlock: 1, packedPanelWidth: nil)
    }
}
