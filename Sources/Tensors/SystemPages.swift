import EmotionFormerSystem

/// Cleared pages from the system, given back by `deallocate`.
///
/// Large pages are cleared in one go, take one exception instead of 512, and keep the processor's table of pages
/// short. Only Linux has them on request, and says no where none is free; ordinary pages then stand in their place.
package struct SystemPages {
    package let start: UnsafeMutableRawPointer
    private let byteCount: Int

    package static let largePage = 1 << 21

    // What not every C library's header brings.
    private static let wantsLargePages: Int32 = 14
    private static let populatesForWriting: Int32 = 23

    /// - Parameters:
    ///   - largeByteCount: from the start on, in large pages if possible: a multiple of their size. May exceed `byteCount`.
    ///   - isPopulated: whether all pages come at once instead of when they are first written.
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
            // The rest of the last page that is needed stays: addresses for unmapping are whole pages.
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

    package func deallocate() { munmap(start, byteCount) }

    private static func map(_ byteCount: Int, _ flags: Int32) -> UnsafeMutableRawPointer? {
        let pages = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        return pages == MAP_FAILED ? nil : pages
    }

    private static let pageMask = Int(sysconf(Int32(_SC_PAGESIZE))) - 1
}
