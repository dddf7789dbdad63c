#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics
    import EmotionFormerKernelInterface

    // The operands of products of unsigned bytes, like the weights of attention, with a value that changes from run to run.

    /// Bytes of scratch for a product of a row's `k` numbers with n columns, and m rows.
    func smallRowScratchByteCount(_ m: Int, _ k: Int, _ n: Int) -> Int {
        SmallRowPanels(k, n).byteCount &+ m &* byteRowStride(k) &+ m &* MemoryLayout<RowSums16>.stride
    }

    @inline(__always) func byteRowStride(_ k: Int) -> Int { (k &+ 31) / 32 &* 32 }

    /// The second operand: panels of 16 columns, in which four numbers of k lie beside each other for each column.
    struct SmallRowPanels {
        let groups: Int
        let panelByteCount: Int
        let byteCount: Int

        @inline(__always)
        init(_ k: Int, _ n: Int) {
            groups = (k &+ 3) / 4
            panelByteCount = groups &* 64
            byteCount = (n &+ 15) / 16 &* panelByteCount
        }
    }

    /// The sums of a row's numbers, counted from its zero point: of the first two and of the last two of every four.
    struct RowSums16 {
        var first: Int32
        var last: Int32
    }

    @inline(__always)
    func rowOffset(_ product: IntegerSmallRowProduct, _ sums: RowSums16) -> Int32 {
        0 &- product.secondZeroPoint &* (sums.first &+ sums.last)
    }

    /// Packs the second operand.
    /// - Returns: the largest magnitude of its numbers.
    func packPanels(
        _ product: IntegerSmallRowProduct, _ panels: SmallRowPanels, _ packed: UnsafeMutableRawPointer
    ) -> Int32 {
        let (k, n) = (product.k, product.n)
        var largest = _mm_setzero_si128()
        let zero = _mm_setzero_si128()
        var column = 0
        var to = packed
        while column < n {
            let count = n &- column < 16 ? n &- column : 16
            var row = 0
            while row < k {
                let from = product.b + (row &* product.bStride &+ column)
                let x0 = columns(from, count)
                let x1 = row &+ 1 < k ? columns(from + product.bStride, count) : zero
                let x2 = row &+ 2 < k ? columns(from + 2 &* product.bStride, count) : zero
                let x3 = row &+ 3 < k ? columns(from + 3 &* product.bStride, count) : zero
                // The magnitude of −128 is an unsigned number here.
                largest = _mm_max_epu8(largest, _mm_max_epu8(_mm_abs_epi8(x0), _mm_abs_epi8(x1)))
                largest = _mm_max_epu8(largest, _mm_max_epu8(_mm_abs_epi8(x2), _mm_abs_epi8(x3)))
                let (p, q) = (_mm_unpacklo_epi8(x0, x1), _mm_unpackhi_epi8(x0, x1))
                let (r, s) = (_mm_unpacklo_epi8(x2, x3), _mm_unpackhi_epi8(x2, x3))
                to.storeBytes(of: _mm_unpacklo_epi16(p, r), as: __m128i.self)
                to.storeBytes(of: _mm_unpackhi_epi16(p, r), toByteOffset: 16, as: __m128i.self)
                to.storeBytes(of: _mm_unpacklo_epi16(q, s), toByteOffset: 32, as: __m128i.self)
                to.storeBytes(of: _mm_unpackhi_epi16(q, s), toByteOffset: 48, as: __m128i.self)
                to += 64
                row &+= 4
            }
            column &+= 16
        }
        // The least of unsigned words has an instruction: 255 − x of each byte, in pairs.
        let flipped = _mm_xor_si128(largest, _mm_set1_epi8(-1))
        let least = _mm_minpos_epu16(_mm_min_epu8(flipped, _mm_srli_epi16(flipped, 8)))
        return 255 &- (_mm_cvtsi128_si32(least) & 255)
    }

    /// Up to sixteen numbers, 0 after them.
    @inline(__always)
    private func columns(_ address: UnsafePointer<Int8>, _ count: Int) -> __m128i {
        if count == 16 { return UnsafeRawPointer(address).loadUnaligned(as: __m128i.self) }
        var result = SIMD16<Int8>()
        var lane = 0
        while lane < count {
            result[lane] = address[lane]
            lane &+= 1
        }
        return unsafeBitCast(result, to: __m128i.self)
    }

    /// A row counted from its zero point −128, filled up with 0, and its sums. A lane's sum fits 16 bits, because k is at most
    /// `IntegerSmallRowProduct.largestK`.
    @inline(__always)
    func unsignedRow(
        _ input: UnsafePointer<Int8>, _ output: UnsafeMutableRawPointer, _ k: Int
    ) -> RowSums16 {
        let sign = _mm256_set1_epi8(-128)
        let one = _mm256_set1_epi8(1)
        var sums = _mm256_setzero_si256()
        var index = 0
        while index &+ 32 <= k {
            let bytes = _mm256_xor_si256(UnsafeRawPointer(input + index).loadUnaligned(as: __m256i.self), sign)
            (output + index).storeBytes(of: bytes, as: __m256i.self)
            sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(bytes, one))
            index &+= 32
        }
        if index < k {
            let rest = (output + index).assumingMemoryBound(to: UInt8.self)
            rest.update(repeating: 0, count: 32)
            var place = 0
            while index &+ place < k {
                rest[place] = UInt8(bitPattern: input[index &+ place]) ^ 0x80
                place &+= 1
            }
            let bytes = UnsafeRawPointer(rest).loadUnaligned(as: __m256i.self)
            sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(bytes, one))
        }
        let lanes = unsafeBitCast(sums, to: SIMD8<UInt32>.self)
        let first = (lanes & SIMD8(repeating: 0xFFFF)).wrappedSum()
        let last = (lanes &>> SIMD8(repeating: 16)).wrappedSum()
        return RowSums16(first: Int32(truncatingIfNeeded: first), last: Int32(truncatingIfNeeded: last))
    }
#endif
