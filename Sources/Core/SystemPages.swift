import EmotionFormerSystem

/// Zeroed pages from the system, freed by `deallocate`.
///
/// Large pages cause one page fault instead of 512 and fewer TLB misses. Only Linux has them on request; if none is
/// free, ordinary pages are used.
package struct SystemPages: @unchecked Sendable {
    // Sendable: an address; its owner sees to who uses the memory.

    package let start: UnsafeMutableRawPointer
    package let byteCount: Int

    package static let largePage = 1 << 21

    // Constants that not every C library defines.
    private static let wantsLargePages: Int32 = 14
    private static let populatesForWriting: Int32 = 23

    /// - Parameters:
    ///   - largeByteCount: how many bytes from the start are in large pages if possible; a multiple of their size, and
    ///     may exceed `byteCount`.
    ///   - isPopulated: whether all pages are present at once, instead of when they are first written.
    /// - Returns: nil if the system has no memory.
    package init?(byteCount: Int, largeByteCount: Int, isPopulated: Bool) {
        #if os(Linux) || os(Android)
            guard largeByteCount > 0 else {
                let flags = MAP_PRIVATE | MAP_ANON | (isPopulated ? MAP_POPULATE : 0)
                guard let start = SystemPages.map(byteCount, flags) else { return nil }
                (self.start, self.byteCount) = (start, byteCount)
                return
            }
            let wanted = max(byteCount, largeByteCount)
            let (mapped, overflows) = wanted.addingReportingOverflow(SystemPages.largePage)
            guard !overflows, let pages = SystemPages.map(mapped, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE) else {
                return nil
            }
            let skipped = -Int(bitPattern: pages) & (SystemPages.largePage - 1)
            let start = pages + skipped
            if skipped > 0 { munmap(pages, skipped) }
            // Only whole pages can be unmapped, so the rest of the last page stays.
            let end = (wanted + SystemPages.pageMask) & ~SystemPages.pageMask
            if mapped - skipped > end { munmap(start + end, mapped - skipped - end) }
            madvise(start, largeByteCount, SystemPages.wantsLargePages)
            if isPopulated { madvise(start, end, SystemPages.populatesForWriting) }
            (self.start, self.byteCount) = (start, end)
        #else
            guard let start = SystemPages.map(byteCount, MAP_PRIVATE | MAP_ANON) else { return nil }
            (self.start, self.byteCount) = (start, byteCount)
        #endif
    }

    /// Makes pages present in memory that is about to be filled, large ones if possible: one call instead of a page fault
    /// for each. Nothing else changes.
    package static func prepare(_ memory: UnsafeMutableRawBufferPointer) {
        #if os(Linux) || os(Android)
            guard memory.count >= MemoryBlock.mappedByteCount, let address = memory.baseAddress else { return }
            let skipped = -Int(bitPattern: address) & (largePage - 1)
            let count = (memory.count - skipped) & ~(largePage - 1)
            if count > 0 { madvise(address + skipped, count, wantsLargePages) }
            let start = -Int(bitPattern: address) & pageMask
            madvise(address + start, (memory.count - start) & ~pageMask, populatesForWriting)
        #endif
    }

    package func deallocate() { munmap(start, byteCount) }

    private static func map(_ byteCount: Int, _ flags: Int32) -> UnsafeMutableRawPointer? {
        let pages = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        return pages == MAP_FAILED ? nil : pages
    }

    private static let pageMask = Int(sysconf(Int32(_SC_PAGESIZE))) - 1
}
