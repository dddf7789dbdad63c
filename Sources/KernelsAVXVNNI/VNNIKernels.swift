#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    package import EmotionFormerKernelInterface

    /// The AVX2 level with the quantized products of this module. They are equal to the bit: both add the same exact
    /// integers, and all that follows the sums is the same source.
    package func addingVNNI(to kernels: KernelSet) -> KernelSet {
        var kernels = kernels
        kernels.quantized = quantizedKernels(rowBlock: kernels.quantized.rowBlock)
        return kernels
    }
#endif
