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
