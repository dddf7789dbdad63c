#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#endif

/// Memory for blocks that live and die together, such as a plan's packed weights: side by side, in as few of the
/// system's large pages as they fill. Weights that are read once in each prediction otherwise miss the processor's table of
/// pages every 4 KiB (1.5 % of a prediction), and each of those costs an exception when it is first written.
///
/// Only Linux has such pages on request; without them the initializer gives nil, and whoever asked takes blocks.
package final class MemoryRegion {
    private let start: UnsafeMutableRawPointer
    private let byteCount: Int
    private var used = 0

    private static let largePage = 1 << 21
    /// MADV_HUGEPAGE, which not every C library's header brings.
    private static let wantsLargePages: Int32 = 14
    /// Behind every block one cache line may be read.
    private static let margin = 64

    /// - Parameter expectedByteCount: of all blocks together; below one large page there is nothing to gain.
    package init?(expectedByteCount: Int) {
        guard expectedByteCount >= MemoryRegion.largePage, expectedByteCount <= 1 << 40 else { return nil }
        #if os(Linux) || os(Android)
            // Blocks are filled up to whole panels, so there will be more than expected.
            let roomy = expectedByteCount + expectedByteCount / 4 + MemoryRegion.largePage - 1
            let byteCount = roomy & ~(MemoryRegion.largePage - 1)
            let mappedCount = byteCount + MemoryRegion.largePage
            let pages = mmap(nil, mappedCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0)
            guard let pages, pages != MAP_FAILED else { return nil }
            let skipped = -Int(bitPattern: pages) & (MemoryRegion.largePage - 1)
            let start = pages + skipped
            if skipped > 0 { munmap(pages, skipped) }
            if skipped < MemoryRegion.largePage { munmap(start + byteCount, MemoryRegion.largePage - skipped) }
            // Of these none stays half empty. A system without large pages says no, and nothing is lost.
            madvise(start, expectedByteCount & ~(MemoryRegion.largePage - 1), MemoryRegion.wantsLargePages)
            self.start = start
            self.byteCount = byteCount
        #else
            return nil
        #endif
    }

    /// Zeroed memory at a multiple of 64 that lives as long as the region; nil if there is no more.
    package func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        let (needed, overflows) = max(byteCount, 1).addingReportingOverflow(2 * MemoryRegion.margin - 1)
        guard !overflows, needed & ~(MemoryRegion.margin - 1) <= self.byteCount - used else { return nil }
        defer { used += needed & ~(MemoryRegion.margin - 1) }
        return start + used
    }

    deinit {
        #if os(Linux) || os(Android)
            munmap(start, byteCount)
        #endif
    }
}
