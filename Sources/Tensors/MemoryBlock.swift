import EmotionFormerSystem

/// Memory for tensors, weights and scratch: zero at first, at a multiple of 64, given back by `deallocate`.
///
/// Large blocks are pages of their own. The system hands them out cleared and has them back at once: weights that are
/// packed one after the other never stand in memory twice, whatever an allocator would keep. All but the largest come
/// with their pages: what is asked for here is filled, and each page on demand is an exception more.
/// Behind every block one cache line may be read.
package struct MemoryBlock {
    package let address: UnsafeMutableRawPointer
    package let byteCount: Int
    private let owner: Owner

    private enum Owner {
        case allocator
        case pages(SystemPages)
        case region(MemoryRegion)
    }

    /// From here on pages are worth their rounding up and the system call.
    package static let mappedByteCount = 1 << 16
    /// Up to here pages come at once; what is larger might be asked for in vain.
    private static let populatedByteCount = 1 << 26

    /// - Parameter region: where a large block goes if there is room.
    package init(byteCount: Int, in region: MemoryRegion? = nil) {
        self.byteCount = max(byteCount, 64)
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

    /// Whole large pages, and one more if hardly any of it is left over.
    private static func largeByteCount(of size: Int) -> Int {
        (size + SystemPages.largePage / 8) & ~(SystemPages.largePage - 1)
    }

    /// Whether other blocks live in the memory that this one keeps.
    package var isShared: Bool {
        if case .region = owner { true } else { false }
    }

    /// The block must not be used afterwards.
    package func deallocate() {
        switch owner {
        case .allocator: address.deallocate()
        case .pages(let pages): pages.deallocate()
        case .region: return
        }
    }
}
