#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// This module's products of bytes as a table.
    func quantizedKernels(rowBlock: Int) -> QuantizedKernels {
        QuantizedKernels(
            rowBlock: rowBlock,
            element: MemoryLayout<QuantizedValue>.stride == 1 ? .uint8 : .uint16,
            rowStride: quantizedRowStride,
            quantizeRows: quantizeRows,
            quantizeMatrix: quantizeMatrix,
            packedByteCount: packedQuantizedByteCount,
            packMatrix: packQuantizedMatrix,
            packRows: packQuantizedRows,
            matmul: matmulQuantized,
            matmulIntegers: matmulIntegers,
            biasIntegers: biasIntegers,
            smallRows: nil)
    }
#endif
