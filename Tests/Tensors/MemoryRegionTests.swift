import EmotionFormerTensors
import Testing

@Suite struct MemoryRegionTests {
    @Test func blocksStandApartAlignedAndClearedUntilThereIsNoMore() throws {
        #if os(Linux)
            let region = try #require(MemoryRegion(expectedByteCount: 5_000_000))
            var last: UnsafeMutableRawPointer?
            var total = 0
            while let block = region.allocate(byteCount: 300_001) {
                #expect(Int(bitPattern: block) % 64 == 0)
                let bytes = UnsafeRawBufferPointer(start: block, count: 300_001 + 64)
                #expect(bytes.allSatisfy { $0 == 0 })
                // The line behind a block may be read, and is no other block's.
                if let last { #expect(block - last >= 300_001 + 64) }
                block.initializeMemory(as: UInt8.self, repeating: 0xA5, count: 300_001)
                last = block
                total += 300_001
            }
            #expect(total >= 5_000_000 && total < 8_000_000)
            #expect(region.allocate(byteCount: .max) == nil)
            #expect(region.allocate(byteCount: 0) != nil)
        #endif
    }

    @Test func whatFillsNoLargePageGetsNone() {
        #expect(MemoryRegion(expectedByteCount: 1 << 20) == nil)
        #expect(MemoryRegion(expectedByteCount: .max) == nil)
        #expect(MemoryRegion(expectedByteCount: -1) == nil)
    }
}
