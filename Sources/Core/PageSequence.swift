/// Large pages for tensors that are made one after the other.
///
/// Few tensors share a page, so that memory is freed while weights are packed one after the other. Ordinary pages would
/// cost a page fault for every 4 KiB.
package struct PageSequence {
    private var region: MemoryRegion?

    package init() {}

    /// The region for the next tensor; nil for memory of its own.
    ///
    /// Large tensors that fit into one large page are put into such pages, if what follows fills most of one.
    /// - Parameter rest: the bytes of this tensor and of all that follow it.
    package mutating func region(for byteCount: Int, rest: Int) -> MemoryRegion? {
        guard byteCount >= MemoryBlock.mappedByteCount, region?.hasRoom(for: byteCount) != true else { return region }
        let isWorthIt = byteCount < SystemPages.largePage && rest >= SystemPages.largePage / 4 * 3
        region = isWorthIt ? .page() : nil
        return region
    }
}
