#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Tables of bytes. A family of processors that looks up many bytes in one instruction has functions of its own, which
    /// go before those of the protocol.
    enum ByteTables: ByteTableDefaults {}

    protocol ByteTableDefaults {}

    extension ByteTableDefaults {
        /// Looks up numbers at the front of `count` in a table that is 0 after its first 16·`blocks` bytes:
        /// output = table[(first − input) mod 256] ^ `sign`.
        /// - Returns: how many are done.
        @inline(__always)
        static func lookUp(
            _ table: UnsafePointer<Int8>, _ blocks: Int, _ first: Int8, _ sign: Int8, _ input: UnsafePointer<Int8>,
            _ output: UnsafeMutablePointer<Int8>, _ count: Int
        ) -> Int { 0 }
    }

    /// output = table[(first − input) mod 256] ^ `sign`; the table is 0 after its first 16·`blocks` bytes.
    @inline(__always)
    func lookUpDescending(
        _ table: UnsafePointer<Int8>, _ blocks: Int, _ first: Int8, _ sign: Int8, _ input: UnsafePointer<Int8>,
        _ output: UnsafeMutablePointer<Int8>, _ count: Int
    ) {
        var index = ByteTables.lookUp(table, blocks, first, sign, input, output, count)
        let end = 16 &* blocks
        while index < count {
            let place = Int(UInt8(bitPattern: first) &- UInt8(bitPattern: input[index]))
            output[index] = (place < end ? table[place] : 0) ^ sign
            index &+= 1
        }
    }
#endif
