#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// The functions of this module as a table.
    func kernelTable(
        _ level: InstructionSet, splitsRows: Bool, rowBlock: Int, quantizedRowBlock: Int, packedPanelWidth: Int?
    ) -> KernelSet {
        KernelSet(
            instructionSet: level, splitsRows: splitsRows, rowBlock: rowBlock,
            packedPanelWidth: packedPanelWidth, packedMatrixByteCount: packedMatrixByteCount,
            packMatrix: packMatrix,
            matmul: matmul,
            stridedScratchByteCount: stridedScratchByteCount,
            matmulStrided: matmulStrided,
            gatherWindows: gatherWindows,
            poolWindows: poolWindows,
            depthwiseConvolution: depthwiseConvolution,
            attentionScratchByteCount: attentionScratchByteCount,
            attention: attention,
            softmax: softmax,
            logSoftmax: logSoftmax,
            layerNormalization: layerNormalization,
            rootMeanSquareNormalization: rootMeanSquareNormalization,
            unary: unary,
            binary: binary,
            binaryScalar: binaryScalar,
            reduceRows: reduceRows,
            reduceColumns: reduceColumns,
            maskedMeanOfColumns: maskedMeanOfColumns,
            lstmStep: lstmStep,
            gruStep: gruStep,
            quantized: quantizedKernels(rowBlock: quantizedRowBlock),
            integers: integerKernels(),
            multiplyAddPeak: multiplyAddPeak)
    }
#endif
