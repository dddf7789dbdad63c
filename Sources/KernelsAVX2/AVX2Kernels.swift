#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    package import EmotionFormerKernelInterface

    package func avx2Kernels() -> KernelSet {
        var kernels = kernelTable(
            .avx2, splitsRows: true, rowBlock: 6, quantizedRowBlock: 6, packedPanelWidth: panelWidth)
        kernels.quantized.smallRows = IntegerSmallRowKernel(
            scratchByteCount: smallRowScratchByteCount, matmul: matmulSmallRows)
        return kernels
    }
#endif
