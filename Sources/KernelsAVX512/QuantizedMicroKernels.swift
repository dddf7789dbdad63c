#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // The vector functions of the quantized product's inner loops. Four values of k go into one instruction, which adds
    // their exact products to 32 bits.

    typealias Integers = __m512i

    @inline(__always) var noIntegers: Integers { _mm512_setzero_si512() }

    /// Four bytes of a row in every lane.
    @inline(__always) func group(_ address: UnsafePointer<QuantizedValue>) -> __m512i {
        _mm512_set1_epi32(UnsafeRawPointer(address).loadUnaligned(as: Int32.self))
    }

    /// Four weights of each of 16 columns.
    @inline(__always) func weights(_ address: UnsafePointer<Int8>) -> __m512i {
        UnsafeRawPointer(address).loadUnaligned(as: __m512i.self)
    }

    /// c + Σ a·b over each lane's four products, in 32 bits.
    @inline(__always) func accumulate(_ a: __m512i, _ b: __m512i, _ c: __m512i) -> __m512i {
        _mm512_dpbusd_epi32(c, a, b)
    }

    @inline(__always) func store(_ vector: Integers, _ address: UnsafeMutablePointer<Int32>) {
        UnsafeMutableRawPointer(address).storeBytes(of: vector, as: __m512i.self)
    }

    @inline(__always) func added(_ a: Integers, _ b: Integers) -> Integers { _mm512_add_epi32(a, b) }
#endif
