/// Pages of results that were freed, for the next results: new pages would cost a page fault and clearing each.
///
/// At most 64 MiB in eight blocks stay; the block that was freed first is given back to the system first.
enum RecycledPages {
    private struct Kept: @unchecked Sendable {
        // Sendable: whoever takes the pages out of the list has the only reference to them.
        var blocks: [SystemPages] = []
        var byteCount = 0
    }

    private static let kept = Lock(Kept())
    private static let largestByteCount = 1 << 26
    private static let largestCount = 8

    /// Pages of at least this size, and at most a quarter more.
    static func take(byteCount: Int) -> SystemPages? {
        kept.withLock { kept in
            let fitting = kept.blocks.lastIndex {
                $0.byteCount >= byteCount && $0.byteCount - byteCount <= byteCount / 4 + SystemPages.largePage
            }
            guard let fitting else { return nil }
            let pages = kept.blocks.remove(at: fitting)
            kept.byteCount -= pages.byteCount
            return pages
        }
    }

    static func keep(_ pages: SystemPages) {
        guard pages.byteCount <= largestByteCount else { return pages.deallocate() }
        let surplus = kept.withLock { kept in
            kept.blocks.append(pages)
            kept.byteCount += pages.byteCount
            var surplus: [SystemPages] = []
            while kept.byteCount > largestByteCount || kept.blocks.count > largestCount {
                let oldest = kept.blocks.removeFirst()
                kept.byteCount -= oldest.byteCount
                surplus.append(oldest)
            }
            return surplus
        }
        for pages in surplus { pages.deallocate() }
    }
}
