/// Kernels that must be of one level, because they share a layout of packed operands.
package enum KernelPart: String, CaseIterable, Sendable {
    /// Products with weights that are packed once.
    case products
    /// Products of two matrices that are computed.
    case computedProducts
    case attention
    /// Products of bytes, from the quantization of their rows to the integers of a fully integer model.
    case quantizedProducts
    /// Everything else: element by element, row by row, and the gates of recurrences.
    case others
}

extension KernelSet {
    /// A set whose parts are those of several levels.
    ///
    /// Rows are divided among threads only if each of the levels that multiply float32 allows it.
    package static func mixed(_ set: (KernelPart) -> KernelSet) -> KernelSet {
        var mixed = set(.others)
        mixed.instructionSet = .mixed

        let (products, computed, attention) = (set(.products), set(.computedProducts), set(.attention))
        mixed.splitsRows = products.splitsRows && computed.splitsRows && attention.splitsRows
        mixed.rowBlock = max(products.rowBlock, computed.rowBlock, attention.rowBlock)
        mixed.packedPanelWidth = products.packedPanelWidth
        mixed.packedMatrixByteCount = products.packedMatrixByteCount
        mixed.packMatrix = products.packMatrix
        mixed.matmul = products.matmul
        mixed.stridedScratchByteCount = computed.stridedScratchByteCount
        mixed.matmulStrided = computed.matmulStrided
        mixed.attentionScratchByteCount = attention.attentionScratchByteCount
        mixed.attention = attention.attention

        let quantized = set(.quantizedProducts)
        mixed.quantized = quantized.quantized
        mixed.integers = quantized.integers
        return mixed
    }
}
