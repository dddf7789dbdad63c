import EmotionFormerCore
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

    @Test func largeBlocksStandInARegionWithRoomAndElsewhereOtherwise() throws {
        #if os(Linux)
            let region = try #require(MemoryRegion.page())
            #expect(!region.hasRoom(for: SystemPages.largePage))
            let inside = MemoryBlock(byteCount: 1_500_000, in: region)
            let small = MemoryBlock(byteCount: 1_000, in: region)
            #expect(!region.hasRoom(for: 1_000_000))
            let outside = MemoryBlock(byteCount: 1_000_000, in: region)
            #expect([inside, small, outside].map(\.isShared) == [true, false, false])
            for block in [inside, small, outside] {
                let bytes = UnsafeMutableRawBufferPointer(start: block.address, count: block.byteCount)
                #expect(bytes.allSatisfy { $0 == 0 })
                for index in bytes.indices { bytes[index] = 0xA5 }
                block.deallocate()
            }
        #endif
    }

    @Test func aTensorThatIsTakenApartLivesOnWithoutItsRegion() throws {
        #if os(Linux)
            var region = MemoryRegion.page()
            let watched = { [weak region] in region }
            var tensor = try Tensor(.float32, Shape([300, 100]), in: region) { bytes in
                for index in 0..<30_000 { bytes.storeBytes(of: Float(index), toByteOffset: 4 * index, as: Float.self) }
            }
            region = nil
            #expect(watched() != nil)
            tensor = tensor.apart()
            #expect(watched() == nil)
            #expect(tensor.shape == Shape(unchecked: [300, 100]))
            #expect(tensor.elements(as: Float.self) == (0..<30_000).map { Float($0) })
        #endif
    }
}
