import EmotionFormerCore

/// Memory that a plan owns.
///
/// `@unchecked Sendable`: written while the plan is made, only read afterwards.
final class Buffer: @unchecked Sendable {
    /// All bytes are zero at first.
    let address: UnsafeMutableRawPointer
    private let block: MemoryBlock

    init(byteCount: Int, in region: MemoryRegion? = nil) {
        block = MemoryBlock(byteCount: byteCount, in: region)
        address = block.address
    }

    deinit { block.deallocate() }
}

/// An address in a `Buffer` or constant of the plan, for capture by steps.
///
/// `@unchecked Sendable`: what it points to is only read.
struct ConstantAddress: @unchecked Sendable {
    let bytes: UnsafeRawPointer

    init(_ bytes: UnsafeRawPointer) { self.bytes = bytes }

    var floats: UnsafePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }
}
