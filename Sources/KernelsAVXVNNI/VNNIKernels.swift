#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    package import EmotionFormerKernelInterface

    /// The AVX2 level with the quantized products of this module. They are equal to the bit: both add the same exact
    /// integers, and all that follows the sums is the same source.
    package func addingVNNI(to kernels: KernelSet) -> KernelSet {
        var kernels = kernels
        kernels.quantizedElement = .uint8
        kernels.quantizedRowStride = quantizedRowStride
        kernels.quantizeRows = quantizeRows
        kernels.quantizeMatrix = quantizeMatrix
        kernels.packedQuantizedByteCount = packedQuantizedByteCount
        kernels.packQuantizedMatrix = packQuantizedMatrix
        kernels.packQuantizedRows = packQuantizedRows
        kernels.matmulQuantized = matmulQuantized
        kernels.integers.bias = biasIntegers
        kernels.integers.matmul = matmulIntegers
        return kernels
    }
#endif
