#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The block sizes and weight layout of this level's quantized product, for the files in the folder Blocked.

    /// How a weight is kept in a packed panel.
    typealias PackedWeight = Int16

    /// The number of values of k that are stored together for each column of a panel.
    @inline(__always) var weightGroup: Int { 2 }

    /// Converts a group of a column's weights for a panel.
    @inline(__always) func packGroup(_ weights: UnsafePointer<Int8>, _ output: UnsafeMutablePointer<PackedWeight>) {
        output[0] = PackedWeight(truncatingIfNeeded: weights[0])
        output[1] = PackedWeight(truncatingIfNeeded: weights[1])
    }

    /// Sums as two 16-bit digits of base 128, so that one instruction multiplies both: sums of up to
    /// `QuantizedProduct.largestK` weights fit.
    @inline(__always) func digits(_ sums: UnsafePointer<Int32>) -> Integers {
        let sum = UnsafeRawPointer(sums).loadUnaligned(as: __m256i.self)
        let low = _mm256_and_si256(sum, _mm256_set1_epi32(127))
        return _mm256_or_si256(_mm256_slli_epi32(_mm256_srai_epi32(sum, 7), 16), low)
    }

    /// products − zeroPoint·sums as floats, lane by lane; 0 ≤ zeroPoint ≤ 255.
    @inline(__always)
    func corrected(_ products: UnsafePointer<Int32>, _ digits: Integers, _ zeroPoint: Int32) -> Vector {
        let raw = UnsafeRawPointer(products).loadUnaligned(as: __m256i.self)
        return _mm256_cvtepi32_ps(accumulate(digits, _mm256_set1_epi32(negativeDigits(zeroPoint)), raw))
    }

    /// products − zeroPoint·sums as floats, lane by lane.
    @inline(__always)
    func corrected(
        _ products: UnsafePointer<Int32>, _ sums: UnsafePointer<Int32>, _ zeroPoint: Int32
    ) -> Vector {
        let raw = UnsafeRawPointer(products).loadUnaligned(as: __m256i.self)
        let sum = UnsafeRawPointer(sums).loadUnaligned(as: __m256i.self)
        return _mm256_cvtepi32_ps(_mm256_sub_epi32(raw, _mm256_mullo_epi32(sum, _mm256_set1_epi32(zeroPoint))))
    }
#endif
