#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The vector functions of the quantized product's inner loops. Four values of k go into one instruction, which adds
    // their exact products to 32 bits.

    typealias Integers = __m256i

    @inline(__always) var noIntegers: Integers { _mm256_setzero_si256() }

    /// Four values of a row in every lane.
    @inline(__always) func group(_ address: UnsafePointer<QuantizedValue>) -> __m256i {
        _mm256_set1_epi32(UnsafeRawPointer(address).loadUnaligned(as: Int32.self))
    }

    /// Four weights of each of 8 columns.
    @inline(__always) func weights(_ address: UnsafePointer<Int8>) -> __m256i {
        UnsafeRawPointer(address).loadUnaligned(as: __m256i.self)
    }

    /// c + Σ a·b over each lane's four products, in 32 bits.
    @inline(__always) func accumulate(_ a: __m256i, _ b: __m256i, _ c: __m256i) -> __m256i {
        _mm256_dpbusd_avx_epi32(c, a, b)
    }

    @inline(__always) func store(_ vector: Integers, _ address: UnsafeMutablePointer<Int32>) {
        UnsafeMutableRawPointer(address).storeBytes(of: vector, as: __m256i.self)
    }

    @inline(__always) func added(_ a: Integers, _ b: Integers) -> Integers { _mm256_add_epi32(a, b) }
#endif
