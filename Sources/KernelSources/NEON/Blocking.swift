#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics

    // The block sizes of the inner loops, for the files in the folder Blocked. Five rows of a panel take 20 of 32
    // registers, the rows' own numbers five, a row of the panel four.

    @inline(__always) var panelWidth: Int { 16 }
    @inline(__always) var tallestBlock: Int { 5 }

    /// Room for the tallest block's products, in vectors.
    typealias BlockMemory = (Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector)

    @inline(__always) var emptyBlockMemory: BlockMemory {
        let zero = broadcast(0)
        return (zero, zero, zero, zero, zero, zero, zero, zero, zero, zero)
    }

    @inline(__always) func broadcast(at address: UnsafePointer<Float>) -> Vector { broadcast(address.pointee) }

    /// Processors fetch the panels by themselves: no block of rows fetches the next ones.
    @inline(__always) var fetchingBlocks: Int { 0 }

    /// Stores the first `count` lanes, fewer than all.
    @inline(__always) func storePart(_ x: Vector, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
        store(x, address, first: count)
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
        let low = turned(a.lowHalf, b.lowHalf, c.lowHalf, d.lowHalf)
        let high = turned(a.highHalf, b.highHalf, c.highHalf, d.highHalf)
        return (
            Vector(lowHalf: low.0, highHalf: high.0), Vector(lowHalf: low.1, highHalf: high.1),
            Vector(lowHalf: low.2, highHalf: high.2), Vector(lowHalf: low.3, highHalf: high.3)
        )
    }

    @inline(__always)
    private func turned(
        _ a: SIMD4<Float>, _ b: SIMD4<Float>, _ c: SIMD4<Float>, _ d: SIMD4<Float>
    ) -> (SIMD4<Float>, SIMD4<Float>, SIMD4<Float>, SIMD4<Float>) {
        let (ac, bd) = (vzip1q_f32(a, c), vzip1q_f32(b, d))
        let (acUpper, bdUpper) = (vzip2q_f32(a, c), vzip2q_f32(b, d))
        return (vzip1q_f32(ac, bd), vzip2q_f32(ac, bd), vzip1q_f32(acUpper, bdUpper), vzip2q_f32(acUpper, bdUpper))
    }
#endif
