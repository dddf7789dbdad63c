#if EMOTIONFORMER_X86_KERNELS
    package import EmotionFormerKernelInterface

    // The shape of this level's micro-kernels, for the drivers in the folder Blocked.

    @inline(__always) var panelWidth: Int { 32 }
    @inline(__always) var tallestBlock: Int { 12 }

    /// Room for the tallest block's products, in vectors.
    typealias BlockMemory = (
        Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector,
        Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector
    )

    @inline(__always) var emptyBlockMemory: BlockMemory {
        let zero = broadcast(0)
        return (
            zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero,
            zero, zero, zero, zero, zero, zero
        )
    }

    @inline(__always) func broadcast(at address: UnsafePointer<Float>) -> Vector { broadcast(address.pointee) }

    /// Products of the tallest block that fits into `rows` with one panel; returns its height.
    @inline(__always)
    func multiplyBlock(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ rows: Int, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) -> Int {
        if rows >= 12 {
            multiplyBlock12(a, aStride, panel, k, output, outputStride)
            return 12
        }
        if rows >= 6 {
            multiplyBlock6(a, aStride, panel, k, output, outputStride)
            return 6
        }
        if rows >= 3 {
            multiplyBlock3(a, aStride, panel, k, output, outputStride)
            return 3
        }
        multiplyRow1(a, panel, k, output)
        return 1
    }

    package func avx512Kernels() -> KernelSet {
        kernelTable(.avx512, splitsRows: true, rowBlock: 12, quantizedRowBlock: 12)
    }
#endif
