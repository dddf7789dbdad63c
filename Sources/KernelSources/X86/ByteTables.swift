#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    extension ByteTables {
        /// 32 bytes at a time: each block of 16 results is one shuffle.
        @inline(__always)
        static func lookUp(
            _ table: UnsafePointer<Int8>, _ blocks: Int, _ first: Int8, _ sign: Int8, _ input: UnsafePointer<Int8>,
            _ output: UnsafeMutablePointer<Int8>, _ count: Int
        ) -> Int {
            let start = _mm256_set1_epi8(first)
            let step = _mm256_set1_epi8(16)
            let signs = _mm256_set1_epi8(sign)
            var index = 0
            // Four vectors share the load of a block.
            while index &+ 128 <= count {
                let x = UnsafeRawPointer(input + index)
                var a = _mm256_sub_epi8(start, x.loadUnaligned(as: __m256i.self))
                var b = _mm256_sub_epi8(start, x.loadUnaligned(fromByteOffset: 32, as: __m256i.self))
                var c = _mm256_sub_epi8(start, x.loadUnaligned(fromByteOffset: 64, as: __m256i.self))
                var d = _mm256_sub_epi8(start, x.loadUnaligned(fromByteOffset: 96, as: __m256i.self))
                var (p, q, r, s) = (signs, signs, signs, signs)
                var block = 0
                while block < blocks {
                    let part = loadBlock(table + block &* 16)
                    p = _mm256_xor_si256(p, looked(up: a, in: part))
                    q = _mm256_xor_si256(q, looked(up: b, in: part))
                    r = _mm256_xor_si256(r, looked(up: c, in: part))
                    s = _mm256_xor_si256(s, looked(up: d, in: part))
                    a = _mm256_sub_epi8(a, step)
                    b = _mm256_sub_epi8(b, step)
                    c = _mm256_sub_epi8(c, step)
                    d = _mm256_sub_epi8(d, step)
                    block &+= 1
                }
                let y = UnsafeMutableRawPointer(output + index)
                y.storeBytes(of: p, as: __m256i.self)
                y.storeBytes(of: q, toByteOffset: 32, as: __m256i.self)
                y.storeBytes(of: r, toByteOffset: 64, as: __m256i.self)
                y.storeBytes(of: s, toByteOffset: 96, as: __m256i.self)
                index &+= 128
            }
            while index &+ 32 <= count {
                var a = _mm256_sub_epi8(start, UnsafeRawPointer(input + index).loadUnaligned(as: __m256i.self))
                var p = signs
                var block = 0
                while block < blocks {
                    p = _mm256_xor_si256(p, looked(up: a, in: loadBlock(table + block &* 16)))
                    a = _mm256_sub_epi8(a, step)
                    block &+= 1
                }
                UnsafeMutableRawPointer(output + index).storeBytes(of: p, as: __m256i.self)
                index &+= 32
            }
            return index
        }

        /// 16 bytes, twice.
        @inline(__always)
        private static func loadBlock(_ address: UnsafePointer<Int8>) -> __m256i {
            _mm256_broadcastsi128_si256(UnsafeRawPointer(address).loadUnaligned(as: __m128i.self))
        }

        /// The block's byte at each index, from 0 to 15; 0 for a larger one.
        @inline(__always)
        private static func looked(up index: __m256i, in block: __m256i) -> __m256i {
            // An index above 15 gets its highest bit, for which a shuffle gives 0.
            _mm256_shuffle_epi8(block, _mm256_adds_epu8(index, _mm256_set1_epi8(0x70)))
        }
    }
#endif
