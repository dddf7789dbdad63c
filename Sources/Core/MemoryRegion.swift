/// Memory for blocks with the same lifetime, side by side in as few large pages as possible.
///
/// The packed weights of a plan are read once in each prediction; with pages of 4 KiB that causes a TLB miss on every
/// page (1.5 % of a prediction) and, while a model is loaded, a page fault for each. Where the system has no large
/// pages on request, the initializers return nil and separate blocks are used.
///
/// One thread at a time may allocate.
package final class MemoryRegion {
    private let pages: SystemPages
    private let byteCount: Int
    private var used = 0

    /// Reading up to one cache line past the end of a block is allowed.
    private static let margin = 64

    /// - Parameter expectedByteCount: the size of all blocks together; a region of less than one large page gains
    ///   nothing.
    package convenience init?(expectedByteCount: Int) {
        guard expectedByteCount >= SystemPages.largePage, expectedByteCount <= 1 << 40 else { return nil }
        // Blocks are padded to whole panels, so they need more than expected.
        let byteCount = MemoryRegion.wholePages(expectedByteCount + expectedByteCount / 4 + SystemPages.largePage - 1)
        // None of these pages stays half empty.
        self.init(byteCount: byteCount, largeByteCount: MemoryRegion.wholePages(expectedByteCount))
    }

    /// One large page.
    package static func page() -> MemoryRegion? {
        MemoryRegion(byteCount: SystemPages.largePage, largeByteCount: SystemPages.largePage)
    }

    private init?(byteCount: Int, largeByteCount: Int) {
        #if os(Linux) || os(Android)
            guard let pages = SystemPages(byteCount: byteCount, largeByteCount: largeByteCount, isPopulated: false)
            else { return nil }
            self.pages = pages
            self.byteCount = byteCount
        #else
            return nil
        #endif
    }

    private static func wholePages(_ byteCount: Int) -> Int { byteCount & ~(SystemPages.largePage - 1) }

    /// Zeroed memory at a multiple of 64 that lives as long as the region; nil if there is no more.
    package func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard let needed = spaceNeeded(byteCount) else { return nil }
        defer { used += needed }
        return pages.start + used
    }

    package func hasRoom(for byteCount: Int) -> Bool { spaceNeeded(byteCount) != nil }

    /// With its margin; nil if there is no more.
    private func spaceNeeded(_ byteCount: Int) -> Int? {
        let (sum, overflows) = max(byteCount, 1).addingReportingOverflow(2 * MemoryRegion.margin - 1)
        let needed = sum & ~(MemoryRegion.margin - 1)
        return !overflows && needed <= self.byteCount - used ? needed : nil
    }

    deinit { pages.deallocate() }
}
