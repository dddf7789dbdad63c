import EmotionFormerSystem

/// Memory for tensors, weights and scratch: zeroed, aligned to 64 bytes, freed by `deallocate`.
///
/// Large blocks are mapped directly from the system, which clears them and takes them back at once: while weights are
/// packed one after the other, no freed memory stays with an allocator. All but the largest are mapped with their pages
/// present, since they are filled anyway and each page would otherwise cost a page fault. Reading up to one cache line
/// past the end of a block is allowed.
package struct MemoryBlock {
    package let address: UnsafeMutableRawPointer
    package let byteCount: Int
    private let owner: Owner

    private enum Owner {
        case allocator
        case pages(SystemPages)
        case recycledPages(SystemPages)
        case region(MemoryRegion)
    }

    /// From this size on, blocks are mapped directly from the system.
    package static let mappedByteCount = 1 << 16
    /// Up to this size, pages are present from the start; larger blocks may never be used in full.
    private static let populatedByteCount = 1 << 26

    /// - Parameter region: the region for a large block, if it has room.
    package init(byteCount: Int, in region: MemoryRegion? = nil) {
        self.byteCount = MemoryBlock.atLeastOneLine(byteCount)
        let size = self.byteCount + 64
        if size >= MemoryBlock.mappedByteCount {
            if let region, let address = region.allocate(byteCount: self.byteCount) {
                self.address = address
                owner = .region(region)
                return
            }
            if let pages = SystemPages(
                byteCount: size, largeByteCount: MemoryBlock.largeByteCount(of: size),
                isPopulated: size <= MemoryBlock.populatedByteCount)
            {
                address = pages.start
                owner = .pages(pages)
                return
            }
        }
        address = .allocate(byteCount: size, alignment: 64)
        address.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        owner = .allocator
    }

    /// Memory whose bytes are any, for results that are made and freed again and again: what was freed is used for the next
    /// ones.
    package init(uninitializedByteCount byteCount: Int) {
        self.byteCount = MemoryBlock.atLeastOneLine(byteCount)
        let size = self.byteCount + 64
        if size >= MemoryBlock.mappedByteCount {
            let pages =
                RecycledPages.take(byteCount: size)
                ?? SystemPages(
                    byteCount: size, largeByteCount: MemoryBlock.largeByteCount(of: size),
                    isPopulated: size <= MemoryBlock.populatedByteCount)
            if let pages {
                address = pages.start
                owner = .recycledPages(pages)
                return
            }
        }
        address = .allocate(byteCount: size, alignment: 64)
        owner = .allocator
    }

    private static func atLeastOneLine(_ byteCount: Int) -> Int { max(byteCount, 64) }

    /// A whole number of large pages, rounded up if little of the last one would be wasted.
    private static func largeByteCount(of size: Int) -> Int {
        (size + SystemPages.largePage / 8) & ~(SystemPages.largePage - 1)
    }

    /// Whether the block lies in a region that it keeps alive together with other blocks.
    package var isShared: Bool {
        if case .region = owner { true } else { false }
    }

    /// The block must not be used afterwards.
    package func deallocate() {
        switch owner {
        case .allocator: address.deallocate()
        case .pages(let pages): pages.deallocate()
        case .recycledPages(let pages): RecycledPages.keep(pages)
        case .region: return
        }
    }
}
