#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // How this variant of the AVX2 level keeps rows and weights of the quantized product, for the files in the folder
    // Blocked: in bytes, in groups of four values of k, as AVX-512 does.

    typealias QuantizedValue = UInt8

    @inline(__always) func storeQuantized(_ x: Vector, _ address: UnsafeMutablePointer<QuantizedValue>) {
        let integers = _mm256_cvtps_epi32(x)
        let words = _mm_packs_epi32(_mm256_castsi256_si128(integers), emotionformer_upper_half_8(integers))
        let bytes = unsafeBitCast(_mm_packus_epi16(words, words), to: SIMD2<UInt64>.self)
        UnsafeMutableRawPointer(address).storeBytes(of: bytes.x, as: UInt64.self)
    }

    /// How a weight is kept in a packed panel.
    typealias PackedWeight = Int8

    /// The number of values of k that are stored together for each column of a panel.
    @inline(__always) var weightGroup: Int { 4 }

    /// Converts a group of a column's weights for a panel.
    @inline(__always) func packGroup(_ weights: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<PackedWeight>) {
        let group = UnsafeRawPointer(weights).loadUnaligned(as: UInt32.self)
        UnsafeMutableRawPointer(output).storeBytes(of: group, as: UInt32.self)
    }
#endif
