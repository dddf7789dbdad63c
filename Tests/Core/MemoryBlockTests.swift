import EmotionFormerCore
import Testing

@Suite("Memory for tensors and weights")
struct MemoryBlockTests {
    @Test(
        "Blocks of any size are aligned, clear, and writable to their end",
        arguments: [0, 1, 64, 65_000, 65_536, 3_000_001, 4_100_000, 4 << 20])
    func blocks(byteCount: Int) {
        for _ in 0..<3 {
            let block = MemoryBlock(byteCount: byteCount)
            #expect(Int(bitPattern: block.address).isMultiple(of: 64))
            #expect(block.byteCount >= byteCount)
            let bytes = UnsafeMutableRawBufferPointer(start: block.address, count: block.byteCount)
            #expect(bytes.allSatisfy { $0 == 0 })
            // What one block leaves behind, the next must not see.
            for index in bytes.indices { bytes[index] = 0xA5 }
            block.deallocate()
        }
    }
}

@Suite("Memory of results that are made and freed again and again") struct RecycledMemoryTests {
    @Test("a freed block is the next one of its size; what is alive is nobody else's")
    func reuse() {
        // An odd size, so that blocks of other tests do not fit.
        let size = 9_437_184 + 4096 * 7
        let first = MemoryBlock(uninitializedByteCount: size)
        let second = MemoryBlock(uninitializedByteCount: size)
        #expect(first.address != second.address)
        #expect(Int(bitPattern: first.address) % 64 == 0)
        first.address.storeBytes(of: 7, toByteOffset: size - 1, as: UInt8.self)
        let address = first.address
        first.deallocate()
        let third = MemoryBlock(uninitializedByteCount: size - 100)
        #expect(third.address == address)
        second.deallocate()
        third.deallocate()
    }

    @Test("a block that is much larger is not taken for a small one")
    func sizes() {
        let large = MemoryBlock(uninitializedByteCount: 48 << 20)
        let address = large.address
        large.deallocate()
        let small = MemoryBlock(uninitializedByteCount: 1 << 20)
        #expect(small.address != address)
        small.deallocate()
    }
}
