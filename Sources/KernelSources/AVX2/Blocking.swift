#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The block sizes of this level's inner loops, for the files in the folder Blocked.

    @inline(__always) var panelWidth: Int { 16 }
    @inline(__always) var tallestBlock: Int { 6 }

    /// Values of k in a round of the tallest blocks' loops: fewer instructions that only count.
    @inline(__always) var roundLength: Int { 8 }

    /// Room for the tallest block's products, in vectors.
    typealias BlockMemory = (
        Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector
    )

    @inline(__always) var emptyBlockMemory: BlockMemory {
        let zero = broadcast(0)
        return (zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero)
    }

    @inline(__always) func broadcast(at address: UnsafePointer<Float>) -> Vector { broadcast(address.pointee) }

    @inline(__always)
    func multiplyAdd(at a: UnsafePointer<Float>, _ x: Vector, _ c: Vector) -> Vector {
        multiplyAdd(broadcast(at: a), x, c)
    }

    /// Stores the first `count` lanes, fewer than all, in up to three pieces: on some processors a masked store takes as
    /// long as a dozen others.
    @inline(__always) func storePart(_ x: Vector, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
        var to = UnsafeMutableRawPointer(address)
        var four = x.lowHalf
        if count & 4 != 0 {
            to.storeBytes(of: four, as: SIMD4<Float>.self)
            four = x.highHalf
            to += 16
        }
        var two = four.lowHalf
        if count & 2 != 0 {
            to.storeBytes(of: two, as: SIMD2<Float>.self)
            two = four.highHalf
            to += 8
        }
        if count & 1 != 0 { to.storeBytes(of: two.x, as: Float.self) }
    }

    @inline(__always) private func quad(_ address: UnsafePointer<Float>) -> SIMD4<Float> {
        UnsafeRawPointer(address).loadUnaligned(as: SIMD4<Float>.self)
    }

    /// Four floats from each of every fourth column.
    @inline(__always) func everyFourth(_ address: UnsafePointer<Float>, _ columnStride: Int) -> Vector {
        SIMD8(lowHalf: quad(address), highHalf: quad(address + 4 &* columnStride))
    }

    /// The 4 × 4 blocks of four such vectors transposed: rows 0…3 of a vector's width of columns.
    @inline(__always)
    func turned(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) -> (Vector, Vector, Vector, Vector) {
        let abLow = _mm256_castps_pd(_mm256_unpacklo_ps(a, b))
        let abHigh = _mm256_castps_pd(_mm256_unpackhi_ps(a, b))
        let cdLow = _mm256_castps_pd(_mm256_unpacklo_ps(c, d))
        let cdHigh = _mm256_castps_pd(_mm256_unpackhi_ps(c, d))
        return (
            _mm256_castpd_ps(_mm256_unpacklo_pd(abLow, cdLow)), _mm256_castpd_ps(_mm256_unpackhi_pd(abLow, cdLow)),
            _mm256_castpd_ps(_mm256_unpacklo_pd(abHigh, cdHigh)), _mm256_castpd_ps(_mm256_unpackhi_pd(abHigh, cdHigh))
        )
    }
#endif
