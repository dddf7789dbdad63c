#if EMOTIONFORMER_X86_KERNELS
    import EmotionFormerCPUIntrinsics

    // The vocabulary of the quantised product's micro-kernels. Four values of k go into one instruction, which adds their exact products to 32 bits.

    typealias Integers = __m512i

    @inline(__always) var noIntegers: Integers { _mm512_setzero_si512() }

    /// Four bytes of a row in every lane.
    @inline(__always) func group(_ address: UnsafePointer<UInt8>) -> __m512i {
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

    /// 1 row × 32 columns.
    @inline(never)
    func multiplyQuantizedRow(
        _ a: UnsafePointer<UInt8>, _ panel: UnsafePointer<PackedWeight>, _ groups: Int,
        _ output: UnsafeMutablePointer<Int32>
    ) {
        var b = panel
        var c0 = _mm512_setzero_si512()
        var c1 = c0
        var d0 = c0
        var d1 = c0
        var index = 0
        // Integers may be added in any order: two chains hide the latency.
        while index &+ 2 <= groups {
            let e = group(a + index &* 4)
            let f = group(a + (index &+ 1) &* 4)
            c0 = accumulate(e, weights(b), c0)
            c1 = accumulate(e, weights(b + 64), c1)
            d0 = accumulate(f, weights(b + 128), d0)
            d1 = accumulate(f, weights(b + 192), d1)
            b += 256
            index &+= 2
        }
        if index < groups {
            let e = group(a + index &* 4)
            c0 = accumulate(e, weights(b), c0)
            c1 = accumulate(e, weights(b + 64), c1)
        }
        store(_mm512_add_epi32(c0, d0), output)
        store(_mm512_add_epi32(c1, d1), output + 16)
    }
#endif
