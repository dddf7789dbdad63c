#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // Integer sums as floats, for the files in the folder Blocked.

    /// Sums as two 16-bit digits of base 128, so that one instruction multiplies both: sums of up to
    /// `QuantizedProduct.largestK` weights fit.
    @inline(__always) func digits(_ sums: UnsafePointer<Int32>) -> Integers {
        let sum = UnsafeRawPointer(sums).loadUnaligned(as: __m256i.self)
        let low = _mm256_and_si256(sum, _mm256_set1_epi32(127))
        return _mm256_or_si256(_mm256_slli_epi32(_mm256_srai_epi32(sum, 7), 16), low)
    }

    /// products − zeroPoint·sums as floats, lane by lane, from `negativeDigits(zeroPoint)`.
    @inline(__always)
    func corrected(_ products: Integers, _ digits: Integers, _ negativeDigits: Int32) -> Vector {
        _mm256_cvtepi32_ps(_mm256_add_epi32(products, _mm256_madd_epi16(digits, _mm256_set1_epi32(negativeDigits))))
    }

    @inline(__always) func integers(_ address: UnsafePointer<Int32>) -> Integers {
        UnsafeRawPointer(address).loadUnaligned(as: Integers.self)
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
