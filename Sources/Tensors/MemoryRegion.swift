/// Memory for blocks that live and die together, side by side in as few of the system's large pages as they fill.
///
/// A plan's packed weights, which are read once in each prediction, otherwise miss the processor's table of pages
/// every 4 KiB (1.5 % of a prediction). Weights on their way from the file to a plan would take an exception for each of
/// those. Where a system has no large pages on request the initializers give nil, and whoever asked takes blocks.
///
/// One thread at a time may allocate.
package final class MemoryRegion {
    private let pages: SystemPages
    private let byteCount: Int
    private var used = 0

    /// Behind every block one cache line may be read.
    private static let margin = 64

    /// - Parameter expectedByteCount: of all blocks together; below one large page there is nothing to gain.
    package convenience init?(expectedByteCount: Int) {
        guard expectedByteCount >= SystemPages.largePage, expectedByteCount <= 1 << 40 else { return nil }
        // Blocks are filled up to whole panels, so there will be more than expected.
        let byteCount = MemoryRegion.wholePages(expectedByteCount + expectedByteCount / 4 + SystemPages.largePage - 1)
        // Of these none stays half empty.
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
