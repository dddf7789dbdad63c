#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    package import EmotionFormerKernelInterface

    // The block sizes of this level's inner loops, for the files in the folder Blocked.

    @inline(__always) var panelWidth: Int { 32 }
    @inline(__always) var tallestBlock: Int { 12 }

    /// Values of k in a round of the tallest blocks' loops: fewer instructions that only count.
    @inline(__always) var roundLength: Int { 4 }

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

    @inline(__always)
    func multiplyAdd(at a: UnsafePointer<Float>, _ x: Vector, _ c: Vector) -> Vector {
        emotionformer_multiply_add_at_16(a, x, c)
    }

    /// Stores the first `count` lanes, fewer than all.
    @inline(__always) func storePart(_ x: Vector, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
        store(x, address, first: count)
    }

    @inline(__always) private func quad(_ address: UnsafePointer<Float>) -> SIMD4<Float> {
        UnsafeRawPointer(address).loadUnaligned(as: SIMD4<Float>.self)
    }

    /// Four floats from each of every fourth column.
    @inline(__always) func everyFourth(_ address: UnsafePointer<Float>, _ columnStride: Int) -> Vector {
        let step = 4 &* columnStride
        let low = SIMD8(lowHalf: quad(address), highHalf: quad(address + step))
        let high = SIMD8(lowHalf: quad(address + 2 &* step), highHalf: quad(address + 3 &* step))
        return SIMD16(lowHalf: low, highHalf: high)
    }

    /// The 4 × 4 blocks of four such vectors transposed: rows 0…3 of a vector's width of columns.
    @inline(__always)
    func turned(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) -> (Vector, Vector, Vector, Vector) {
        let abLow = _mm512_castps_pd(_mm512_unpacklo_ps(a, b))
        let abHigh = _mm512_castps_pd(_mm512_unpackhi_ps(a, b))
        let cdLow = _mm512_castps_pd(_mm512_unpacklo_ps(c, d))
        let cdHigh = _mm512_castps_pd(_mm512_unpackhi_ps(c, d))
        return (
            _mm512_castpd_ps(_mm512_unpacklo_pd(abLow, cdLow)), _mm512_castpd_ps(_mm512_unpackhi_pd(abLow, cdLow)),
            _mm512_castpd_ps(_mm512_unpacklo_pd(abHigh, cdHigh)), _mm512_castpd_ps(_mm512_unpackhi_pd(abHigh, cdHigh))
        )
    }

    package func avx512Kernels() -> KernelSet {
        var kernels = kernelTable(
            .avx512, splitsRows: true, rowBlock: 12, quantizedRowBlock: 12, packedPanelWidth: panelWidth)
        kernels.quantized.smallRows = IntegerSmallRowKernel(
            scratchByteCount: smallRowScratchByteCount, matmul: matmulSmallRows)
        return kernels
    }
#endif
