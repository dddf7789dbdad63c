#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The vector functions of the quantized product's inner loops. Two values of k go into one instruction, in 16 bits,
    // which adds their exact products to 32.

    typealias Integers = __m256i

    @inline(__always) var noIntegers: Integers { _mm256_setzero_si256() }

    /// Two bytes of a row, widened to 16 bits, in every lane.
    @inline(__always) func group(_ address: UnsafePointer<UInt8>) -> __m256i {
        _mm256_cvtepu8_epi16(_mm_set1_epi16(UnsafeRawPointer(address).loadUnaligned(as: Int16.self)))
    }

    /// Two weights of each of 8 columns.
    @inline(__always) func weights(_ address: UnsafePointer<Int16>) -> __m256i {
        UnsafeRawPointer(address).loadUnaligned(as: __m256i.self)
    }

    /// c + Σ a·b over each lane's two products, in 32 bits: no step of it can saturate.
    @inline(__always) func accumulate(_ a: __m256i, _ b: __m256i, _ c: __m256i) -> __m256i {
        _mm256_add_epi32(c, _mm256_madd_epi16(a, b))
    }

    @inline(__always) func store(_ vector: Integers, _ address: UnsafeMutablePointer<Int32>) {
        UnsafeMutableRawPointer(address).storeBytes(of: vector, as: __m256i.self)
    }

    @inline(__always) func added(_ a: Integers, _ b: Integers) -> Integers { _mm256_add_epi32(a, b) }
#endif
