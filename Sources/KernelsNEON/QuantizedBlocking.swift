#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    package import EmotionFormerKernelInterface

    // The weight layout of this level's quantized product, for the files in the folder Blocked.

    /// How a weight is kept in a packed panel.
    typealias PackedWeight = Int16

    /// The number of values of k that are stored together for each column of a panel.
    @inline(__always) var weightGroup: Int { 1 }

    /// Converts a group of a column's weights for a panel.
    @inline(__always) func packGroup(_ weights: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<PackedWeight>) {
        output.pointee = PackedWeight(truncatingIfNeeded: weights.pointee)
    }

    package func neonKernels() -> KernelSet {
        kernelTable(
            .neon, splitsRows: true, rowBlock: tallestBlock, quantizedRowBlock: tallestBlock,
            packedPanelWidth: panelWidth)
    }
#endif
