/// Owns the memory of tensors, untyped and typed ones alike; aligned to 64 bytes.
///
/// `@unchecked Sendable`: the bytes are written by the owner of the only reference alone.
package final class TensorStorage: @unchecked Sendable {
    private let block: MemoryBlock
    package let bytes: UnsafeMutableRawBufferPointer

    package init(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        block = MemoryBlock(byteCount: byteCount)
        bytes = UnsafeMutableRawBufferPointer(start: block.address, count: block.byteCount)
        fill(UnsafeMutableRawBufferPointer(rebasing: bytes[0..<byteCount]))
    }

    package init(
        byteCount: Int, in region: MemoryRegion?, reading read: (UnsafeMutableRawBufferPointer) throws(Fault) -> Void
    ) throws(Fault) {
        let block = MemoryBlock(byteCount: byteCount, in: region)
        let bytes = UnsafeMutableRawBufferPointer(start: block.address, count: block.byteCount)
        do throws(Fault) {
            try read(UnsafeMutableRawBufferPointer(rebasing: bytes[0..<byteCount]))
        } catch {
            block.deallocate()
            throw error
        }
        self.block = block
        self.bytes = bytes
    }

    /// Memory whose bytes are any; whoever makes it writes them all.
    package init(uninitializedByteCount byteCount: Int) {
        block = MemoryBlock(uninitializedByteCount: byteCount)
        bytes = UnsafeMutableRawBufferPointer(start: block.address, count: block.byteCount)
    }

    /// Whether other blocks lie in the same memory.
    package var isShared: Bool { block.isShared }

    deinit { block.deallocate() }
}
