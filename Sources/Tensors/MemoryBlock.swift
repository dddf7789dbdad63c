#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#else
    import Glibc
#endif

/// Memory for tensors, weights and scratch: zero at first, at a multiple of 64, given back by `deallocate`.
///
/// Large blocks are pages of their own. The system hands them out cleared and has them back at once: weights that are
/// packed one after the other never stand in memory twice, whatever an allocator would keep. All but the largest come
/// with their pages: what is asked for here is filled, and each page on demand is an exception more.
/// Behind every block one cache line may be read.
package struct MemoryBlock {
    package let address: UnsafeMutableRawPointer
    package let byteCount: Int
    private let isMapped: Bool

    /// From here on pages are worth their rounding up and the system call.
    private static let mappedByteCount = 1 << 16
    /// Up to here pages come at once; what is larger might be asked for in vain.
    private static let populatedByteCount = 1 << 26

    package init(byteCount: Int) {
        self.byteCount = max(byteCount, 64)
        let size = self.byteCount + 64
        if size >= MemoryBlock.mappedByteCount {
            var flags = MAP_PRIVATE | MAP_ANON
            #if os(Linux) || os(Android)
                if size <= MemoryBlock.populatedByteCount { flags |= MAP_POPULATE }
            #endif
            let pages = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
            if let pages, pages != MAP_FAILED {
                address = pages
                isMapped = true
                return
            }
        }
        address = .allocate(byteCount: size, alignment: 64)
        address.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        isMapped = false
    }

    /// The block must not be used afterwards.
    package func deallocate() {
        if isMapped { munmap(address, byteCount + 64) } else { address.deallocate() }
    }
}
