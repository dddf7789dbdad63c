#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The block sizes and weight layout of this level's quantized product, for the files in the folder Blocked.

    typealias QuantizedValue = UInt16

    @inline(__always) func storeQuantized(_ x: Vector, _ address: UnsafeMutablePointer<QuantizedValue>) {
        let integers = _mm256_cvtps_epi32(x)
        let words = _mm_packs_epi32(_mm256_castsi256_si128(integers), emotionformer_upper_half_8(integers))
        UnsafeMutableRawPointer(address).storeBytes(of: words, as: __m128i.self)
    }

    /// How a weight is kept in a packed panel.
    typealias PackedWeight = Int8

    /// The number of values of k that are stored together for each column of a panel.
    @inline(__always) var weightGroup: Int { 2 }

    /// Converts a group of a column's weights for a panel.
    @inline(__always) func packGroup(_ weights: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<PackedWeight>) {
        let group = UnsafeRawPointer(weights).loadUnaligned(as: UInt16.self)
        UnsafeMutableRawPointer(output).storeBytes(of: group, as: UInt16.self)
    }
#endif
